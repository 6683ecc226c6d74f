"""Matrix products with every element summed in the order the reference's BLAS takes.

That is OpenBLAS (0.3.21 or alike) on one thread with its Haswell or Zen kernels, neither matrix
transposed. An element of C (rows x columns) = A (rows x terms) · B (terms x columns), row by row
in memory, is summed in the *running* or the *even-odd* order of
:mod:`pyclnf.arithmetic.ordered_sums`; which one depends on nothing but where it lies:

- *Panels.* Up to 320 columns are one panel. With more, panels are cut from the left: of 320
  while 640 or more columns are left, else of half of what is left, rounded down and then up to a
  multiple of 8, once more than 320 are.
- *Strips.* Within a panel, rows are cut from the top into strips of 12. The rows beyond give, in
  the first panel, strips of 4 and one of 1 to 3; in a later one a strip of 8 where they can, else
  of 4, then one of 1 to 3.
- *Blocks.* Within a strip, columns form blocks of 8. In a strip of 4 all whole blocks are
  even-odd. In a strip of 12 with at least two blocks, the upper six rows are so in the first
  block and, if the number of blocks is even, in the last; the lower six rows in the last block if
  it is odd. Everything else is running.

Terms are cut like columns, above 320 only; each group is summed by itself, and the groups' sums
are added to C one after another.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from pyclnf.arithmetic.ordered_sums import even_odd_sum, running_sum
from pyclnf.typing import BoolArray, Float32Array

__all__ = ["even_odd_elements", "ordered_product", "term_groups"]

_LARGEST = 320
"""Columns of a panel, and terms of a group, at most."""
_BLOCK = 8
"""Columns of a block, and terms that the even-odd order takes at a time."""
_STRIP = 12
_SHORT_STRIP = 4


def ordered_product(left: Float32Array, right: Float32Array) -> Float32Array:
    """Multiply matrices as the reference's BLAS does: (n, r, K), (n, K, c) -> (n, r, c) float32."""
    first, *others = term_groups(left.shape[2])
    total = _group_product(left[:, :, slice(*first)], right[:, slice(*first)])
    for group in others:
        total = total + _group_product(left[:, :, slice(*group)], right[:, slice(*group)])
    return total


@lru_cache(maxsize=64)
def even_odd_elements(rows: int, columns: int) -> BoolArray:
    """Tell which elements of a product are summed in the even-odd order.

    Parameters
    ----------
    rows, columns : int
        Of the product. (With fewer than eight terms, the two orders are the same sum.)

    Returns
    -------
    (rows, columns) bool
        Read-only.
    """
    mask = np.zeros((rows, columns), np.bool_)
    for start, stop in _cut(columns):
        for top, height in _strips(rows, first_panel=start == 0):
            _mark_strip(mask[top : top + height, start:stop])
    mask.setflags(write=False)
    return mask


def term_groups(terms: int) -> list[tuple[int, int]]:
    """Return the (start, stop) of the groups of terms that are summed by themselves."""
    return list(_cut(terms)) or [(0, 0)]


def _group_product(left: Float32Array, right: Float32Array) -> Float32Array:
    """Multiply with up to 320 terms; only what is needed is computed in each order."""
    mask = even_odd_elements(left.shape[1], right.shape[2])
    mixed = mask.any(axis=1)
    product = np.empty((len(left), *mask.shape), np.float32)
    product[:, ~mixed] = running_sum(left[:, ~mixed], right)
    if mixed.any():
        rows = np.flatnonzero(mixed)
        for summed, wanted in ((running_sum, ~mask[rows]), (even_odd_sum, mask[rows])):
            columns = np.flatnonzero(wanted.any(axis=0))
            part = summed(left[:, rows], right[:, :, columns])
            place, chosen = np.ix_(rows, columns), wanted[:, columns]
            product[:, place[0], place[1]] = np.where(chosen, part, product[:, place[0], place[1]])
    return product


def _cut(count: int) -> Iterator[tuple[int, int]]:
    """Cut a dimension into ranges (start, stop) of at most 320."""
    start = 0
    while start < count:
        length = _range_length(count - start)
        yield start, start + length
        start += length


def _range_length(left: int) -> int:
    """Return how many of the columns or terms left come next."""
    if left >= 2 * _LARGEST:
        return _LARGEST
    if left > _LARGEST:
        return -(-(left // 2) // _BLOCK) * _BLOCK
    return left


def _strips(rows: int, *, first_panel: bool) -> Iterator[tuple[int, int]]:
    """Give the strips (first row, height) of a panel that can have even-odd elements."""
    whole = rows - rows % _STRIP
    for top in range(0, whole, _STRIP):
        yield top, _STRIP
    beyond = rows - whole
    if first_panel:
        for top in range(whole, whole + beyond - beyond % _SHORT_STRIP, _SHORT_STRIP):
            yield top, _SHORT_STRIP
    elif _SHORT_STRIP <= beyond < 2 * _SHORT_STRIP:  # eight rows or more: a strip of 8, running
        yield whole, _SHORT_STRIP


def _mark_strip(strip: BoolArray) -> None:
    """Mark the even-odd elements of a strip of 4 or 12 rows of a panel."""
    blocks = strip.shape[1] // _BLOCK
    if len(strip) == _SHORT_STRIP:
        strip[:, : blocks * _BLOCK] = True
    elif blocks >= 2:
        upper, lower = strip[: _STRIP // 2], strip[_STRIP // 2 :]
        upper[:, :_BLOCK] = True
        alone = upper if blocks % 2 == 0 else lower
        alone[:, (blocks - 1) * _BLOCK : blocks * _BLOCK] = True
