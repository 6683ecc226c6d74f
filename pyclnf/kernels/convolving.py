"""Convolutional layers in the kernel, in the order of the reference's sums."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pyclnf.arithmetic.product_order import even_odd_elements, term_groups
from pyclnf.kernels import _kernels
from pyclnf.kernels.levels import choose_level
from pyclnf.model.layers import Convolution
from pyclnf.typing import Float32Array, Int32Array
from pyclnf.validation.convolution import Convolve, kernel_rows

__all__ = ["compiled"]


def compiled(layer: Convolution, level: str | None = None) -> Convolve:
    """Return what :func:`pyclnf.validation.convolution.in_reference_order` does, the same bits.

    Parameters
    ----------
    layer : Convolution
    level : str, optional
        Of instructions, see :func:`pyclnf.kernels.levels.choose_level`. It decides no bit.
    """
    number = choose_level(level)

    @lru_cache(maxsize=4)
    def prepared(height: int, width: int) -> _kernels.Convolution:
        return _prepare(number, layer, height, width)

    def convolve(maps: Float32Array) -> Float32Array:
        _, height, width = maps.shape
        kernel = prepared(height, width)
        # Whole vectors of windows read beyond the last map.
        flat = np.zeros(max(maps.size, kernel.map_floats), np.float32)
        flat[: maps.size].reshape(maps.shape)[...] = maps
        sums = np.empty((len(layer.biases), kernel.pitch), np.float32)
        _kernels.convolve(kernel, flat, sums)
        rows, columns = _output_size(layer, height, width)
        by_row = sums[:, : rows * width].reshape(len(sums), rows, width)
        return by_row[:, :, :columns]

    return convolve


def _prepare(level: int, layer: Convolution, height: int, width: int) -> _kernels.Convolution:
    """Lay a layer out for maps of a size."""
    n_kernels, n_maps, kernel_height, kernel_width = layer.kernels.shape
    rows, columns = _output_size(layer, height, width)
    # Map by map, each window column by column: as kernel_rows orders the weights.
    m, x, y = np.indices((n_maps, kernel_width, kernel_height)).reshape(3, -1)
    weights = np.ascontiguousarray(kernel_rows(layer).T)
    return _kernels.Convolution(
        level,
        ((m * height + y) * width + x).astype(np.int32),
        weights,
        np.array(term_groups(len(weights)), np.int32),
        _even_odd(n_kernels, rows, columns, width),
        rows * width,
    )


def _even_odd(n_kernels: int, rows: int, columns: int, width: int) -> Int32Array:
    """Return which sums are of two chains: (s, 2), the window's place in the map, the kernel."""
    windows, kernels = np.nonzero(even_odd_elements(rows * columns, n_kernels))
    places = windows // columns * width + windows % columns
    return np.column_stack((places, kernels)).astype(np.int32)


def _output_size(layer: Convolution, height: int, width: int) -> tuple[int, int]:
    """Return height and width of a layer's output."""
    _, _, kernel_height, kernel_width = layer.kernels.shape
    return height - kernel_height + 1, width - kernel_width + 1
