"""Singular value decomposition of tiny matrices by one-sided Jacobi rotations (Hestenes 1958).

The reference turns shapes and orthonormalises rotations with OpenCV's float32 SVD. Its roundings
decide which grey values move by 1/32 px, so the same sweep is done here: columns in order, sums in
float64, rotations and columns in float32.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TypeAlias

import numpy as np

from pyclnf.typing import Float32Array

__all__ = ["jacobi_svd"]

_Row: TypeAlias = list[np.float32]

_TOLERANCE = 2.0 * float(np.finfo(np.float32).eps)
_TINY = float(np.finfo(np.float32).tiny)
_MAX_SWEEPS = 30


def jacobi_svd(matrix: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Return U and Vᵀ of a small square matrix, singular values descending.

    Parameters
    ----------
    matrix : (k, k) float32
        k is 2 or 3 in a fit.

    Returns
    -------
    u, vt : (k, k) float32
        Columns of ``u`` for singular values that vanish are zero.
    """
    size = len(matrix)
    # A column of the matrix and of V, turned together. Scalars: arrays so short only cost time.
    rows = [[*matrix[:, j], *_unit_row(j, size)] for j in range(size)]
    squares = [_dot(row, row, size) for row in rows]
    for _ in range(_MAX_SWEEPS):
        if not _sweep(rows, squares, size):
            break
    norms = [math.sqrt(_dot(row, row, size)) for row in rows]
    sorted_rows = np.array([rows[j] for j in _descending(norms)])
    reciprocals = [1.0 / norm if norm > _TINY else 0.0 for norm in sorted(norms, reverse=True)]
    u = sorted_rows[:, :size] * np.array(reciprocals, np.float32)[:, None]
    return u.T, sorted_rows[:, size:]


@cache
def _unit_row(index: int, size: int) -> tuple[np.float32, ...]:
    """Return a row of the identity."""
    return tuple(np.float32(column == index) for column in range(size))


def _sweep(rows: list[_Row], squares: list[float], size: int) -> bool:
    """Rotate every pair of columns that is not orthogonal yet; tell whether any was rotated."""
    rotated = False
    for i in range(size - 1):
        for j in range(i + 1, size):
            inner = _dot(rows[i], rows[j], size)
            if not abs(inner) > _TOLERANCE * math.sqrt(squares[i] * squares[j]):
                continue
            cosine, sine = _rotation(2.0 * inner, squares[i] - squares[j])
            pairs = list(zip(rows[i], rows[j], strict=True))
            rows[i] = [cosine * first + sine * second for first, second in pairs]
            rows[j] = [cosine * second - sine * first for first, second in pairs]
            squares[i], squares[j] = _dot(rows[i], rows[i], size), _dot(rows[j], rows[j], size)
            rotated = True
    return rotated


def _rotation(twice_inner: float, difference: float) -> tuple[np.float32, np.float32]:
    """Return cosine and sine of the rotation that makes two columns orthogonal."""
    hypotenuse = math.hypot(twice_inner, difference)
    if difference < 0:
        sine = np.float32(math.sqrt((hypotenuse - difference) * 0.5 / hypotenuse))
        return np.float32(twice_inner / (hypotenuse * float(sine) * 2.0)), sine
    cosine = np.float32(math.sqrt((hypotenuse + difference) / (hypotenuse * 2.0)))
    return cosine, np.float32(twice_inner / (hypotenuse * float(cosine) * 2.0))


def _dot(a: _Row, b: _Row, size: int) -> float:
    """Return the inner product of the first elements, summed in float64 from the first one on."""
    total = 0.0
    for k in range(size):
        total += float(a[k]) * float(b[k])
    return total


def _descending(norms: list[float]) -> list[int]:
    """Return the order of a selection sort by falling norm."""
    order = list(range(len(norms)))
    for i in range(len(order) - 1):
        largest = max(range(i, len(order)), key=lambda k: norms[order[k]])
        order[i], order[largest] = order[largest], order[i]
    return order
