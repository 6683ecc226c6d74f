"""Products of matrices whose sums run in a fixed order, rounded to float32 after every step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pyclnf.arithmetic.fused import lies_halfway, rounded_sum
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["even_odd_sum", "running_product", "running_sum"]

_UNROLLED = 8
"""The even-odd order alternates within whole groups of this many terms."""


def running_sum(
    left: Float32Array, right: Float32Array, terms: Iterable[int] | None = None
) -> Float32Array:
    """Multiply matrices with one running fused multiply-add per element.

    Parameters
    ----------
    left, right : (n, r, K), (n, K, c) float32
    terms : iterable of int, optional
        The inner indices to add, in order; all of them by default.

    Returns
    -------
    (n, r, c) float32
    """
    lefts: Float64Array = left.transpose(2, 0, 1)[..., None].astype(np.float64, order="C")
    rights: Float64Array = right.transpose(1, 0, 2)[:, :, None].astype(np.float64, order="C")
    shape = (left.shape[0], left.shape[1], right.shape[2])
    total = np.zeros(shape, np.float32)
    products, widened = np.empty(shape), np.zeros(shape)
    for k in range(left.shape[2]) if terms is None else terms:
        np.matmul(lefts[k], rights[k], out=products)  # one product per element: exact
        total = rounded_sum(products, widened)
        np.copyto(widened, total)
    return total


def running_product(matrix: Float32Array, vector: Float32Array) -> Float32Array:
    """Multiply a matrix with a vector, one running fused multiply-add per row.

    (r, c), (c,) -> (r,) float32. Like :func:`running_sum`, with the rare sums that need care
    looked for only once, at the end.
    """
    if not vector.any() and np.isfinite(matrix).all():  # a fit's start: every sum is 0
        return np.zeros(len(matrix), np.float32)
    sums: Float64Array = np.multiply(matrix.T, vector.astype(np.float64)[:, None], order="C")
    total, widened = np.zeros(len(matrix), np.float32), np.zeros(len(matrix))
    for product_or_sum in sums:
        np.add(product_or_sum, widened, out=product_or_sum)
        total[...] = product_or_sum
        widened[...] = total
    if lies_halfway(sums).any():
        return running_sum(matrix[None], vector[None, :, None])[0, :, 0]
    return total


def even_odd_sum(left: Float32Array, right: Float32Array) -> Float32Array:
    """Multiply matrices with two running sums per element, over even and odd terms, then added.

    Shapes as :func:`running_sum`. Terms beyond the last whole group of eight go to the even sum.
    """
    count = left.shape[2]
    grouped = count - count % _UNROLLED
    even: Sequence[int] = [*range(0, grouped, 2), *range(grouped, count)]
    return running_sum(left, right, even) + running_sum(left, right, range(1, grouped, 2))
