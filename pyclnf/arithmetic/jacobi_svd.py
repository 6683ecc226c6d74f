"""Singular value decomposition of tiny matrices by one-sided Jacobi rotations (Hestenes 1958).

The reference turns shapes and orthonormalises rotations with OpenCV's SVD. Its roundings decide
which grey values move by 1/32 px, so the same sweep is done here: columns in order, sums in
float64, rotations and columns in the matrix's own precision.

It is done with single numbers, as arrays so short only cost time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from pyclnf.typing import AnyArray

__all__ = ["jacobi_svd"]

_Number: TypeAlias = Any
"""A np.float32 or, for a float64, a float: Python's own are twice as fast as NumPy's."""
_Row: TypeAlias = list[_Number]
_Matrix = TypeVar("_Matrix", bound=AnyArray)

_MAX_SWEEPS = 30


def jacobi_svd(matrix: _Matrix) -> tuple[_Matrix, _Matrix]:
    """Return U and Vᵀ of a small square matrix, singular values descending.

    Parameters
    ----------
    matrix : (k, k) float32 or float64
        k is 2 or 3.

    Returns
    -------
    u, vt : (k, k), of the matrix's type
        Columns of ``u`` for singular values that vanish are zero.
    """
    size = len(matrix)
    precision = _PRECISIONS[matrix.dtype.type]
    zero, one = precision.number(0), precision.number(1)
    # A column of the matrix and of V, turned together.
    rows = [
        precision.elements(column) + [one if i == j else zero for i in range(size)]
        for j, column in enumerate(matrix.T)
    ]
    wide = [precision.widened(row) for row in rows]
    for _ in range(_MAX_SWEEPS):
        if not _sweep(rows, wide, size, precision):
            break
    norms = [math.sqrt(_dot(row, row, size)) for row in wide]
    order = _descending(norms)
    reciprocals = [1.0 / norms[j] if norms[j] > precision.tiny else 0.0 for j in order]
    sorted_rows = np.array([wide[j] for j in order], matrix.dtype)
    u: Any = sorted_rows[:, :size] * np.array(reciprocals, matrix.dtype)[:, None]
    vt: Any = sorted_rows[:, size:]
    return u.T, vt


class _Precision(NamedTuple):
    """What numbers a type's matrices are made of, and what counts as nothing among them.

    Sums are taken of Python's numbers, ``widened`` ones.
    """

    number: Callable[[float], _Number]
    elements: Callable[[AnyArray], _Row]
    widened: Callable[[_Row], list[float]]
    tolerance: float
    tiny: float


_PRECISIONS: dict[type[np.generic], _Precision] = {
    np.float32: _Precision(
        number=np.float32,
        elements=list,
        widened=lambda row: [float(x) for x in row],
        tolerance=2.0 * float(np.finfo(np.float32).eps),
        tiny=float(np.finfo(np.float32).tiny),
    ),
    np.float64: _Precision(
        number=float,
        elements=np.ndarray.tolist,
        widened=lambda row: row,
        tolerance=10.0 * float(np.finfo(np.float64).eps),
        tiny=float(np.finfo(np.float64).tiny),
    ),
}


def _sweep(rows: list[_Row], wide: list[list[float]], size: int, precision: _Precision) -> bool:
    """Rotate every pair of columns that is not orthogonal yet; tell whether any was rotated."""
    rotated = False
    squares = [_dot(row, row, size) for row in wide]
    for i in range(size - 1):
        for j in range(i + 1, size):
            inner = _dot(wide[i], wide[j], size)
            if not abs(inner) > precision.tolerance * math.sqrt(squares[i] * squares[j]):
                continue
            cosine, sine = _rotation(2.0 * inner, squares[i] - squares[j], precision.number)
            pairs = list(zip(rows[i], rows[j], strict=True))
            rows[i] = [cosine * first + sine * second for first, second in pairs]
            rows[j] = [cosine * second - sine * first for first, second in pairs]
            for turned in (i, j):
                wide[turned] = row = precision.widened(rows[turned])
                squares[turned] = _dot(row, row, size)
            rotated = True
    return rotated


def _rotation(
    twice_inner: float, difference: float, number: Callable[[float], _Number]
) -> tuple[_Number, _Number]:
    """Return cosine and sine of the rotation that makes two columns orthogonal."""
    hypotenuse = math.hypot(twice_inner, difference)
    if difference < 0:
        sine = number(math.sqrt((hypotenuse - difference) * 0.5 / hypotenuse))
        return number(twice_inner / (hypotenuse * float(sine) * 2.0)), sine
    cosine = number(math.sqrt((hypotenuse + difference) / (hypotenuse * 2.0)))
    return cosine, number(twice_inner / (hypotenuse * float(cosine) * 2.0))


def _dot(a: list[float], b: list[float], size: int) -> float:
    """Return the inner product of the first elements, summed in float64 from the first one on."""
    start = a[0] * b[0] + a[1] * b[1]
    return start if size == 2 else start + a[2] * b[2]


def _descending(norms: list[float]) -> list[int]:
    """Return the order of a selection sort by falling norm."""
    order = list(range(len(norms)))
    for i in range(len(order) - 1):
        largest = i
        for k in range(i + 1, len(order)):
            if norms[order[k]] > norms[order[largest]]:
                largest = k
        order[i], order[largest] = order[largest], order[i]
    return order
