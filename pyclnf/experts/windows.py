"""Every window of an area of interest, brought to zero mean and unit norm."""

from __future__ import annotations

import numpy as np

from pyclnf.typing import Float32Array

__all__ = ["normalised_windows"]


def normalised_windows(areas: Float32Array, support: int) -> Float32Array:
    """Return all support x support windows of areas of interest, normalised, with a bias entry.

    Parameters
    ----------
    areas : (n, s, s) float32
        Grey values, first axis y.
    support : int
        Side of a window; there are w = s - support + 1 positions along each axis.

    Returns
    -------
    (n, 1 + support**2, w**2) float32
        Entry 0 is 1 for the bias. The others are the window column by column, less its mean,
        over its norm (1 if that is 0). Windows are enumerated column by column as well.

    Notes
    -----
    Means are summed row by row and squares column by column, each in float32, as the reference
    does; the sums run across windows, never inside one.
    """
    n, side, _ = areas.shape
    positions = side - support + 1
    # In memory the entry comes first, so that sums over it run through whole rows.
    windows = np.empty((1 + support**2, n, positions**2), np.float32)
    windows[0] = 1
    values = windows[1:]
    by_pixel = values.reshape(support, support, n, positions, positions)
    by_pixel[...] = _shifted(areas.transpose(0, 2, 1), support)
    values -= _means(by_pixel.reshape(support, support, n, -1))
    values *= _reciprocal_norms(values)
    return windows.transpose(1, 0, 2)


def _shifted(areas: Float32Array, support: int) -> Float32Array:
    """Return areas, (n, x, y), moved by every pixel of a window: (x, y, n, x positions, y …)."""
    sliding = np.lib.stride_tricks.sliding_window_view
    along_y = sliding(areas, areas.shape[2] - support + 1, axis=2).transpose(2, 0, 1, 3)
    # Copied once here, whole maps lie together for every x as well.
    along_y = np.ascontiguousarray(along_y)
    along_x = sliding(along_y, areas.shape[1] - support + 1, axis=2)
    return along_x.transpose(2, 0, 1, 4, 3)


def _means(by_pixel: Float32Array) -> Float32Array:
    """Return each window's mean, (x, y, n, w²) -> (n, w²), summed row by row of the picture."""
    support = len(by_pixel)
    total = np.zeros(by_pixel.shape[2:], np.float32)
    for y in range(support):
        for x in range(support):
            total += by_pixel[x, y]
    return total / np.float32(support**2)


def _reciprocal_norms(values: Float32Array) -> Float32Array:
    """Return one over each window's norm, or 1 where that vanishes, (s², n, w²) -> (n, w²)."""
    # Reducing the outer axis adds row to row: one running float32 sum per window.
    norms = np.sqrt(np.add.reduce(values * values, axis=0))
    norms[norms == 0] = 1
    return np.asarray(np.float32(1) / norms)
