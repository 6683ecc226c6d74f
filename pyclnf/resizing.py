"""Shrinking grey pictures as the reference does: bilinear, in whole numbers.

This project's own, as its sampler is: tracks must not depend on the installed image library.
"""

from __future__ import annotations

import numpy as np

from pyclnf.typing import ByteArray, IntArray

__all__ = ["shrink", "shrunk_size"]

_BITS = 11
_ONE = 1 << _BITS


def shrunk_size(size: int, factor: float) -> int:
    """Return how many pixels a side of so many has after shrinking; half is rounded to even."""
    return round(size * factor)


def shrink(grey: ByteArray, factor: float) -> ByteArray:
    """Shrink a picture.

    Parameters
    ----------
    grey : (H, W) uint8
    factor : float
        Above 0, below 1.

    Returns
    -------
    (H · factor, W · factor) uint8, rounded

    Raises
    ------
    ValueError
        If nothing would be left of it.

    Notes
    -----
    As OpenCV's ``resize``: weights are whole 1/2048; sums of a row lose 4 bits, the weighted ones
    16; a picture that keeps its size is copied. (At exactly one half that averages; this does not.)
    """
    height, width = (shrunk_size(size, factor) for size in grey.shape)
    if height < 1 or width < 1:
        raise ValueError(f"factor: {factor:g} leaves nothing of a picture of {grey.shape}")
    if (height, width) == grey.shape:
        return grey.copy()
    left, right, of_left, of_right = _neighbours(grey.shape[1], width, factor)
    top, bottom, of_top, of_bottom = _neighbours(grey.shape[0], height, factor)
    used = np.union1d(top, bottom)
    wide = grey[used].astype(np.int32)
    rows = wide[:, left] * of_left + wide[:, right] * of_right >> 4
    upper = rows[np.searchsorted(used, top)] * of_top[:, None] >> 16
    lower = rows[np.searchsorted(used, bottom)] * of_bottom[:, None] >> 16
    return (upper + lower + 2 >> 2).astype(np.uint8)


def _neighbours(size: int, count: int, factor: float) -> tuple[IntArray, ...]:
    """Return the two pixels beside each sample along an axis, and their weights."""
    step = 1.0 / factor
    positions = ((np.arange(count) + 0.5) * step - 0.5).astype(np.float32)
    first = np.floor(positions).astype(np.intp)
    fraction = positions - first.astype(np.float32)
    weights = (np.rint(part * np.float32(_ONE)) for part in (np.float32(1) - fraction, fraction))
    pixels = (pixel.clip(0, size - 1) for pixel in (first, first + 1))
    return *pixels, *(weight.astype(np.int32) for weight in weights)
