"""Singular value decomposition of tiny matrices by one-sided Jacobi rotations (Hestenes 1958).

The reference turns shapes and orthonormalises rotations with OpenCV's SVD. Its roundings decide
which grey values move by 1/32 px, so the same sweep is done here: columns in order, sums in
float64, rotations and columns in the matrix's own precision.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias, TypeVar

import numpy as np

from pyclnf.typing import AnyArray

__all__ = ["jacobi_svd"]

_Scalar: TypeAlias = np.float32 | np.float64
_Row: TypeAlias = list[_Scalar]
_Matrix = TypeVar("_Matrix", bound=AnyArray)

_TOLERANCES: dict[type[np.generic], float] = {
    np.float32: 2.0 * float(np.finfo(np.float32).eps),
    np.float64: 10.0 * float(np.finfo(np.float64).eps),
}
_MAX_SWEEPS = 30


def jacobi_svd(matrix: _Matrix) -> tuple[_Matrix, _Matrix]:
    """Return U and Vᵀ of a small square matrix, singular values descending.

    Parameters
    ----------
    matrix : (k, k) float32 or float64
        k is 2 or 3 in a fit.

    Returns
    -------
    u, vt : (k, k), of the matrix's type
        Columns of ``u`` for singular values that vanish are zero.
    """
    size = len(matrix)
    kind: type[_Scalar] = matrix.dtype.type
    # A column of the matrix and of V, turned together. Scalars: arrays so short only cost time.
    identity = np.eye(size, dtype=kind)
    rows: list[_Row] = [[*column, *unit] for column, unit in zip(matrix.T, identity, strict=True)]
    squares = [_dot(row, row, size) for row in rows]
    for _ in range(_MAX_SWEEPS):
        if not _sweep(rows, squares, size, kind):
            break
    norms = [math.sqrt(_dot(row, row, size)) for row in rows]
    sorted_rows = np.array([rows[j] for j in _descending(norms)])
    tiny = float(np.finfo(kind).tiny)
    reciprocals = [1.0 / norm if norm > tiny else 0.0 for norm in sorted(norms, reverse=True)]
    u: Any = sorted_rows[:, :size] * np.array(reciprocals, kind)[:, None]
    vt: Any = sorted_rows[:, size:]
    return u.T, vt


def _sweep(rows: list[_Row], squares: list[float], size: int, kind: type[_Scalar]) -> bool:
    """Rotate every pair of columns that is not orthogonal yet; tell whether any was rotated."""
    rotated, tolerance = False, _TOLERANCES[kind]
    for i in range(size - 1):
        for j in range(i + 1, size):
            inner = _dot(rows[i], rows[j], size)
            if not abs(inner) > tolerance * math.sqrt(squares[i] * squares[j]):
                continue
            cosine, sine = _rotation(2.0 * inner, squares[i] - squares[j], kind)
            pairs = list(zip(rows[i], rows[j], strict=True))
            rows[i] = [cosine * first + sine * second for first, second in pairs]
            rows[j] = [cosine * second - sine * first for first, second in pairs]
            squares[i], squares[j] = _dot(rows[i], rows[i], size), _dot(rows[j], rows[j], size)
            rotated = True
    return rotated


def _rotation(
    twice_inner: float, difference: float, kind: type[_Scalar]
) -> tuple[_Scalar, _Scalar]:
    """Return cosine and sine of the rotation that makes two columns orthogonal."""
    hypotenuse = math.hypot(twice_inner, difference)
    if difference < 0:
        sine = kind(math.sqrt((hypotenuse - difference) * 0.5 / hypotenuse))
        return kind(twice_inner / (hypotenuse * float(sine) * 2.0)), sine
    cosine = kind(math.sqrt((hypotenuse + difference) / (hypotenuse * 2.0)))
    return cosine, kind(twice_inner / (hypotenuse * float(cosine) * 2.0))


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
