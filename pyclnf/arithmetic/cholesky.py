"""Cholesky as the reference's linear algebra rounds it: float32 factors, float64 sums.

Off the diagonal, products of factors are rounded to float32 before they are subtracted; on it
they are not. The reciprocals of the factor's diagonal are kept in its place.
"""

from __future__ import annotations

import math

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
    size = len(right)
    # Row j of both holds column j of the lower triangle; the right-hand side rides along as one
    # more row of the matrix, so that the forward substitution is done with the factor.
    remaining = np.concatenate((matrix.T, right[:, None]), axis=1, dtype=np.float64)
    factor = np.zeros((size, size + 1), np.float32)
    reciprocals = np.zeros(size, np.float32)
    for j in range(size):
        pivot = _pivot(float(matrix[j, j]), factor[:j, j])
        if not pivot >= _SMALLEST_PIVOT:
            return np.zeros_like(right)
        reciprocals[j] = 1.0 / math.sqrt(pivot)
        column = (remaining[j, j + 1 :] * reciprocals[j]).astype(np.float32)
        factor[j, j + 1 :] = column
        open_part = remaining[j + 1 :, j + 1 :]
        open_part -= column[:-1, None] * column
    return _back_substitute(factor, reciprocals)


def _pivot(diagonal: float, row: Float32Array) -> float:
    """Return a diagonal element less the squares of the factor's row, which are not rounded."""
    for element in row.tolist():
        diagonal -= element * element
    return diagonal


def _back_substitute(factor: Float32Array, reciprocals: Float32Array) -> Float32Array:
    """Solve Lᵀ x = y, row j of the factor holding column j of L and, last, y_j."""
    solution: Float32Array = factor[:, -1].copy()
    remaining: Float64Array = solution.astype(np.float64)
    across = np.ascontiguousarray(factor[:, :-1].T)
    for i in range(len(solution) - 1, -1, -1):
        solution[i] = remaining[i] * reciprocals[i]
        remaining[:i] -= across[i, :i] * solution[i]
    return solution


def cholesky_inverse(matrices: Float32Array) -> Float32Array:
    """Invert positive definite matrices: (n, p, p) -> (n, p, p) float32.

    Returns zeros for all of them if one is not positive definite.
    """
    factors = _factor(matrices)
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
