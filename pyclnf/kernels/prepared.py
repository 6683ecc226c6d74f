"""A view's experts as the kernels want them, and the memory that these need."""

from __future__ import annotations

import threading

import numpy as np

from pyclnf.experts.ccnf import ViewExperts
from pyclnf.experts.sum_orders import even_odd_windows, groups
from pyclnf.kernels import _kernels
from pyclnf.typing import Float32Array, Int32Array

__all__ = ["Workspace", "prepare_experts"]

_BEYOND = 128
"""Numbers beyond the last Sigma, up to which whole tiles of outputs may read."""
_ALIGNMENT = 64
_LINE_FLOATS = _ALIGNMENT // 4


def prepare_experts(
    level: int, experts: ViewExperts, sigmas: Float32Array, window_size: int
) -> _kernels.Experts:
    """Lay the experts of a scale and view out for the kernels.

    Parameters
    ----------
    level : int
    experts : ViewExperts
    sigmas : (v, p, p) or (v, 1, 1) float32
    window_size : int
    """
    scalar = sigmas.shape[-1] == 1
    return _kernels.Experts(
        level,
        window_size,
        experts.support,
        experts.weights,
        experts.alphas,
        even_odd_windows(experts.weights.shape[1], window_size),
        groups(experts.weights.shape[2]),
        np.ascontiguousarray(sigmas.ravel()) if scalar else _by_columns(sigmas),
        scalar,
        groups(window_size**2),
    )


def _by_columns(sigmas: Float32Array) -> Float32Array:
    """Return Sigma matrices column by column, one after another, and zeros beyond the last."""
    flat = np.zeros(sigmas.size + _BEYOND, np.float32)
    flat[: sigmas.size].reshape(sigmas.shape)[...] = sigmas.transpose(0, 2, 1)
    return flat


class Workspace(threading.local):
    """Memory of each thread for the kernels, kept between fits."""

    def __init__(self) -> None:
        self._floats = np.empty(0, np.float32)
        self._integers = np.empty(0, np.int32)

    def floats(self, count: int) -> Float32Array:
        """Return at least so many, beginning with a cache line."""
        if len(self._floats) < count:
            more = _ALIGNMENT // self._floats.itemsize
            floats = np.empty(count + more, np.float32)
            self._floats = floats[-floats.ctypes.data % _ALIGNMENT // floats.itemsize :]
        return self._floats

    def integers(self, count: int) -> Int32Array:
        """Return at least so many."""
        if len(self._integers) < count:
            self._integers = np.empty(count, np.int32)
        return self._integers

    def rows_of_floats(self, rows: int, count: int) -> Float32Array:
        """Return at least so many in each row, all beginning with a cache line."""
        whole = -(-count // _LINE_FLOATS) * _LINE_FLOATS
        return self.floats(rows * whole)[: rows * whole].reshape(rows, whole)

    def rows_of_integers(self, rows: int, count: int) -> Int32Array:
        """Return so many in each row."""
        return self.integers(rows * count)[: rows * count].reshape(rows, count)
