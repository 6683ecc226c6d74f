from __future__ import annotations

import numpy as np
import pytest
from support import exact

from pyclnf.arithmetic.product_order import even_odd_elements, ordered_product, term_groups


def cuts(count: int) -> list[int]:
    """Return where a dimension is cut: by 320, then, above that, in halves of whole eights."""
    starts = [0]
    while count - starts[-1] > 320:
        left = count - starts[-1]
        starts.append(starts[-1] + (320 if left >= 640 else (left // 2 + 7) // 8 * 8))
    return starts


def takes_even_odd(row: int, column: int, rows: int, columns: int) -> bool:
    """Tell the order of one element from where it lies."""
    panel = max(start for start in cuts(columns) if start <= column)
    width = min([start for start in cuts(columns) if start > panel] + [columns]) - panel
    block, blocks = (column - panel) // 8, width // 8
    if block >= blocks:
        return False
    beyond = rows % 12
    if row >= rows - beyond:
        # Only the first panel cuts two strips of four from eight rows and more.
        in_short_strip = row - (rows - beyond) < beyond // 4 * 4
        return in_short_strip and (panel == 0 or beyond < 8)
    if blocks < 2:
        return False
    if row % 12 < 6:
        return block == 0 or (block == blocks - 1 and blocks % 2 == 0)
    return block == blocks - 1 and blocks % 2 == 1


SHAPES = [
    *((rows, columns) for rows in (1, 3, 4, 7, 11, 12, 13, 25, 40) for columns in (1, 7, 8, 17)),
    *[(40, 40), (6, 6), (7, 121), (7, 225), (36, 32), (16, 320)],
    *[(7, 321), (9, 400), (24, 639), (31, 640), (23, 700), (12, 1000)],
]


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_orders_element_by_element(rows: int, columns: int):
    expected = [[takes_even_odd(i, j, rows, columns) for j in range(columns)] for i in range(rows)]
    np.testing.assert_array_equal(even_odd_elements(rows, columns), expected)


@pytest.mark.parametrize("size", [5, 7, 9, 11, 13, 15])
def test_of_seven_neurons_four_are_even_odd_in_all_windows_but_the_last(size: int):
    elements = even_odd_elements(7, size**2)
    assert elements[:4, :-1].all()
    assert not elements[4:].any()
    assert not elements[:, -1].any()


def test_normal_equations_of_forty_parameters():
    elements = even_odd_elements(40, 40)
    for row in range(36):
        first = 0 if row % 12 < 6 else 32
        np.testing.assert_array_equal(np.flatnonzero(elements[row]), np.arange(first, first + 8))
    assert elements[36:].all()


def test_products_with_a_vector_and_of_rigid_phases_are_running():
    assert not even_odd_elements(225, 1).any()
    assert not even_odd_elements(6, 6).any()


def test_what_is_kept_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        even_odd_elements(40, 40)[0, 0] = False


@pytest.mark.parametrize(("terms", "starts"), [(1, [0]), (320, [0]), (321, [0, 160]), (650, None)])
def test_groups_of_terms(terms: int, starts: list[int] | None):
    expected = cuts(terms) if starts is None else starts
    assert term_groups(terms) == list(zip(expected, [*expected[1:], terms], strict=True))


@pytest.mark.parametrize(
    ("rows", "terms", "columns"), [(7, 26, 9), (13, 9, 17), (3, 11, 5), (8, 3, 16), (1, 1, 1)]
)
def test_products_are_summed_in_their_order(rows: int, terms: int, columns: int):
    def order(row: int, column: int) -> exact.Order:
        return exact.even_odd if takes_even_odd(row, column, rows, columns) else exact.running

    rng = np.random.default_rng([rows, terms, columns])
    left = exact.spread_values(rng, 2, rows, terms)
    right = exact.spread_values(rng, 2, terms, columns)
    products = ordered_product(left, right)
    assert products.dtype == np.float32
    for n in range(2):
        np.testing.assert_array_equal(products[n], exact.product(left[n], right[n], order))


def test_groups_of_terms_are_summed_by_themselves():
    rng = np.random.default_rng(0)
    left, right = exact.spread_values(rng, 1, 2, 330), exact.spread_values(rng, 1, 330, 3)
    one = ordered_product(left[:, :, :168], right[:, :168])
    other = ordered_product(left[:, :, 168:], right[:, 168:])
    np.testing.assert_array_equal(ordered_product(left, right), one + other)
    whole = exact.product(left[0], right[0], lambda i, j: exact.running)
    assert np.any(whole != (one + other)[0])
