"""The reference's order of sums, with the largest of them and inversions compiled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pyclnf.arithmetic import blocked_cholesky
from pyclnf.arithmetic.product_order import even_odd_elements, term_groups
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.kernels import _kernels
from pyclnf.typing import ByteArray, Float32Array, Int32Array

__all__ = ["CompiledOrder"]

_LANES = 16
"""Of the widest vectors: products have whole ones."""


class CompiledOrder(ReferenceOrder):
    """What :class:`~pyclnf.arithmetic.reference_order.ReferenceOrder` does, equal in every bit.

    Parameters
    ----------
    level : int
        Of instructions, see :func:`pyclnf.kernels.levels.choose_level`. It decides no bit.
    """

    def __init__(self, level: int) -> None:
        self._level = level

    def neuron_sums(self, weights: Float32Array, windows: Float32Array) -> Float32Array:
        """Return weights · windows per landmark, (n, k, w)."""
        n, terms, columns = windows.shape
        rows = weights.shape[1]
        sums = np.empty((n, rows, columns), np.float32)
        if not sums.size or not terms:
            return super().neuron_sums(weights, windows)
        even_odd, groups = _orders(rows, columns), _groups(terms)
        right = np.zeros((terms, even_odd.shape[1]), np.float32)
        product = np.empty(even_odd.shape, np.float32)
        for one, left, window in zip(sums, np.ascontiguousarray(weights), windows, strict=True):
            right[:, :columns] = window
            _kernels.multiply(self._level, left, right, even_odd, groups, product)
            one[...] = product[:, :columns]
        return sums

    def invert(self, matrices: Float32Array) -> Float32Array:
        """Invert positive definite matrices, (n, p, p)."""
        size = matrices.shape[-1]
        inverses = np.empty_like(matrices, order="C")
        workspace = np.empty(_kernels.inverse_floats(self._level, size), np.float32)
        blocked = blocked_cholesky.is_blocked(size)
        given = np.ascontiguousarray(matrices)
        _kernels.invert(self._level, given, blocked, inverses, workspace)
        return inverses


@lru_cache(maxsize=64)
def _orders(rows: int, columns: int) -> ByteArray:
    """Tell which elements of a product, with columns beyond it, are summed in two chains."""
    orders = np.zeros((rows, -(-columns // _LANES) * _LANES), np.uint8)
    orders[:, :columns] = even_odd_elements(rows, columns)
    orders.setflags(write=False)
    return orders


@lru_cache(maxsize=64)
def _groups(terms: int) -> Int32Array:
    """Return the groups of terms that are summed by themselves."""
    groups = np.array(term_groups(terms), np.int32)
    groups.setflags(write=False)
    return groups
