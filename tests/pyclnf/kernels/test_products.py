"""Products of every level against :func:`pyclnf.arithmetic.product_order.ordered_product`."""

from __future__ import annotations

import numpy as np
import pytest
from support.compare_openblas import PRODUCTS

from pyclnf.arithmetic.reference_order import ReferenceOrder

SIZES = [*PRODUCTS, (1, 1, 1), (1, 330, 60), (14, 33, 120), (330, 122, 24), (40, 7, 17)]


def factors(rows: int, terms: int, columns: int, n: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([rows, terms, columns])
    left = rng.standard_normal((n, rows, terms)).astype(np.float32)
    return left, rng.standard_normal((n, terms, columns)).astype(np.float32)


@pytest.mark.parametrize("sizes", SIZES)
def test_products(level: int, sizes: tuple[int, int, int]):
    from pyclnf.kernels.arithmetic import CompiledOrder

    left, right = factors(*sizes)
    expected = ReferenceOrder().neuron_sums(left, right)
    assert CompiledOrder(level).neuron_sums(left, right).tobytes() == expected.tobytes()


def test_several_at_once_in_any_layout(level: int):
    from pyclnf.kernels.arithmetic import CompiledOrder

    left, right = factors(13, 50, 40, n=3)
    transposed = np.asfortranarray(left)
    expected = ReferenceOrder().neuron_sums(left, right[:, :, 1::2])
    found = CompiledOrder(level).neuron_sums(transposed, right[:, :, 1::2])
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("shape", [(0, 3, 4, 5), (2, 0, 4, 5), (2, 3, 0, 5), (2, 3, 4, 0)])
def test_nothing_to_multiply(level: int, shape: tuple[int, int, int, int]):
    from pyclnf.kernels.arithmetic import CompiledOrder

    n, rows, terms, columns = shape
    left, right = np.zeros((n, rows, terms), "f"), np.zeros((n, terms, columns), "f")
    found = CompiledOrder(level).neuron_sums(left, right)
    assert found.shape == (n, rows, columns)
    assert not found.any()


@pytest.mark.parametrize(
    "shapes",
    [
        ((0, 4), (4, 16), (0, 16), (0, 16)),
        ((2, 4), (3, 16), (2, 16), (2, 16)),
        ((2, 4), (4, 15), (2, 15), (2, 15)),
        ((2, 4), (4, 16), (2, 32), (2, 16)),
        ((2, 4), (4, 16), (2, 16), (3, 16)),
    ],
)
def test_shapes_that_do_not_fit(level: int, shapes: tuple[tuple[int, int], ...]):
    from pyclnf.kernels import _kernels

    left, right, product = (np.zeros(shapes[i], np.float32) for i in (0, 1, 3))
    groups = np.array([[0, 4]], np.int32)
    with pytest.raises(ValueError, match="expected"):
        _kernels.multiply(level, left, right, np.zeros(shapes[2], np.uint8), groups, product)


@pytest.mark.parametrize("groups", [[[0, 3]], [[1, 4]], [[0, 2], [3, 4]], [[0, 4], [4, 4]]])
def test_groups_that_leave_something_out(level: int, groups: list[list[int]]):
    from pyclnf.kernels import _kernels

    left, right, product = (np.zeros(shape, "f") for shape in ((2, 4), (4, 16), (2, 16)))
    orders = np.zeros((2, 16), np.uint8)
    with pytest.raises(ValueError, match="groups"):
        _kernels.multiply(level, left, right, orders, np.array(groups, np.int32), product)
