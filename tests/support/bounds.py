"""How far OpenFace and pyclnf's numpy-exact may be apart on one parameter vector, and why.

Differences are relative to the largest value of OpenFace's array. A stage that is not named must
agree in every bit. Bounds may only become tighter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

EXACT: dict[str, float] = {}
"""Models of at least five modes, with the recordings' BLAS kernel: no difference at all."""


def check(pairs: dict[str, tuple[Any, Any]], bounds: dict[str, float]) -> None:
    """Fail on the first stage that is further apart than its bound."""
    for stage, (expected, found) in pairs.items():
        assert expected.shape == found.shape, stage
        if np.array_equal(expected, found, equal_nan=True):
            continue
        bound = bounds.get(stage, 0.0)
        apart = relative(expected, found)
        assert apart <= bound, f"{stage}: {apart:.3g} apart, bound {bound:.3g}"


def relative(expected: npt.NDArray[Any], found: npt.NDArray[Any]) -> float:
    """Return the largest difference over the largest value."""
    apart = np.abs(expected.astype(np.float64) - found.astype(np.float64)).max()
    return float(apart / max(float(np.abs(expected).max()), np.finfo(np.float32).tiny))
