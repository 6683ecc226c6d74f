from __future__ import annotations

import numpy as np
import pytest
from support import exact

from pyclnf.arithmetic.rounded_once import RoundedOnce

ONCE = RoundedOnce()


def draw(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(list(shapes[0]))
    return [exact.spread_values(rng, *shape) for shape in shapes]


def test_affine_adds_the_start_last():
    matrix, vector, start = draw((30, 34), (34,), (30,))
    products = np.array([exact.running(row, vector) for row in matrix])
    np.testing.assert_array_equal(ONCE.affine(start, matrix, vector), start + products)


@pytest.mark.parametrize("neurons", [0, 1, 7, 8, 9])
def test_neuron_sums_are_rounded_once(neurons: int):
    weights, windows = draw((2, neurons, 122), (2, 122, 9))
    sums = ONCE.neuron_sums(weights, windows)
    assert sums.dtype == np.float32
    assert sums.shape == (2, neurons, 9)
    expected = [
        [[exact.dot(row, windows[n, :, w]) for w in range(9)] for row in weights[n]]
        for n in range(2)
    ]
    np.testing.assert_array_equal(sums, np.array(expected).reshape(sums.shape))


def test_sigma_products_are_rounded_once():
    sigmas, responses = draw((11, 9, 9), (11, 9))
    expected = [[exact.dot(row, r) for row in s] for s, r in zip(sigmas, responses, strict=True)]
    np.testing.assert_array_equal(ONCE.sigma_products(sigmas, responses), np.array(expected))


def test_gram_rounds_the_product_once_and_then_the_diagonal():
    weighted, jacobian, diagonal = draw((24, 10), (24, 10), (10,))
    expected = np.array(
        [[exact.dot(weighted[:, i], jacobian[:, j]) for j in range(10)] for i in range(10)]
    )
    expected[range(10), range(10)] += diagonal
    np.testing.assert_array_equal(ONCE.gram(weighted, jacobian, diagonal), expected)


def test_gram_of_an_array_with_itself():
    jacobian, diagonal = draw((136, 40), (40,))
    product = ONCE.gram(jacobian, jacobian, diagonal)
    np.testing.assert_array_equal(product, product.T)
    np.testing.assert_array_equal(product, ONCE.gram(jacobian.copy(), jacobian, diagonal))


@pytest.mark.parametrize("size", [9, 25, 121])
def test_inverses_are_float64_inverses_rounded(size: int):
    (raw,) = draw((10, size, size + 3))
    matrices = np.matmul(raw, raw.transpose(0, 2, 1)) / np.float32(size)
    matrices = matrices + np.float32(0.1) * np.eye(size, dtype=np.float32)
    inverses = ONCE.invert(matrices)
    assert inverses.dtype == np.float32
    expected = np.linalg.inv(matrices.astype(np.float64))
    # Half a unit in the last place, and what float64 itself loses (condition below 1e5).
    np.testing.assert_allclose(inverses, expected, rtol=2.0**-24 * 1.001, atol=1e-9)


def test_inverses_of_multiples_of_the_identity():
    diagonal = np.array([0.3, 1.0, 7.0, 55.5], np.float32)
    whole = ONCE.invert(diagonal[:, None, None] * np.eye(49, dtype=np.float32))
    np.testing.assert_array_equal(whole[:, 0, 0], ONCE.invert_scalars(diagonal, 49))


def test_a_matrix_without_inverse_gives_zeros_and_leaves_others_alone():
    matrices = np.stack([2 * np.eye(9), np.zeros((9, 9)), 4 * np.eye(9)]).astype(np.float32)
    inverses = ONCE.invert(matrices)
    np.testing.assert_array_equal(inverses[:, 0, 0], np.array([0.5, 0, 0.25], np.float32))
    assert not inverses[1].any()
