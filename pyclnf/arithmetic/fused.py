"""Fused multiply-add on float32 arrays: one product and one sum, rounded once.

A product of two float32 is exact in float64. Rounding its sum with a float32 to float64 first and
then to float32 differs from rounding once only where the float64 lies halfway between two
neighbouring float32, about once in 10**9 sums; those are found and nudged.
"""

from __future__ import annotations

import numpy as np

from pyclnf.typing import BoolArray, Float32Array, Float64Array

__all__ = ["fused_multiply_add", "lies_halfway", "rounded_sum"]

_TAIL = np.int64((1 << 29) - 1)
"""The bits of a float64 beyond those of a float32."""
_HALFWAY = np.int64(1 << 28)


def fused_multiply_add(a: Float32Array, b: Float32Array, c: Float32Array) -> Float32Array:
    """Return a · b + c, rounded once; arrays are broadcast."""
    return rounded_sum(a.astype(np.float64) * b.astype(np.float64), c.astype(np.float64))


def rounded_sum(product: Float64Array, addend: Float64Array) -> Float32Array:
    """Return product + addend rounded to float32 once.

    Parameters
    ----------
    product, addend : float64 arrays
        Exact products of two float32, and float32 values; shapes that broadcast to `product`'s.
    """
    total: Float64Array = product + addend
    halfway = lies_halfway(total)
    if halfway.any():
        _nudge(total, product, np.broadcast_to(addend, total.shape), halfway)
    return total.astype(np.float32)


def lies_halfway(values: Float64Array) -> BoolArray:
    """Tell which float64 lie halfway between two neighbouring float32."""
    halfway: BoolArray = (values.view(np.int64) & _TAIL) == _HALFWAY
    return halfway


def _nudge(
    total: Float64Array,
    product: Float64Array,
    addend: Float64Array,
    halfway: BoolArray,
) -> None:
    """Move sums that lie halfway towards what their rounding to float64 has lost (two-sum)."""
    sums, left, right = total[halfway], product[halfway], addend[halfway]
    other = sums - left
    lost = (left - (sums - other)) + (right - other)
    towards = np.where(lost > 0, np.inf, -np.inf)
    total[halfway] = np.where(lost != 0, np.nextafter(sums, towards), sums)
