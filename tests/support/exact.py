"""Float32 arithmetic by way of fractions: slow, and beyond doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]
Order: TypeAlias = Callable[[Float32, Float32], np.float32]

PRECISION = 24
"""Bits of a float32's significand."""
SMALLEST_EXPONENT = -149


def rounded(value: Fraction) -> np.float32:
    """Return the float32 nearest to a number within float32's range, ties to even."""
    if value == 0:
        return np.float32(0)
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < Fraction(2) ** exponent:
        exponent -= 1
    step = Fraction(2) ** max(exponent - PRECISION + 1, SMALLEST_EXPONENT)
    return np.float32(float(round(value / step) * step))


def fused(a: float | np.float32, b: float | np.float32, c: float | np.float32) -> np.float32:
    """Return a · b + c, rounded once."""
    return rounded(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c)))


def fused_sum(left: Float32, right: Float32, order: Iterable[int]) -> np.float32:
    """Return the sum of products of the terms named, one fused multiply-add after another."""
    total = np.float32(0)
    for k in order:
        total = fused(float(left[k]), float(right[k]), total)
    return total


def dot(left: Float32, right: Float32) -> np.float32:
    """Return the exact sum of products, rounded once."""
    pairs = zip(left, right, strict=True)
    return rounded(sum((Fraction(float(a)) * Fraction(float(b)) for a, b in pairs), Fraction(0)))


def spread_values(rng: np.random.Generator, *shape: int) -> Float32:
    """Draw values of either sign and of sizes about 0.1 to 10, whose sums cancel and round."""
    values = rng.standard_normal(shape) * 2.0 ** rng.uniform(-3, 3, shape)
    return np.asarray(values, np.float32)


def running(left: Float32, right: Float32) -> np.float32:
    """Return a sum of products in the running order."""
    return fused_sum(left, right, range(len(left)))


def even_odd(left: Float32, right: Float32) -> np.float32:
    """Return a sum of products in the even-odd order."""
    grouped = len(left) // 8 * 8
    even = [k for k in range(len(left)) if k % 2 == 0 or k >= grouped]
    odd = [k for k in range(len(left)) if k not in even]
    return fused_sum(left, right, even) + fused_sum(left, right, odd)


def product(left: Float32, right: Float32, order: Callable[[int, int], Order]) -> Float32:
    """Multiply (r, K) with (K, c); `order` tells which sum the element (i, j) takes."""
    rows, columns = len(left), right.shape[1]
    elements = [[order(i, j)(left[i], right[:, j]) for j in range(columns)] for i in range(rows)]
    return np.array(elements, np.float32).reshape(rows, columns)
