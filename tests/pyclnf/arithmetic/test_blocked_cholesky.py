from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt
import pytest

from pyclnf.arithmetic.blocked_cholesky import LARGEST, SMALLEST, blocked_inverse

SIZES = (SMALLEST, 101, 103, 121, 169, 225)

# CRC-32 of the inverses of `whole_numbers`, from the version whose inverses equalled OpenBLAS's.
RECORDED = {100: 0xA9B12779, 121: 0x7BBBF74E, 169: 0x83EF5A0C, 225: 0xAA07D964}


def definite_matrices(count: int, size: int) -> npt.NDArray[np.float32]:
    raw = np.random.default_rng([count, size]).standard_normal((count, size, size))
    matrices = np.matmul(raw, raw.transpose(0, 2, 1)) / size + 0.05 * np.eye(size)
    return np.asarray((matrices + matrices.transpose(0, 2, 1)) / 2, np.float32)


def whole_numbers(size: int) -> npt.NDArray[np.float32]:
    """Return a matrix with a heavy diagonal, the same on every machine."""
    row, column = np.indices((size, size))
    low, high = np.minimum(row, column), np.maximum(row, column)
    matrix = (low * 7919 + high * 104729 + low * high * 31) % 41 - 20
    matrix[range(size), range(size)] = 4 * size + np.arange(size) % 17
    return np.asarray(matrix, np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_inverts_within_bound(size: int):
    matrices = definite_matrices(2, size)
    wide = matrices.astype(np.float64)
    for inverse, matrix in zip(blocked_inverse(matrices), wide, strict=True):
        expected = np.linalg.inv(matrix)
        # The usual bound, n times rounding times condition; what is lost is far less.
        bound = size * np.linalg.cond(matrix) * 2.0**-24
        apart = np.linalg.norm(inverse - expected, 2) / np.linalg.norm(expected, 2)
        assert apart <= bound < 0.02


@pytest.mark.parametrize("size", SIZES)
def test_inverse_of_a_diagonal_matrix(size: int):
    roots = 2.0 ** (np.arange(size) % 5 - 2)
    matrix = np.diag(roots**2).astype(np.float32)
    np.testing.assert_array_equal(blocked_inverse(matrix[None])[0], np.diag(1 / roots**2))


@pytest.mark.parametrize("size", RECORDED)
def test_recorded_bits(size: int):
    inverse = blocked_inverse(whole_numbers(size)[None])[0]
    assert zlib.crc32(inverse.astype("<f4").tobytes()) == RECORDED[size]


def test_matrices_do_not_depend_on_each_other():
    matrices = definite_matrices(25, SMALLEST)  # more than are worked on at a time
    together = blocked_inverse(matrices)
    for n in (0, 3, 19, 20, 24):
        np.testing.assert_array_equal(together[n], blocked_inverse(matrices[n : n + 1])[0])


def test_only_the_lower_triangle_counts():
    matrix = definite_matrices(1, SMALLEST)
    # Element (row, column) stands at [column, row]: the factor is kept by columns.
    other = np.triu(matrix)
    np.testing.assert_array_equal(blocked_inverse(other), blocked_inverse(matrix))


@pytest.mark.parametrize("size", [SMALLEST, 121])
def test_not_positive_definite_gives_zeros_without_warning(size: int):
    matrices = definite_matrices(4, size)
    sound = blocked_inverse(matrices[:1])
    matrices[1] = 0
    matrices[2, 50, 50] = -1
    matrices[3] = np.nan
    inverses = blocked_inverse(matrices)
    np.testing.assert_array_equal(inverses[:1], sound)
    assert not inverses[1:].any()


def test_limits_hold_the_windows_of_openface():
    assert SMALLEST <= 11**2
    assert LARGEST >= 15**2
