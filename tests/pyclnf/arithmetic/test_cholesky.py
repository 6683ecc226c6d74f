from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pyclnf.arithmetic.cholesky import cholesky_inverse, cholesky_solve

Matrix = npt.NDArray[np.float32]

needs_opencv_4 = pytest.mark.skipif(
    not cv2.__version__.startswith("4."), reason=f"OpenCV {cv2.__version__} is not the reference's"
)


def definite_matrix(size: int, seed: int = 0, ridge: float = 0.05) -> Matrix:
    raw = np.random.default_rng([size, seed]).standard_normal((size, size))
    matrix = (raw @ raw.T / size + ridge * np.eye(size)).astype(np.float32)
    return (matrix + matrix.T) / np.float32(2)


def right_side(size: int, seed: int = 0) -> Matrix:
    return np.random.default_rng([size, seed, 1]).standard_normal(size).astype(np.float32)


def number_by_number(matrix: Matrix, right: Matrix) -> Matrix:
    """Solve by Cholesky: factor in float32, sums in float64, one Python number at a time."""
    size = len(right)
    factor = np.zeros((size, size), np.float32)
    for i in range(size):
        for j in range(i):
            total = float(matrix[i, j])
            for k in range(j):
                total -= float(factor[i, k] * factor[j, k])
            factor[i, j] = total * float(factor[j, j])
        total = float(matrix[i, i])
        for k in range(i):
            total -= float(factor[i, k]) ** 2
        factor[i, i] = 1.0 / math.sqrt(total)
    solution = right.copy()
    for i in range(size):
        total = float(solution[i])
        for k in range(i):
            total -= float(factor[i, k] * solution[k])
        solution[i] = total * float(factor[i, i])
    for i in reversed(range(size)):
        total = float(solution[i])
        for k in reversed(range(i + 1, size)):
            total -= float(factor[k, i] * solution[k])
        solution[i] = total * float(factor[i, i])
    return solution


@pytest.mark.parametrize("size", [1, 2, 6, 10, 40])
@pytest.mark.parametrize("seed", range(3))
def test_solution_number_by_number(size: int, seed: int):
    matrix, right = definite_matrix(size, seed), right_side(size, seed)
    solution = cholesky_solve(matrix, right)
    assert solution.dtype == np.float32
    np.testing.assert_array_equal(solution, number_by_number(matrix, right))


@pytest.mark.parametrize("size", [1, 4, 9])
def test_inverse_number_by_number(size: int):
    matrices = np.stack([definite_matrix(size, seed) for seed in range(3)])
    inverses = cholesky_inverse(matrices)
    for matrix, inverse in zip(matrices, inverses, strict=True):
        columns = [number_by_number(matrix, row) for row in np.eye(size, dtype=np.float32)]
        np.testing.assert_array_equal(inverse, np.array(columns).T)


@needs_opencv_4
@pytest.mark.parametrize("size", [4, 6, 10, 40, 81])  # up to 3, OpenCV takes determinants
def test_bits_are_those_of_opencv(size: int):
    matrices = np.stack([definite_matrix(size, seed) for seed in range(5)])
    inverses = cholesky_inverse(matrices)
    for seed, matrix in enumerate(matrices):
        right = right_side(size, seed)
        _, solution = cv2.solve(matrix, right[:, None], flags=cv2.DECOMP_CHOLESKY)
        np.testing.assert_array_equal(cholesky_solve(matrix, right), solution[:, 0])
        _, inverse = cv2.invert(matrix, flags=cv2.DECOMP_CHOLESKY)
        np.testing.assert_array_equal(inverses[seed], inverse)


@pytest.mark.parametrize("size", [6, 40, 81])
def test_solves_within_bound(size: int):
    matrix, right = definite_matrix(size), right_side(size)
    wide = matrix.astype(np.float64)
    expected = np.linalg.solve(wide, right)
    # Each element of the factor is rounded about three times; the condition magnifies that.
    bound = 4 * np.linalg.cond(wide) * 2.0**-24
    assert bound < 1e-3
    apart = np.linalg.norm(cholesky_solve(matrix, right) - expected) / np.linalg.norm(expected)
    assert apart <= bound
    columns = cholesky_inverse(matrix[None])[0] @ right.astype(np.float64)
    assert np.linalg.norm(columns - expected) / np.linalg.norm(expected) <= bound


def not_definite() -> dict[str, Matrix]:
    indefinite = definite_matrix(6)
    indefinite[4, 4] = -1
    with_nan = definite_matrix(6)
    with_nan[3, 3] = np.nan
    return {
        "zero": np.zeros((6, 6), np.float32),
        "negative": -np.eye(6, dtype=np.float32),
        "indefinite": indefinite,
        "singular": np.ones((6, 6), np.float32),
        "not a number": with_nan,
        "below epsilon": np.float32(1e-8) * np.eye(6, dtype=np.float32),
    }


@pytest.mark.parametrize("kind", not_definite())
def test_a_failed_solution_leaves_nothing_behind(kind: str):
    matrix, right = definite_matrix(6), right_side(6)
    before = cholesky_solve(matrix, right)
    cholesky_solve(not_definite()[kind], np.full(6, np.nan, np.float32))
    np.testing.assert_array_equal(cholesky_solve(matrix, right), before)


def test_solutions_are_kept_apart():
    first = cholesky_solve(definite_matrix(6, 0), right_side(6, 0))
    kept = first.copy()
    second = cholesky_solve(definite_matrix(6, 1), right_side(6, 1))
    np.testing.assert_array_equal(first, kept)
    assert np.all(first != second)


def test_threads_do_not_disturb_each_other():
    systems = [(definite_matrix(40, seed), right_side(40, seed)) for seed in range(16)]
    expected = [cholesky_solve(*system) for system in systems]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda system: cholesky_solve(*system), systems * 4))
    np.testing.assert_array_equal(found, expected * 4)


@pytest.mark.parametrize("kind", not_definite())
def test_not_positive_definite_gives_zeros(kind: str):
    matrix = not_definite()[kind]
    np.testing.assert_array_equal(cholesky_solve(matrix, right_side(6)), np.zeros(6))
    np.testing.assert_array_equal(cholesky_inverse(matrix[None]), np.zeros((1, 6, 6)))
