"""Inverses of larger positive definite matrices, as the reference rounds them.

From 100 rows on, the reference leaves Cholesky to LAPACK on OpenBLAS (0.3.21 or alike, Haswell
kernels, one thread): a factor L, then L·Y = I, then Lᵀ·X = Y. Every number is a float32. Below,
*fused* is one multiplication and one addition with a single rounding, *plain* a rounded product
and then a rounded sum. Divisions by a diagonal element are products with its float32 reciprocal.

*Factor.* Up to 32 rows go column by column. Larger matrices go in panels of a quarter of their
columns, the last one holding what is left: a panel's diagonal block is factored by this same rule;
the rows under it are found by forward substitution, unknowns in groups of 12, then 8, 4, 2, 1;
then what the panel explains, one fused running sum per element over its columns, is subtracted
from all that is to its lower right.

*Column by column.* The diagonal element loses the squares of the row before it: rounded, added
two by two in float32, these sums added in float64. Of the m elements under it, the last m mod 4
lose one plain running sum. The others lose a fused sum for each four columns, then the columns
left over one at a time, plain; in the first (m - m mod 4) mod 16 of them the sum over four is of
two chains, over columns 0, 2 and 1, 3.

*Substitution.* A group of unknowns first loses one fused running sum over all earlier ones; inside
it, each unknown is multiplied by its reciprocal and at once taken from those to come: fused, but
plain in groups of 2 of a panel. The two solves use groups of 8, 4, 2, 1 from the top. The second
one takes them from the bottom, its sums running from the last row up; in the last n mod 4 columns
of the right-hand side they run downwards and the steps inside a group are plain.

This gave the reference's bits for every size from 100 to 320 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from pyclnf.arithmetic.fused import fused_multiply_add
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["LARGEST", "SMALLEST", "blocked_inverse", "is_blocked"]

SMALLEST, LARGEST = 100, 320
"""Rows of the matrices for which all this holds."""

_LEAF = 32
_SOLVE_GROUPS = (8, 4, 2, 1)
_PANEL_GROUPS = (12, 8, 4, 2, 1)
_TRAILING_COLUMNS = 32
_ROWS_AT_A_TIME = 2048
"""Rows of all matrices together that are worked on at a time, to stay in the cache."""

_Step = Callable[[Float32Array, Float32Array, Float32Array], Float32Array]


def is_blocked(size: int) -> bool:
    """Tell whether the reference inverts matrices of so many rows in this way."""
    return SMALLEST <= size <= LARGEST


def blocked_inverse(matrices: Float32Array) -> Float32Array:
    """Invert symmetric positive definite matrices.

    Parameters
    ----------
    matrices : (n, p, p) float32
        p from 100 to 320.

    Returns
    -------
    (n, p, p) float32
        The two halves of an inverse may differ in their last bits. Zeros for a matrix that is
        not positive definite.
    """
    size = matrices.shape[-1]
    inverses = np.empty_like(matrices)
    at_once = max(1, _ROWS_AT_A_TIME // size)
    for first in range(0, len(matrices), at_once):
        part = slice(first, first + at_once)
        inverses[part] = _inverse(matrices[part])
    return inverses


def _inverse(matrices: Float32Array) -> Float32Array:
    """Invert a few matrices."""
    size = matrices.shape[-1]
    # columns[b, c, r] is row r of column c; the factor replaces the elements with r >= c.
    columns = matrices.copy()
    solution = np.zeros_like(matrices)
    solution[:, range(size), range(size)] = 1
    whole = size - size % 4
    with np.errstate(invalid="ignore", divide="ignore"):
        _factor(columns)
        _forward(columns, solution, _SOLVE_GROUPS, identity=True)
        _backward(columns, solution[:, :, :whole], last_columns=False)
        _backward(columns, solution[:, :, whole:], last_columns=True)
    solution[~np.isfinite(solution).all(axis=(1, 2))] = 0
    return solution


def _factor(columns: Float32Array) -> None:
    """Replace matrices by their Cholesky factors."""
    size = columns.shape[-1]
    if size <= _LEAF:
        _factor_by_column(columns)
        return
    step = size // 4
    for start in range(0, size, step):
        stop = min(start + step, size)
        block = columns[:, start:stop, start:stop]
        _factor(block)
        if stop < size:
            panel = columns[:, start:stop, stop:]
            _forward(block, panel, _PANEL_GROUPS, fused_from=4)
            _subtract_panel(columns[:, stop:, stop:], panel)


def _subtract_panel(corner: Float32Array, panel: Float32Array) -> None:
    """Subtract panelᵀ · panel from a corner, on and below its diagonal."""
    for first in range(0, corner.shape[-1], _TRAILING_COLUMNS):
        last = first + _TRAILING_COLUMNS
        block = corner[:, first:last, first:]
        total = np.zeros_like(block)
        for k in range(panel.shape[1]):
            total = fused_multiply_add(
                panel[:, k, first:last, None], panel[:, k, None, first:], total
            )
        block -= total


def _factor_by_column(columns: Float32Array) -> None:
    """Factor small matrices column by column."""
    for j in range(columns.shape[-1]):
        row = columns[:, :j, j]
        root = np.sqrt(columns[:, j, j] - _sum_of_squares(row))
        columns[:, j, j] = root
        below = columns[:, j, j + 1 :]
        _subtract_columns(below, columns[:, :j, j + 1 :], row)
        below *= (np.float32(1) / root)[:, None]


def _sum_of_squares(row: Float32Array) -> Float32Array:
    """Sum squares two by two in float32, the pairs in float64: (b, k) -> (b,) float32."""
    squares = row * row
    even = row.shape[1] // 2 * 2
    pairs = squares[:, 0:even:2] + squares[:, 1:even:2]
    total: Float64Array = np.zeros(len(row))
    for part in (pairs, squares[:, even:]):
        for k in range(part.shape[1]):
            total += part[:, k]
    return total.astype(np.float32)


def _subtract_columns(below: Float32Array, left: Float32Array, row: Float32Array) -> None:
    """Subtract from elements under the diagonal what earlier columns explain.

    Parameters
    ----------
    below : (b, m) float32
    left : (b, k, m) float32
        Earlier columns, same rows.
    row : (b, k) float32
        Elements of earlier columns beside the diagonal element.
    """
    rows, count = below.shape[1], row.shape[1]
    whole, fours = rows - rows % 4, count - count % 4
    split = whole % 16
    body = below[:, :whole]

    def product(k: int, part: slice) -> Float32Array:
        return left[:, k, part] * row[:, k, None]

    def add(k: int, part: slice, total: Float32Array) -> Float32Array:
        return fused_multiply_add(left[:, k, part], row[:, k, None], total)

    first, rest, tail = slice(split), slice(split, whole), slice(whole, None)
    for k in range(0, fours, 4):
        even = add(k + 2, first, product(k, first))
        odd = add(k + 3, first, product(k + 1, first))
        body[:, first] -= even + odd
        total = product(k, rest)
        for following in (k + 1, k + 2, k + 3):
            total = add(following, rest, total)
        body[:, rest] -= total
    for k in range(fours, count):
        body -= product(k, slice(whole))
    total = np.zeros_like(below[:, tail])
    for k in range(count):
        total += product(k, tail)
    below[:, tail] -= total


def _forward(
    columns: Float32Array,
    right: Float32Array,
    widths: Iterable[int],
    fused_from: int = 0,
    *,
    identity: bool = False,
) -> None:
    """Solve L · x = right in place.

    `fused_from` is the least width of a group whose inner steps are fused; `identity` says that
    right is the identity, whose solution is lower triangular.
    """
    reciprocals = _reciprocals(columns)
    for start, stop in _groups(columns.shape[-1], widths):
        here = right[:, :, :stop] if identity else right
        rows = here[:, start:stop]
        rows -= _running(columns[:, :, start:stop], here, range(start))
        subtract = _subtract_fused if stop - start >= fused_from else _subtract_plain
        for i in range(start, stop):
            here[:, i] *= reciprocals[:, i, None]
            later = here[:, i + 1 : stop]
            later[...] = subtract(later, columns[:, i, i + 1 : stop, None], here[:, i, None])


def _backward(columns: Float32Array, right: Float32Array, *, last_columns: bool) -> None:
    """Solve Lᵀ · x = right in place; the last columns of a right-hand side have their own order."""
    size = columns.shape[-1]
    reciprocals = _reciprocals(columns)
    across = columns.transpose(0, 2, 1)
    subtract: _Step = _subtract_plain if last_columns else _subtract_fused
    for start, stop in reversed(_groups(size, _SOLVE_GROUPS)):
        order = range(stop, size) if last_columns else range(size - 1, stop - 1, -1)
        rows = right[:, start:stop]
        rows -= _running(across[:, :, start:stop], right, order)
        for i in range(stop - 1, start - 1, -1):
            right[:, i] *= reciprocals[:, i, None]
            later = right[:, start:i]
            later[...] = subtract(later, across[:, i, start:i, None], right[:, i, None])


def _groups(size: int, widths: Iterable[int]) -> list[tuple[int, int]]:
    """Fill a size with groups, as many of each width as fit."""
    start, groups = 0, []
    for width in widths:
        while size - start >= width:
            groups.append((start, start + width))
            start += width
    return groups


def _reciprocals(columns: Float32Array) -> Float32Array:
    """Return one over the diagonals, (b, p)."""
    return np.float32(1) / np.diagonal(columns, axis1=1, axis2=2)


def _running(factors: Float32Array, right: Float32Array, order: Iterable[int]) -> Float32Array:
    """Return the fused running sum of columns of factors times rows of right."""
    total = np.zeros((len(right), factors.shape[2], right.shape[2]), np.float32)
    for k in order:
        total = fused_multiply_add(factors[:, k, :, None], right[:, k, None], total)
    return total


def _subtract_plain(c: Float32Array, a: Float32Array, b: Float32Array) -> Float32Array:
    """Return c - a · b, the product rounded."""
    return c - a * b


def _subtract_fused(c: Float32Array, a: Float32Array, b: Float32Array) -> Float32Array:
    """Return c - a · b, rounded once."""
    return fused_multiply_add(-a, b, c)
