from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from support import exact

from pyclnf.arithmetic.reference_order import ReferenceOrder

Matrix = npt.NDArray[np.float32]
REFERENCE = ReferenceOrder()


def draw(*shapes: tuple[int, ...]) -> list[Matrix]:
    rng = np.random.default_rng(list(shapes[0]))
    return [exact.spread_values(rng, *shape) for shape in shapes]


def test_affine_adds_the_start_last():
    matrix, vector, start = draw((9, 34), (34,), (9,))
    products = [exact.running(row, vector) for row in matrix]
    np.testing.assert_array_equal(REFERENCE.affine(start, matrix, vector), start + products)


@pytest.mark.parametrize("windows", [9, 25])
def test_of_seven_neurons_four_take_the_even_odd_order(windows: int):
    def order(neuron: int, window: int) -> exact.Order:
        last = window == windows - 1
        return exact.even_odd if neuron < 4 and not last else exact.running

    weights, areas = draw((2, 7, 18), (2, 18, windows))
    sums = REFERENCE.neuron_sums(weights, areas)
    for n in range(2):
        np.testing.assert_array_equal(sums[n], exact.product(weights[n], areas[n], order))


def test_sigma_products_take_the_running_order():
    sigmas, responses = draw((3, 9, 9), (3, 9))
    products = REFERENCE.sigma_products(sigmas, responses)
    for n in range(3):
        expected = [exact.running(row, responses[n]) for row in sigmas[n]]
        np.testing.assert_array_equal(products[n], np.array(expected))


def test_gram_of_forty_parameters():
    def order(row: int, column: int) -> exact.Order:
        if row >= 36:
            return exact.even_odd
        first = 0 if row % 12 < 6 else 32
        return exact.even_odd if first <= column < first + 8 else exact.running

    weighted, jacobian, diagonal = draw((18, 40), (18, 40), (40,))
    expected = exact.product(weighted.T, jacobian, order)
    expected[range(40), range(40)] += diagonal
    np.testing.assert_array_equal(REFERENCE.gram(weighted, jacobian, diagonal), expected)


def test_gram_of_a_rigid_phase_takes_the_running_order():
    weighted, jacobian, diagonal = draw((18, 6), (18, 6), (6,))
    expected = exact.product(weighted.T, jacobian, lambda i, j: exact.running)
    expected[range(6), range(6)] += diagonal
    np.testing.assert_array_equal(REFERENCE.gram(weighted, jacobian, diagonal), expected)


@pytest.mark.parametrize("size", [9, 49, 169])
def test_inverses_of_multiples_of_the_identity(size: int):
    diagonal = np.array([0.3, 1.0, 7.0, 55.5], np.float32)
    whole = REFERENCE.invert(diagonal[:, None, None] * np.eye(size, dtype=np.float32))
    elements = whole[:, range(size), range(size)]
    np.testing.assert_array_equal(elements, np.broadcast_to(elements[:, :1], elements.shape))
    np.testing.assert_array_equal(elements[:, 0], REFERENCE.invert_scalars(diagonal, size))


def batch(size: int) -> dict[str, tuple[Matrix, ...]]:
    """Return arguments of every method that takes landmarks together, for many of them."""
    count = 20  # more than are worked on at a time
    weights, areas, raw, responses = draw(
        (count, 7, 26), (count, 26, 9), (count, size, size + 3), (count, size)
    )
    matrices = np.matmul(raw, raw.transpose(0, 2, 1)) + np.eye(size, dtype=np.float32)
    return {
        "neuron_sums": (weights, areas),
        "sigma_products": (matrices, responses),
        "invert": ((matrices + matrices.transpose(0, 2, 1)) / np.float32(2),),
    }


@pytest.mark.parametrize("name", ["neuron_sums", "sigma_products", "invert"])
@pytest.mark.parametrize("size", [25, 101])
def test_a_landmark_does_not_depend_on_the_others(name: str, size: int):
    arguments = batch(size)[name]
    method = getattr(REFERENCE, name)
    together = method(*arguments)
    for n in (0, 7, 16, 17, 19):
        alone = method(*(argument[n : n + 1] for argument in arguments))
        np.testing.assert_array_equal(together[n], alone[0])
    reordered = method(*(argument[::-1] for argument in arguments))
    np.testing.assert_array_equal(reordered[::-1], together)


@pytest.mark.parametrize("size", [25, 101])
def test_one_bad_matrix_leaves_the_other_inverses_alone(size: int):
    (matrices,) = batch(size)["invert"]
    matrices = matrices[:3].copy()
    sound = REFERENCE.invert(matrices)
    matrices[1] = -matrices[1]
    inverses = REFERENCE.invert(matrices)
    np.testing.assert_array_equal(inverses[[0, 2]], sound[[0, 2]])
    assert not inverses[1].any()


def test_no_landmarks_at_all():
    weights, areas, responses = (np.zeros(s, np.float32) for s in ((0, 7, 9), (0, 9, 4), (0, 4)))
    assert REFERENCE.neuron_sums(weights, areas).shape == (0, 7, 4)
    assert REFERENCE.sigma_products(np.zeros((0, 4, 4), np.float32), responses).shape == (0, 4)
