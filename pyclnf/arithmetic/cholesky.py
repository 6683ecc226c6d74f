"""Cholesky as the reference's linear algebra rounds it: float32 factors, float64 sums.

Off the diagonal, products of factors are rounded to float32 before they are subtracted; on it
they are not. The reciprocals of the factor's diagonal are kept in its place.
"""

from __future__ import annotations

import math
import threading

import numpy as np

from pyclnf.typing import Float32Array, Float64Array

__all__ = ["cholesky_inverse", "cholesky_solve"]

_SMALLEST_PIVOT = float(np.finfo(np.float32).eps)


def _factor(matrices: Float32Array) -> Float32Array | None:
    """Factor symmetric positive definite matrices.

    Parameters
    ----------
    matrices : (n, p, p) float32

    Returns
    -------
    (n, p, p) float32 or None
        Lower triangular factors with the *reciprocal* of their diagonal on the diagonal; None if
        a pivot is below the float32 epsilon.
    """
    size = matrices.shape[-1]
    remaining: Float64Array = matrices.astype(np.float64)
    factors = np.zeros_like(matrices)
    for j in range(size):
        pivots = remaining[:, j, j]
        if not (pivots >= _SMALLEST_PIVOT).all():
            return None
        reciprocals = (1.0 / np.sqrt(pivots)).astype(np.float32)
        factors[:, j, j] = reciprocals
        column = (remaining[:, j + 1 :, j] * reciprocals[:, None]).astype(np.float32)
        factors[:, j + 1 :, j] = column
        products = (column[:, :, None] * column[:, None, :]).astype(np.float64)
        diagonal = np.arange(size - j - 1)
        products[:, diagonal, diagonal] = column.astype(np.float64) ** 2
        remaining[:, j + 1 :, j + 1 :] -= products
    return factors


def cholesky_solve(matrix: Float32Array, right: Float32Array) -> Float32Array:
    """Solve one positive definite system: (p, p), (p,) -> (p,) float32.

    Returns zeros where the matrix is not positive definite, as the reference does.
    """
    return _SOLVERS.of_size(len(right)).solve(matrix, right)


class _Solver:
    """Memory for systems of one size, and views of it for every step.

    Row j of ``remaining`` and ``factor`` holds column j of the lower triangle. The right-hand
    side rides along as one more row of the matrix, so that the forward substitution is done with
    the factor. Whole rows are subtracted, as they lie together: left of the diagonal, the factor
    is 0 and nothing is read.
    """

    def __init__(self, size: int) -> None:
        self._remaining = np.zeros((size, size + 1))
        self._factor = np.zeros((size, size + 1), np.float32)
        products = np.zeros((size, size + 1), np.float32)
        self._steps = [
            (
                self._factor[:j, j],
                self._remaining[j, j + 1 :],
                self._factor[j, j + 1 :],
                self._factor[j, j + 1 : size, None],
                self._factor[j],
                products[j + 1 :],
                self._remaining[j + 1 :],
            )
            for j in range(size)
        ]
        self._open = np.zeros(size)
        self._backward_steps = [
            (i, self._factor[:i, i], products[0, :i], self._open[:i])
            for i in range(size - 1, -1, -1)
        ]

    def solve(self, matrix: Float32Array, right: Float32Array) -> Float32Array:
        """Factor a matrix and solve, see :func:`cholesky_solve`."""
        size = len(right)
        self._remaining[:, :size] = matrix.T
        self._remaining[:, size] = right
        diagonal = matrix.diagonal().tolist()
        reciprocals = []
        for step, element in zip(self._steps, diagonal, strict=True):
            before, open_column, column, below, row, products, open_rows = step
            pivot = _pivot(element, before)
            if not pivot >= _SMALLEST_PIVOT:
                return np.zeros_like(right)
            reciprocal = float(np.float32(1.0 / math.sqrt(pivot)))
            reciprocals.append(reciprocal)
            column[...] = open_column * reciprocal
            np.multiply(below, row, out=products)
            np.subtract(open_rows, products, out=open_rows)
        return self._back_substitute(reciprocals)

    def _back_substitute(self, reciprocals: list[float]) -> Float32Array:
        """Solve Lᵀ x = y, y being the last column of the factor's memory."""
        solution: Float32Array = self._factor[:, -1].copy()
        self._open[:] = solution
        for i, column, products, open_part in self._backward_steps:
            solution[i] = known = np.float32(self._open[i] * reciprocals[i])
            np.multiply(column, known, out=products)
            np.subtract(open_part, products, out=open_part)
        return solution


class _Solvers(threading.local):
    """A solver per size and thread: cutting its views anew would cost a third of a solution."""

    def __init__(self) -> None:
        self._by_size: dict[int, _Solver] = {}

    def of_size(self, size: int) -> _Solver:
        """Return this thread's solver."""
        if size not in self._by_size:
            self._by_size[size] = _Solver(size)
        return self._by_size[size]


_SOLVERS = _Solvers()


def _pivot(diagonal: float, row: Float32Array) -> float:
    """Return a diagonal element less the squares of the factor's row, which are not rounded."""
    for element in row.tolist():
        diagonal -= element * element
    return diagonal


def cholesky_inverse(matrices: Float32Array) -> Float32Array:
    """Invert positive definite matrices: (n, p, p) -> (n, p, p) float32.

    Returns zeros for one that is not positive definite.
    """
    factors = _factor(matrices)
    if factors is None and len(matrices) > 1:
        return np.concatenate([cholesky_inverse(matrix[None]) for matrix in matrices])
    if factors is None:
        return np.zeros_like(matrices)
    identity = np.broadcast_to(np.eye(matrices.shape[-1], dtype=np.float32), matrices.shape)
    return _substitute(factors, identity)


def _substitute(factors: Float32Array, right: Float32Array) -> Float32Array:
    """Solve L Lᵀ x = right, forwards then backwards: (n, p, p), (n, p, c) -> (n, p, c)."""
    lower = _sweep(factors, right, range(factors.shape[-1]), forwards=True)
    return _sweep(factors, lower, range(factors.shape[-1] - 1, -1, -1), forwards=False)


def _sweep(
    factors: Float32Array, right: Float32Array, order: range, *, forwards: bool
) -> Float32Array:
    """Solve one triangular system, each known row subtracted from all open ones at once."""
    solution = np.empty_like(right)
    remaining: Float64Array = right.astype(np.float64)
    for i in order:
        row = (remaining[:, i] * factors[:, i, i, None]).astype(np.float32)
        solution[:, i] = row
        open_rows = slice(i + 1, None) if forwards else slice(0, i)
        column = factors[:, open_rows, i] if forwards else factors[:, i, open_rows]
        remaining[:, open_rows] -= column[:, :, None] * row[:, None, :]
    return solution
