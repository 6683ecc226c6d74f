"""Medians with intervals that assume nothing about how times are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["Estimate", "median_of", "ratio_of"]

_MISSED = 0.05
"""An interval misses the true median at most so often."""


@dataclass(frozen=True)
class Estimate:
    """A median, and the interval that covers the true one in 95 of 100 measurements.

    Attributes
    ----------
    median, low, high : float
    count : int
        Of observations. With fewer than six, no two of them make such an interval: the least and
        the largest are given.
    """

    median: float
    low: float
    high: float
    count: int


def median_of(values: Sequence[float]) -> Estimate:
    """Estimate a median from its order statistics.

    As many observations lie below the median as heads come up in as many tosses of a coin, whatever
    their distribution.

    Raises
    ------
    ValueError
        If there are no values.
    """
    if not len(values):
        raise ValueError("values: there are none")
    ordered = np.sort(np.asarray(values, np.float64))
    # So many are cut off at either end: P(no more of them below the median) is at most 2.5 %.
    cut = max(int(stats.binom.ppf(_MISSED / 2, len(ordered), 0.5)) - 1, 0)
    return Estimate(
        median=float(np.median(ordered)),
        low=float(ordered[cut]),
        high=float(ordered[-1 - cut]),
        count=len(ordered),
    )


def ratio_of(slower: Sequence[float], faster: Sequence[float]) -> Estimate:
    """Estimate how many times slower one is, from pairs measured next to each other.

    Raises
    ------
    ValueError
        If they are not equally many, or there are none.
    """
    pairs = zip(slower, faster, strict=True)
    return median_of([one / other for one, other in pairs])
