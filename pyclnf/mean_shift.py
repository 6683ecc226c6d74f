"""Mean shift on response maps with a Gaussian kernel (KDE), landmark by landmark.

Saragih, Lucey and Cohn, IJCV 2011, eq. 16; Baltrušaitis, Robinson and Morency, ICCVW 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.arithmetic.elementary import expf
from pyclnf.similarity import transform
from pyclnf.typing import BoolArray, Float32Array, IntArray

__all__ = ["KernelTable", "kernel_cells", "map_offsets", "mean_shifts"]

_STEP = np.float32(0.1)
_CELLS_PER_PIXEL = 10


@dataclass(frozen=True, eq=False)
class KernelTable:
    """Gaussian kernels around every multiple of 0.1 px of a map.

    *Quirk:* the reference looks kernels up at the nearest 0.1 px instead of evaluating them where
    a landmark is.

    Attributes
    ----------
    window_size : int
    sigma : float
        Standard deviation, map px.
    kernels : (cells * cells, window_size**2) float32
        Row ``cell_x * cells + cell_y``; maps flattened row by row. ``cells`` is ten per pixel.
    """

    window_size: int
    sigma: float
    kernels: Float32Array

    @classmethod
    def build(cls, window_size: int, sigma: float) -> KernelTable:
        """Evaluate the table: exp(-d² / 2σ²), exponent and exponential in float32."""
        width = np.float32(sigma)
        exponent = np.float32(-0.5 / float(width * width))
        cells = np.arange(window_size * _CELLS_PER_PIXEL, dtype=np.float32) * _STEP
        distances = cells[:, None] - np.arange(window_size, dtype=np.float32)
        squares = distances * distances
        kernels = np.empty((len(cells), len(cells), window_size**2), np.float32)
        for cell_x, square_x in enumerate(squares):
            sums = squares[:, :, None] + square_x
            kernels[cell_x] = expf(exponent * sums).reshape(len(cells), -1)
        kernels.setflags(write=False)
        return cls(window_size, float(sigma), kernels.reshape(-1, window_size**2))


def map_offsets(
    landmarks: Float32Array,
    base_landmarks: Float32Array,
    image_to_reference: Float32Array,
    window_size: int,
) -> Float32Array:
    """Return where landmarks lie in their response maps.

    Parameters
    ----------
    landmarks, base_landmarks : (n, 2) float32
        Current landmarks, and those the maps were taken around, px.
    image_to_reference : (2, 2) float32
        Scaled rotation from the picture to the experts' frame.
    window_size : int

    Returns
    -------
    (n, 2) float32
        dx, dy in map px; the middle of the map is (window_size - 1) / 2.
    """
    moved = transform(image_to_reference, landmarks - base_landmarks)
    return moved + np.float32((window_size - 1) // 2)


def mean_shifts(
    response_maps: Float32Array,
    offsets: Float32Array,
    table: KernelTable,
    visible: BoolArray,
) -> Float32Array:
    """Return how far each landmark's map pulls it.

    Parameters
    ----------
    response_maps : (n, w, w) float32
    offsets : (n, 2) float32
        dx, dy of :func:`map_offsets`.
    table : KernelTable
    visible : (n,) bool

    Returns
    -------
    (n, 2) float32
        x, y in map px: the map's mean, weighted by the kernel around the *snapped* offset, less
        the clamped but *unsnapped* offset. 0 for landmarks that are invisible; NaN where a map
        vanishes under its kernel.
    """
    window_size = table.window_size
    everything = bool(visible.all())
    maps = response_maps if everything else response_maps[visible]
    clamped = _clamped(offsets if everything else offsets[visible], window_size)
    cells = kernel_cells(clamped)
    rows = cells[:, 0] * (window_size * _CELLS_PER_PIXEL) + cells[:, 1]
    weights = maps.reshape(len(clamped), window_size**2) * table.kernels.take(rows, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        pulls = _weighted_mean(weights, window_size) - clamped
    if everything:
        return pulls
    shifts = np.zeros_like(offsets)
    shifts[visible] = pulls
    return shifts


def kernel_cells(clamped: Float32Array) -> IntArray:
    """Return the 0.1 px cell nearest to each clamped offset, half up: (n, 2) -> (n, 2) integers."""
    cells = np.add(clamped / _STEP, 0.5, dtype=np.float64)
    cells[np.isnan(cells)] = 0.0
    whole: IntArray = cells.astype(np.intp)
    return whole


def _clamped(offsets: Float32Array, window_size: int) -> Float32Array:
    """Keep offsets within the table: [0, window_size - 0.1]."""
    highest = np.float32(window_size) - _STEP
    return np.minimum(np.maximum(offsets, np.float32(0)), highest)


def _weighted_mean(weights: Float32Array, window_size: int) -> Float32Array:
    """Return the mean position (x, y) of (n, w²) weights; sums run through a map in its order."""
    index = np.arange(window_size, dtype=np.float32)
    terms = np.empty((3, window_size**2, len(weights)), np.float32)
    terms[0] = weights.T
    squares = terms.reshape(3, window_size, window_size, -1)
    np.multiply(squares[0], index[:, None], out=squares[1])
    np.multiply(squares[0], index[:, None, None], out=squares[2])
    # Reducing an outer axis adds row to row: one running float32 sum per landmark. With a single
    # landmark that axis would be the inner one.
    alone = len(weights) == 1
    sums = np.add.accumulate(terms, axis=1)[:, -1] if alone else np.add.reduce(terms, axis=1)
    means: Float32Array = np.divide(sums[1:], sums[0])
    return means.T
