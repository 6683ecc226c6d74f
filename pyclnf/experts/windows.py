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
    n, positions = len(areas), areas.shape[1] - support + 1
    # In memory the entry comes first: reducing that axis adds row to row, one running float32 sum
    # per window. A window's rows come first for its mean, its columns for its norm.
    grey = _row_by_row(areas, support)
    means = np.add.reduce(grey.reshape(support**2, n, -1), axis=0) / np.float32(support**2)
    windows = np.empty((1 + support**2, n, positions**2), np.float32)
    windows[0] = 1
    values = windows[1:]
    by_pixel = values.reshape(support, support, n, -1)
    np.subtract(grey.transpose(1, 0, 2, 3), means, out=by_pixel)
    values *= _reciprocal_norms(values, scratch=grey.reshape(values.shape))
    return windows.transpose(1, 0, 2)


def _row_by_row(areas: Float32Array, support: int) -> Float32Array:
    """Return areas, (n, y, x), moved by every pixel of a window: (y, x, n, w²)."""
    n, side, _ = areas.shape
    positions = side - support + 1
    along_y = np.empty((support, n, side, positions), np.float32)
    for y in range(support):
        along_y[y] = areas[:, y : y + positions].transpose(0, 2, 1)
    # Whole maps lie together now, for every x as well.
    along_x = np.empty((support, support, n, positions, positions), np.float32)
    for x in range(support):
        along_x[:, x] = along_y[:, :, x : x + positions]
    return along_x.reshape(support, support, n, positions**2)


def _reciprocal_norms(values: Float32Array, scratch: Float32Array) -> Float32Array:
    """Return one over each window's norm, or 1 where that vanishes, (s², n, w²) -> (n, w²).

    The squares are written into `scratch`, of the same shape.
    """
    np.multiply(values, values, out=scratch)
    norms = np.sqrt(np.add.reduce(scratch, axis=0))
    norms[norms == 0] = 1
    return np.asarray(np.float32(1) / norms)
