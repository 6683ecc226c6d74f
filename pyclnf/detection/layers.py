"""The layers of a network, each a function of maps (k, c, H, W) float32 of k pictures.

What leaves open in which order it is added up goes through `Products`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pyclnf.detection.products import Products, connected_in_float64
from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.network_file import Pooling, Rectifier, pooled_length
from pyclnf.typing import Float32Array, IntArray

__all__ = ["connect", "convolution_weights", "convolve", "pool", "rectify"]

_WINDOWS_AT_A_TIME = 12 * 256
"""Bounds the copies made. A multiple of twelve, so that cutting changes no order of sums."""

_WINDOWS_TOGETHER = 104512
"""The reference's BLAS takes so many at a time, and begins anew with its strips of twelve."""


def convolution_weights(layer: Convolution) -> Float32Array:
    """Return kernels as columns, map by map and each column by column, and the biases below.

    Returns
    -------
    (inputs * width * height + 1, outputs) float32
    """
    kernels = layer.kernels.transpose(1, 3, 2, 0).reshape(-1, len(layer.biases))
    return np.concatenate([kernels, layer.biases[None]])


def convolve(maps: Float32Array, layer: Convolution, products: Products) -> Float32Array:
    """Correlate every window with the kernels; the bias is the last term of each sum.

    (k, inputs, H, W) -> (k, outputs, H - height + 1, W - width + 1).
    """
    count = len(maps)
    outputs, _, height, width = layer.kernels.shape
    windows = sliding_window_view(maps, (height, width), axis=(2, 3))
    rows, columns = windows.shape[2:4]
    # (k, rows, columns, inputs, width, height): terms in the order of the weights
    by_window = windows.transpose(0, 2, 3, 1, 5, 4)
    weights = convolution_weights(layer)
    sums = np.empty((count, rows * columns, outputs), np.float32)
    for part in _parts(rows * columns):
        terms = by_window[:, part // columns, part % columns].reshape(count, len(part), -1)
        ones = np.ones((count, len(part), 1), np.float32)
        sums[:, part] = products.windows(np.concatenate([terms, ones], axis=2), weights)
    by_map = sums.transpose(0, 2, 1).reshape(count, outputs, rows, columns)
    return np.ascontiguousarray(by_map)


def _parts(count: int) -> Iterator[IntArray]:
    """Yield the indices of windows that are summed at a time."""
    for start in range(0, count, _WINDOWS_TOGETHER):
        together = np.arange(start, min(start + _WINDOWS_TOGETHER, count))
        for first in range(0, len(together), _WINDOWS_AT_A_TIME):
            yield together[first : first + _WINDOWS_AT_A_TIME]


def rectify(maps: Float32Array, layer: Rectifier) -> Float32Array:
    """Multiply what is negative with its map's slope."""
    slopes = layer.slopes[:, None, None]
    return np.where(maps >= 0, maps, maps * slopes)


def pool(maps: Float32Array, layer: Pooling) -> Float32Array:
    """Return the maxima of windows, of which the last may stick out."""
    rows = pooled_length(maps.shape[2], layer.height, layer.step_y)
    columns = pooled_length(maps.shape[3], layer.width, layer.step_x)
    height, width = (rows - 1) * layer.step_y + 1, (columns - 1) * layer.step_x + 1
    below = max(0, height + layer.height - 1 - maps.shape[2])
    right = max(0, width + layer.width - 1 - maps.shape[3])
    padded = np.pad(maps, ((0, 0), (0, 0), (0, below), (0, right)), constant_values=-np.inf)
    maxima = np.full((*maps.shape[:2], rows, columns), -np.inf, np.float32)
    for y, x in np.ndindex(layer.height, layer.width):
        of_all = padded[:, :, y : y + height : layer.step_y, x : x + width : layer.step_x]
        np.maximum(maxima, of_all, out=maxima)
    return maxima


def connect(
    maps: Float32Array, layer: Connection, products: Products, *, numbers: bool
) -> Float32Array:
    """Connect maps pixel by pixel, or all of them, or numbers.

    *Quirk:* maps of as many as there are inputs are connected pixel by pixel, and their biases are
    added after rounding; others are flattened column by column.

    Parameters
    ----------
    maps : (k, c, H, W) float32
    layer : Connection
    products : Products
    numbers : bool
        Whether an earlier connection has made numbers, (k, c, 1, 1), of the maps.

    Returns
    -------
    (k, outputs, H, W) or (k, outputs, 1, 1) float32
    """
    weights, biases = layer.weights, layer.biases
    if len(weights) == maps.shape[1] and not numbers:
        pixels = np.moveaxis(maps, 1, -1)
        sums = connected_in_float64(pixels.reshape(-1, len(weights)), weights, 0 * biases)
        sums += biases
        by_pixel = sums.reshape(*pixels.shape[:-1], len(biases))
        return np.ascontiguousarray(np.moveaxis(by_pixel, -1, 1))
    flat = maps.transpose(0, 1, 3, 2).reshape(len(maps), -1)
    return products.connected(flat, weights, biases)[:, :, None, None]
