"""Inputs moved by one unit in the last place, which noise floors are measured with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["N_MOVES", "Params", "farthest", "moved", "scatter"]

Array = npt.NDArray[Any]

Params = tuple[Array, Array]
"""Global and local parameters."""

N_MOVES = 16


def moved(values: Array, name: str) -> list[Array]:
    """Return an array's neighbours: each number by at most one ulp, and at least one is.

    Parameters
    ----------
    values : float32 array
    name : str
        The moves are drawn from it: always the same for one name.
    """
    random = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    found: list[Array] = []
    while len(found) < N_MOVES:
        steps = random.integers(-1, 2, values.shape)
        if steps.any():
            towards = np.where(steps > 0, np.inf, -np.inf).astype(np.float32)
            found.append(np.where(steps == 0, values, np.nextafter(values, towards)))
    return found


def farthest(shapes: Sequence[Array], shape: Array) -> Array:
    """Return how far each landmark of (n, 2) shapes is from its place in another, (n,) px."""
    apart = np.array(shapes, np.float64) - shape
    return np.asarray(np.hypot(apart[..., 0], apart[..., 1]).max(axis=0))


def scatter(others: Sequence[Params], params: Params) -> Array:
    """Return how far any of other parameters is from its place, (6 + m,)."""
    found = np.concatenate(params).astype(np.float64)
    apart = [np.abs(np.concatenate(each) - found) for each in others]
    return np.asarray(np.max(apart, axis=0))
