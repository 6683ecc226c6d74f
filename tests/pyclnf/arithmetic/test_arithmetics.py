"""What holds for both ways of adding up, and how far they may lie apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from support import exact

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.arithmetic.rounded_once import RoundedOnce

Matrix = npt.NDArray[np.float32]
ROUNDING = 2.0**-24
ONCE, REFERENCE = RoundedOnce(), ReferenceOrder()


def draw(*shapes: tuple[int, ...]) -> list[Matrix]:
    rng = np.random.default_rng(list(shapes[0]))
    return [exact.spread_values(rng, *shape) for shape in shapes]


def assert_within_sum_bound(one: Matrix, other: Matrix, terms: int, sizes: npt.NDArray) -> None:
    """Assert that two sums of products differ by what K + 1 roundings may make of Σ|a·b|."""
    bound = 1.001 * (terms + 1) * ROUNDING * sizes
    assert np.all(abs(one.astype(np.float64) - other) <= bound)
    assert np.any(one != other), "too small a sample to tell the two apart"


def magnitude(*arrays: Matrix) -> list[npt.NDArray[np.float64]]:
    return [abs(array.astype(np.float64)) for array in arrays]


def test_both_give_the_same_shapes():
    matrix, vector, start = draw((204, 34), (34,), (204,))
    one, other = (each.affine(start, matrix, vector) for each in (ONCE, REFERENCE))
    np.testing.assert_array_equal(one, other)


def test_neuron_sums_within_bound():
    weights, windows = draw((3, 7, 122), (3, 122, 25))
    w, a = magnitude(weights, windows)
    one, other = (each.neuron_sums(weights, windows) for each in (ONCE, REFERENCE))
    assert_within_sum_bound(one, other, 122, w @ a)


def test_sigma_products_within_bound():
    sigmas, responses = draw((3, 81, 81), (3, 81))
    s, r = magnitude(sigmas, responses)
    one, other = (each.sigma_products(sigmas, responses) for each in (ONCE, REFERENCE))
    assert_within_sum_bound(one, other, 81, (s @ r[:, :, None])[:, :, 0])


@pytest.mark.parametrize("size", [6, 40])
def test_gram_within_bound(size: int):
    weighted, jacobian, diagonal = draw((136, size), (136, size), (size,))
    w, j, d = magnitude(weighted, jacobian, diagonal)
    one, other = (each.gram(weighted, jacobian, diagonal) for each in (ONCE, REFERENCE))
    assert_within_sum_bound(one, other, 138, w.T @ j + np.diag(d))


@pytest.mark.parametrize("size", [9, 81, 121, 225])
def test_inverses_within_bound(size: int):
    matrices = definite_matrices(3, size)
    once, reference = (each.invert(matrices).astype(np.float64) for each in (ONCE, REFERENCE))
    for one, other, matrix in zip(once, reference, matrices, strict=True):
        condition = np.linalg.cond(matrix.astype(np.float64))
        assert condition < 1000
        # Cholesky loses at most about n roundings, magnified by the condition.
        apart = np.linalg.norm(one - other, 2) / np.linalg.norm(one, 2)
        assert 0 < apart <= size * condition * ROUNDING


@pytest.mark.parametrize("size", [9, 49, 169])
def test_inverses_of_multiples_of_the_identity_within_bound(size: int):
    diagonal = np.geomspace(0.01, 1000, 50).astype(np.float32)
    once, reference = (each.invert_scalars(diagonal, size) for each in (ONCE, REFERENCE))
    # Root, reciprocal and square: four roundings, one of them squared.
    np.testing.assert_allclose(reference, once, rtol=6 * ROUNDING)


def test_both_solve_alike():
    matrix, right = definite_matrices(1, 40)[0], draw((40,))[0]
    one, other = (each.solve(matrix, right) for each in (ONCE, REFERENCE))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("size", [25, 121])
def test_inverse_times_matrix_is_the_identity(arithmetic: Arithmetic, size: int):
    matrices = definite_matrices(2, size).astype(np.float64)
    products = arithmetic.invert(matrices.astype(np.float32)) @ matrices
    condition = np.linalg.cond(matrices).max()
    identity = np.broadcast_to(np.eye(size), products.shape)
    np.testing.assert_allclose(products, identity, atol=size * condition * ROUNDING)


@pytest.mark.parametrize("size", [9, 121])
def test_a_matrix_that_is_not_positive_definite_gives_zeros(arithmetic: Arithmetic, size: int):
    matrices = definite_matrices(4, size)
    sound = arithmetic.invert(matrices)
    matrices[1] = 0
    matrices[2] = -matrices[2]
    inverses = arithmetic.invert(matrices)
    np.testing.assert_array_equal(inverses[[0, 3]], sound[[0, 3]])
    assert not inverses[1:3].any()


@pytest.mark.parametrize("size", [9, 121])
def test_multiples_of_the_identity_that_are_not_positive_give_zeros(
    arithmetic: Arithmetic, size: int
):
    inverses = arithmetic.invert_scalars(np.array([4, 0, -1, 0.5], np.float32), size)
    assert inverses.dtype == np.float32
    np.testing.assert_allclose(inverses, [0.25, 0, 0, 2], rtol=6 * ROUNDING)


def test_arguments_are_left_alone(arithmetic: Arithmetic):
    weights, windows, matrix, right = draw((2, 7, 26), (2, 26, 9), (26, 10), (10,))
    hessian, precision = definite_matrices(1, 10)[0], definite_matrices(2, 100)
    arguments = [weights, windows, matrix, right, hessian, precision]
    kept = [argument.copy() for argument in arguments]
    arithmetic.affine(matrix[:, 0], matrix, right)
    arithmetic.neuron_sums(weights, windows)
    arithmetic.gram(matrix, matrix, right)
    arithmetic.solve(hessian, right)
    arithmetic.invert(precision)
    arithmetic.sigma_products(precision, windows.reshape(2, -1)[:, :100])
    for argument, before in zip(arguments, kept, strict=True):
        np.testing.assert_array_equal(argument, before)


def definite_matrices(count: int, size: int) -> Matrix:
    rng = np.random.default_rng([count, size])
    raw = rng.standard_normal((count, size, size))
    matrices = np.matmul(raw, raw.transpose(0, 2, 1)) / size + 0.05 * np.eye(size)
    symmetric: Matrix = ((matrices + matrices.transpose(0, 2, 1)) / 2).astype(np.float32)
    return symmetric
