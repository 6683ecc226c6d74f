from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from support import exact

from pyclnf.arithmetic.ordered_sums import even_odd_sum, running_product, running_sum

Matrix = npt.NDArray[np.float32]

# 1 + 2**-24 · (1 + 2**-36) shows as a tie in float64, and would be rounded down.
NEARLY_HALFWAY = (
    np.array([1, 2.0**-24 * (1 + 2048 * 2.0**-23)], np.float32),
    np.array([1, 1 - 4095 * 2.0**-24], np.float32),
)


def draw(*shapes: tuple[int, ...]) -> list[Matrix]:
    rng = np.random.default_rng(list(shapes[0]))
    return [exact.spread_values(rng, *shape) for shape in shapes]


@pytest.mark.parametrize("terms", [1, 2, 7, 8, 9, 15, 16, 19, 24])
@pytest.mark.parametrize(
    ("sums", "order"), [(running_sum, exact.running), (even_odd_sum, exact.even_odd)]
)
def test_sums_are_done_in_their_order(
    terms: int, sums: Callable[[Matrix, Matrix], Matrix], order: exact.Order
):
    left, right = draw((2, 5, terms), (2, terms, 4))
    result = sums(left, right)
    assert result.dtype == np.float32
    for n in range(2):
        expected = exact.product(left[n], right[n], lambda i, j: order)
        np.testing.assert_array_equal(result[n], expected)


def test_the_orders_differ_on_such_numbers():
    left, right = draw((1, 8, 24), (1, 24, 8))
    assert np.mean(running_sum(left, right) != even_odd_sum(left, right)) > 0.5


def test_running_sum_of_chosen_terms():
    left, right = draw((1, 1, 9), (1, 9, 1))
    order = [7, 2, 3, 8]
    expected = exact.fused_sum(left[0, 0], right[0, :, 0], order)
    assert running_sum(left, right, order)[0, 0, 0] == expected
    assert running_sum(left, right, [])[0, 0, 0] == 0


@pytest.mark.parametrize("terms", [1, 4, 34])
def test_running_product_is_a_running_sum(terms: int):
    matrix, vector = draw((50, terms), (terms,))
    expected = [exact.running(row, vector) for row in matrix]
    product = running_product(matrix, vector)
    assert product.dtype == np.float32
    np.testing.assert_array_equal(product, np.array(expected))


def test_sums_that_lie_nearly_halfway():
    left, right = NEARLY_HALFWAY
    up = np.float32(1 + 2.0**-23)
    assert running_sum(left[None, None], right[None, :, None])[0, 0, 0] == up
    rows = np.stack([left[::-1], left, -left, left])
    expected = [exact.running(row, right) for row in rows]
    assert expected[1] == up
    np.testing.assert_array_equal(running_product(rows, right), np.array(expected))


def test_a_sum_may_lie_halfway_on_its_way():
    left, right = (np.append(values, np.float32(3)) for values in NEARLY_HALFWAY)
    expected = exact.running(left, right)
    assert running_product(left[None], right)[0] == expected
    assert running_sum(left[None, None], right[None, :, None])[0, 0, 0] == expected


def test_any_layout_in_memory():
    left, right = draw((3, 9, 5), (3, 4, 9))
    strided = running_sum(left.transpose(0, 2, 1), right.transpose(0, 2, 1))
    copied = running_sum(
        np.ascontiguousarray(left.transpose(0, 2, 1)),
        np.ascontiguousarray(right.transpose(0, 2, 1)),
    )
    np.testing.assert_array_equal(strided, copied)
    matrix, vector = left[0].T, right[0, 0]
    expected = running_product(np.ascontiguousarray(matrix), vector)
    np.testing.assert_array_equal(running_product(matrix, vector), expected)
