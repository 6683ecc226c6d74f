"""In which order compiled kernels sum over a map's windows: tables for them to look it up in."""

from __future__ import annotations

import numpy as np

from pyclnf.arithmetic.product_order import even_odd_elements, term_groups
from pyclnf.typing import ByteArray, Int32Array

__all__ = ["even_odd_windows", "groups"]


def even_odd_windows(neurons: int, window_size: int) -> ByteArray:
    """Tell which neuron sums are of two chains: (k, w²), windows row by row of the map."""
    by_columns = even_odd_elements(neurons, window_size**2)
    by_columns = by_columns.reshape(neurons, window_size, window_size)
    return by_columns.transpose(0, 2, 1).reshape(neurons, -1).astype(np.uint8)


def groups(terms: int) -> Int32Array:
    """Return the groups of terms that are summed by themselves, (g, 2)."""
    return np.array(term_groups(terms), np.int32)
