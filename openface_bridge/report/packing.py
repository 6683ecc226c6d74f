"""Arrays made small enough to travel inside a page, as base64 of little-endian bytes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["floats", "levels", "signed_levels", "thousandths"]

Array = npt.NDArray[Any]
_LOST = -32768


def floats(array: Array) -> str:
    """Pack as float32; what is not finite arrives as NaN."""
    with np.errstate(over="ignore"):
        narrow = np.asarray(array).astype("<f4")
    return _base64(np.where(np.isfinite(narrow), narrow, np.float32(np.nan)))


def thousandths(array: Array) -> str:
    """Pack as 16-bit thousandths; what is not finite, or beyond ±32, arrives as -32768."""
    scaled = np.rint(np.nan_to_num(array.astype(np.float64) * 1000, nan=np.inf))
    return _base64(np.where(np.abs(scaled) <= 32767, scaled, _LOST).astype("<i2"))


def levels(maps: Array) -> tuple[str, Array, Array]:
    """Pack each map (n, …) as 8-bit levels between its own minimum and maximum.

    Returns
    -------
    packed : str
    low, high : (n,) float64
        0 for maps that are not finite everywhere.
    """
    known, flat = _known(maps)
    low, high = flat.min(axis=1), flat.max(axis=1)
    span = np.where(high > low, high - low, 1.0)
    scaled = np.rint((flat - low[:, None]) / span[:, None] * 255)
    return _base64(scaled.astype(np.uint8)), np.where(known, low, 0), np.where(known, high, 0)


def signed_levels(maps: Array) -> tuple[str, Array]:
    """Pack each map (n, …) as levels -127 to 127 of its own largest magnitude.

    Returns
    -------
    packed : str
    largest : (n,) float64
        Infinite for maps that are not finite everywhere; their levels are 0.
    """
    known, flat = _known(maps)
    largest = np.abs(flat).max(axis=1)
    span = np.where(largest > 0, largest, 1.0)
    scaled = np.rint(flat / span[:, None] * 127)
    return _base64(scaled.astype(np.int8)), np.where(known, largest, np.inf)


def _known(maps: Array) -> tuple[Array, Array]:
    """Tell which maps are finite, and return all as (n, k), zero where they are not."""
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    known = np.asarray(np.isfinite(flat).all(axis=1))
    return known, np.where(known[:, None], flat, 0.0)


def _base64(array: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
