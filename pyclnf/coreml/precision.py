"""What a Core ML program computes in half precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

__all__ = ["FLOAT16", "FLOAT32", "PRECISIONS", "FloatType", "Precision"]

FloatType: TypeAlias = type[np.float16] | type[np.float32]


@dataclass(frozen=True)
class Precision:
    """The types that a program's two products are computed in; all else is float32.

    Attributes
    ----------
    name : str
    neurons : float16 or float32
        Of windows and weights of the neurons' product.
    sigma : float16 or float32
        Of responses and Sigma, its diagonal excepted, which is float32.
    """

    name: str
    neurons: FloatType
    sigma: FloatType


FLOAT16 = Precision("float16", neurons=np.float32, sigma=np.float16)
"""Nearly half the size. Neurons stay in float32: what large sums and biases leave for the sigmoid
would err by more than maps may; ``docs/coreml.md`` has the figures."""

FLOAT32 = Precision("float32", neurons=np.float32, sigma=np.float32)

PRECISIONS = {precision.name: precision for precision in (FLOAT16, FLOAT32)}
