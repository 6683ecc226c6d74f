"""Convolutional layers in NumPy: with sums rounded once, or in the reference's own order.

A layer is a product of two matrices (Chellapilla, Puri and Simard, High performance convolutional
neural networks for document processing, 2006): every window of the maps, with a 1 behind it, times
every kernel with its bias. The reference leaves that product to its BLAS; its windows are
enumerated row by row, and the pixels of each map's window column by column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pyclnf.arithmetic.product_order import ordered_product
from pyclnf.model.layers import Convolution
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["Convolve", "in_reference_order", "kernel_rows", "rounded_once"]

Convolve: TypeAlias = Callable[[Float32Array], Float32Array]
"""A layer: (k, H, W) maps -> (m, H - h + 1, W - w + 1) float32."""


def rounded_once(layer: Convolution) -> Convolve:
    """Return a layer whose sums are made in float64 and rounded once."""
    rows = kernel_rows(layer).astype(np.float64)

    def convolve(maps: Float32Array) -> Float32Array:
        windows, shape = _windows(maps.astype(np.float64), layer)
        sums: Float32Array = np.matmul(rows[:, :-1], windows)
        sums += rows[:, -1:]
        return sums.astype(np.float32).reshape(shape)

    return convolve


def in_reference_order(layer: Convolution) -> Convolve:
    """Return a layer whose sums are the reference's in every bit."""
    columns = np.ascontiguousarray(kernel_rows(layer).T)[None]

    def convolve(maps: Float32Array) -> Float32Array:
        windows, shape = _windows(maps, layer)
        ones = np.ones((1, windows.shape[1]), np.float32)
        rows = np.ascontiguousarray(np.concatenate((windows, ones)).T)[None]
        return np.ascontiguousarray(ordered_product(rows, columns)[0].T).reshape(shape)

    return convolve


def kernel_rows(layer: Convolution) -> Float32Array:
    """Return each kernel as a row, ordered as a window is, its bias last: (m, k·h·w + 1)."""
    flat = layer.kernels.transpose(0, 1, 3, 2).reshape(len(layer.biases), -1)
    return np.concatenate((flat, layer.biases[:, None]), axis=1)


def _windows(maps: AnyArray, layer: Convolution) -> tuple[AnyArray, tuple[int, int, int]]:
    """Return all windows in columns, (k·h·w, positions), and the shape of the layer's output."""
    n_kernels, _, height, width = layer.kernels.shape
    windows = sliding_window_view(maps, (height, width), axis=(1, 2))
    shape = (n_kernels, windows.shape[1], windows.shape[2])
    return windows.transpose(0, 4, 3, 1, 2).reshape(-1, shape[1] * shape[2]), shape
