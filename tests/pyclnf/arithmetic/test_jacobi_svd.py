from __future__ import annotations

import itertools
import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pyclnf.arithmetic.jacobi_svd import jacobi_svd

Matrix = npt.NDArray[np.float32]
TOLERANCE = 2e-6
"""Relative to the largest singular value: some sweeps, each rounding to 2**-24 a few times."""

ENTRIES = st.floats(-100, 100, width=32, allow_subnormal=False).map(
    lambda v: v if abs(v) > 1e-6 else 0.0
)
MATRICES = st.sampled_from([2, 3]).flatmap(lambda k: arrays(np.float32, (k, k), elements=ENTRIES))


def singular_values(u: Matrix, matrix: Matrix, vt: Matrix) -> npt.NDArray[np.float64]:
    """Return uᵀ · matrix · v, a diagonal matrix."""
    return u.T.astype(np.float64) @ matrix @ vt.T


def assert_sound(matrix: Matrix) -> None:
    u, vt = jacobi_svd(matrix)
    k = len(matrix)
    assert u.shape == vt.shape == (k, k)
    assert u.dtype == vt.dtype == np.float32
    values = np.diag(singular_values(u, matrix, vt))
    size = max(values[0], np.finfo(np.float32).tiny)
    assert np.all(values >= -TOLERANCE * size)
    assert np.all(np.diff(values) <= TOLERANCE * size)
    np.testing.assert_allclose(values, np.linalg.svd(matrix)[1], atol=TOLERANCE * size)
    np.testing.assert_allclose((u * values) @ vt, matrix, atol=TOLERANCE * size)
    np.testing.assert_allclose(vt @ vt.T, np.eye(k), atol=TOLERANCE)


def rotation_by_rotation(matrix: npt.NDArray[Any], tolerance: float) -> npt.NDArray[Any]:
    """Return U · S, then V, below each other, in the matrix's own numbers, columns not sorted."""
    kind = matrix.dtype.type
    both = np.concatenate((matrix, np.eye(len(matrix), dtype=kind)))

    def inner(i: int, j: int) -> float:
        total = 0.0
        for k in range(len(matrix)):
            total += float(both[k, i]) * float(both[k, j])
        return total

    for _ in range(30):
        for i, j in itertools.combinations(range(len(matrix)), 2):
            twice, difference = 2.0 * inner(i, j), inner(i, i) - inner(j, j)
            if abs(twice) <= 2.0 * tolerance * math.sqrt(inner(i, i) * inner(j, j)):
                continue
            length = math.hypot(twice, difference)
            if difference < 0:
                sine = kind(math.sqrt((length - difference) * 0.5 / length))
                cosine = kind(twice / (length * float(sine) * 2.0))
            else:
                cosine = kind(math.sqrt((length + difference) / (length * 2.0)))
                sine = kind(twice / (length * float(cosine) * 2.0))
            for k in range(len(both)):
                first, second = both[k, i], both[k, j]
                both[k, i] = cosine * first + sine * second
                both[k, j] = cosine * second - sine * first
    return both


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize(("kind", "epsilons"), [(np.float32, 2), (np.float64, 10)])
@pytest.mark.parametrize("spread", [1e-7, 1e-3, 1.0, 300.0])
def test_rotation_by_rotation(size: int, kind: type, epsilons: int, spread: float):
    rng = np.random.default_rng([size, 2])
    for _ in range(10):
        matrix: npt.NDArray[Any] = (
            spread * rng.standard_normal((size, size)) + np.eye(size)
        ).astype(kind)
        both = rotation_by_rotation(matrix, epsilons * float(np.finfo(kind).eps))
        norms = [math.sqrt(math.fsum(x * x for x in column.tolist())) for column in both[:size].T]
        order = np.argsort(norms)[::-1]
        u, vt = jacobi_svd(matrix)
        np.testing.assert_array_equal(vt, both[size:].T[order])
        np.testing.assert_allclose(u * np.array(norms)[order], both[:size, order], rtol=1e-6)


@given(MATRICES)
def test_any_matrix(matrix: Matrix):
    assert_sound(matrix)


@pytest.mark.parametrize("size", [2, 3])
def test_vectors_equal_numpy_up_to_sign(size: int):
    rng = np.random.default_rng(size)
    for _ in range(50):
        matrix = rng.standard_normal((size, size)).astype(np.float32)
        u, vt = jacobi_svd(matrix)
        expected_u, values, expected_vt = np.linalg.svd(matrix.astype(np.float64))
        gap = min(-np.diff(values).max(), values[-1])
        signs = np.sign((u * expected_u).sum(axis=0))
        tolerance = TOLERANCE * values[0] / gap
        np.testing.assert_allclose(u * signs, expected_u, atol=tolerance)
        np.testing.assert_allclose(vt * signs[:, None], expected_vt, atol=tolerance)
        np.testing.assert_allclose(u.T @ u, np.eye(size), atol=TOLERANCE * values[0] / values[-1])


@pytest.mark.parametrize(
    "rows",
    [
        [[0, 0], [0, 0]],
        [[1, 0], [0, 0]],
        [[1, 2], [2, 4]],
        [[0, 3], [0, 1]],
        [[0, 0, 0], [0, 2, 0], [0, 0, 0]],
        [[1, 2, 3], [2, 4, 6], [0, 0, 0]],
    ],
)
def test_columns_of_vanishing_singular_values_are_zero(rows: list[list[int]]):
    matrix = np.array(rows, np.float32)
    assert_sound(matrix)
    u, _ = jacobi_svd(matrix)
    rank = np.linalg.matrix_rank(matrix)
    np.testing.assert_allclose(np.linalg.norm(u, axis=0), np.arange(len(rows)) < rank, atol=1e-6)


@pytest.mark.parametrize("size", [2, 3])
def test_float64_is_kept(size: int):
    for seed in range(20):
        matrix = np.random.default_rng([size, seed]).standard_normal((size, size))
        u, vt = jacobi_svd(matrix)
        assert u.dtype == vt.dtype == np.float64
        values = np.linalg.svd(matrix)[1]
        np.testing.assert_allclose((u * values) @ vt, matrix, atol=1e-14 * values[0])
        np.testing.assert_allclose(vt @ vt.T, np.eye(size), atol=1e-14)


def test_identity_stays_as_it_is():
    for size in (2, 3):
        for factor in jacobi_svd(np.eye(size, dtype=np.float32)):
            np.testing.assert_array_equal(factor, np.eye(size))


def test_equal_singular_values_keep_their_order():
    u, vt = jacobi_svd(np.array([[0, 2], [-2, 0]], np.float32))
    np.testing.assert_array_equal(vt, np.eye(2))
    np.testing.assert_array_equal(u, [[0, 1], [-1, 0]])


@pytest.mark.skipif(
    not cv2.__version__.startswith("4."), reason=f"OpenCV {cv2.__version__} is not the reference's"
)
@pytest.mark.parametrize("size", [2, 3])
def test_bits_are_those_of_opencv(size: int):
    rng = np.random.default_rng([size, 1])
    for spread in (1e-3, 1.0, 300.0):
        for _ in range(100):
            matrix = (spread * rng.standard_normal((size, size))).astype(np.float32)
            matrix += np.eye(size, dtype=np.float32)
            _, expected_u, expected_vt = cv2.SVDecomp(matrix)
            u, vt = jacobi_svd(matrix)
            np.testing.assert_array_equal(u, expected_u)
            np.testing.assert_array_equal(vt, expected_vt)
