from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import exact

from pyclnf.arithmetic.fused import fused_multiply_add, rounded_sum

FLOATS = st.builds(
    lambda significand, exponent: float(significand) * 2.0**exponent,
    st.integers(-(2**24), 2**24),
    st.integers(-40, 20),
)

# a · b + c is next to the middle between two float32, but float64 shows it as the middle itself.
TINY = 2.0**-100
UP, DOWN = 1 + 2048 * 2.0**-23, 1 - 4095 * 2.0**-24  # UP · DOWN = 1 + 2**-36
OVER, UNDER = 1 + 2.0**-23, 1 - 2.0**-23  # OVER · UNDER = 1 - 2**-46
NEARLY_HALFWAY = [
    (97.0, 172961.0, TINY),  # 2**24 + 1: ties would go down
    (1549.0, 10831.0, -TINY),  # 2**24 + 3: ties would go up
    (UP * 2.0**-24, DOWN, 1.0),
    (OVER * 2.0**-24, UNDER, 1 + 2.0**-23),
    (UP * 2.0**-12, DOWN * 2.0**-2, 2.0**10),
]
HALFWAY = [
    (97.0, 172961.0, 0.0, 2.0**24),
    (1549.0, 10831.0, 0.0, 2.0**24 + 4),
    (2.0**-24, 1.0, 1.0, 1.0),
    (2.0**-24, 1.0, 1 + 2.0**-23, 1 + 2.0**-22),
    (0.5, 2.0**-24, 1 - 2.0**-24, 1.0),
]


def fused(a: float, b: float, c: float) -> np.float32:
    terms = [np.array([value], np.float32) for value in (a, b, c)]
    assert [float(term[0]) for term in terms] == [a, b, c]
    return np.float32(fused_multiply_add(*terms)[0])


@given(FLOATS, FLOATS, FLOATS)
def test_equals_exact_arithmetic(a: float, b: float, c: float):
    assert fused(a, b, c) == exact.fused(a, b, c)


def test_equals_exact_arithmetic_where_sums_cancel():
    rng = np.random.default_rng(0)
    a, b, c = exact.spread_values(rng, 3, 2000)
    c = np.where(rng.random(2000) < 0.5, -(a * b) * np.float32(1 + 2**-20), c).astype(np.float32)
    expected = [exact.fused(*terms) for terms in zip(a, b, c, strict=True)]
    np.testing.assert_array_equal(fused_multiply_add(a, b, c), np.array(expected))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("a", "b", "c"), NEARLY_HALFWAY)
def test_is_rounded_once_next_to_halfway(a: float, b: float, c: float, sign: float):
    rounded_twice = np.float32(sign * (a * b + c))
    expected = exact.fused(sign * a, b, sign * c)
    assert rounded_twice != expected
    assert fused(sign * a, b, sign * c) == expected


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("a", "b", "c", "even"), HALFWAY)
def test_ties_go_to_even(a: float, b: float, c: float, even: float, sign: float):
    assert fused(sign * a, b, sign * c) == sign * even


def test_halfway_sums_are_found_among_others():
    a, b, c = np.array(NEARLY_HALFWAY * 3, np.float32).T
    a[5:10], c[5:10] = 3, 4
    expected = [exact.fused(*terms) for terms in zip(a, b, c, strict=True)]
    np.testing.assert_array_equal(fused_multiply_add(a, b, c), np.array(expected))


def test_arrays_are_broadcast():
    a, b, c = NEARLY_HALFWAY[0]
    column = np.array([[a], [2.0]], np.float32)
    row = np.array([b, 5.0, 7.0], np.float32)
    table = fused_multiply_add(column, row, np.array(c, np.float32))
    assert table.dtype == np.float32
    expected = [[exact.fused(x, y, c) for y in row.tolist()] for x in (a, 2.0)]
    np.testing.assert_array_equal(table, np.array(expected))


def test_sums_leave_their_arguments_alone():
    a, b, c = np.array(NEARLY_HALFWAY).T
    product, addend = a * b, c.copy()
    kept = product.copy()
    sums = rounded_sum(product, addend)
    np.testing.assert_array_equal(product, kept)
    np.testing.assert_array_equal(addend, c)
    np.testing.assert_array_equal(sums, [exact.fused(*terms) for terms in NEARLY_HALFWAY])
