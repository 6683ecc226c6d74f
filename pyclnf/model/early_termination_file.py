"""Early termination: when a search over several head poses may end with the first good one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyclnf.model.text_matrix import TextMatrixReader
from pyclnf.typing import Float64Array

__all__ = ["EarlyTermination", "read_early_termination"]

_ROWS = ("weight", "bias", "cutoff")


@dataclass(frozen=True, slots=True, eq=False)
class EarlyTermination:
    """Thresholds of v views: a fit is good if weight · likelihood + bias is above its cutoff.

    The likelihood is that of the coarsest scale, the view the one that it ended in. Arrays are
    read-only.

    Attributes
    ----------
    weights, biases, cutoffs : ndarray of float64, shape (v,)
    """

    weights: Float64Array
    biases: Float64Array
    cutoffs: Float64Array


def read_early_termination(path: Path, n_views: int | None = None) -> EarlyTermination:
    """Read the thresholds of a model.

    Parameters
    ----------
    path
        A text file of the weights, biases and cutoffs of all views, in this order.
    n_views
        Views of the model's coarsest scale; as many as the file is for if not given.

    Raises
    ------
    ModelFileError
        If the file is missing, or does not hold three finite numbers for each view and nothing
        else.
    """
    reader = TextMatrixReader.open(path)
    if n_views is None:
        n_views = max(1, len(reader.data.split()) // len(_ROWS))
    rows = [
        [reader.number(f"{what} of each of {n_views} views") for _ in range(n_views)]
        for what in _ROWS
    ]
    reader.finish()
    weights, biases, cutoffs = np.array(rows)
    for array in (weights, biases, cutoffs):
        array.setflags(write=False)
    return EarlyTermination(weights, biases, cutoffs)
