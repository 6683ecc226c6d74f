"""Inverses against their NumPy definition, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from pyclnf.arithmetic.blocked_cholesky import LARGEST, SMALLEST
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.typing import Float32Array

PLAIN = [*range(1, 20), 25, 31, 33, 49, 63, 64, 65, 81, 99, LARGEST + 1]
BLOCKED = [*range(SMALLEST, SMALLEST + 17), 121, 127, 128, 129, 131, 133, 169, 225, 289, LARGEST]


def inverted(level: int, matrices: Float32Array) -> Float32Array:
    from pyclnf.kernels.arithmetic import CompiledOrder

    return CompiledOrder(level).invert(matrices)


def positive_definite(size: int, count: int, seed: int = 0) -> Float32Array:
    """Return matrices whose halves differ: each order has a half that it must not look at."""
    rng = np.random.default_rng([seed, size])
    factors = rng.normal(size=(count, size, size + 3))
    matrices = factors @ factors.transpose(0, 2, 1) / size + 0.5 * np.eye(size)
    matrices += 1e-3 * rng.normal(size=matrices.shape)
    return matrices.astype(np.float32)


def assert_as_defined(level: int, matrices: Float32Array) -> Float32Array:
    found = inverted(level, matrices)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = ReferenceOrder().invert(matrices)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()
    return found


@pytest.mark.parametrize("size", PLAIN)
def test_plain(level: int, size: int):
    found = assert_as_defined(level, positive_definite(size, 2))
    assert found.all()


@pytest.mark.parametrize("size", BLOCKED)
def test_blocked(level: int, size: int):
    found = assert_as_defined(level, positive_definite(size, 1))
    assert found.all()


@pytest.mark.parametrize("size", [9, 121])
def test_ill_conditioned(level: int, size: int):
    chain = 2 * np.eye(size) - np.eye(size, k=1) - np.eye(size, k=-1)
    shifts = np.array([1e-2, 1.0, 1e4])[:, None, None]
    assert_as_defined(level, (100 * chain + shifts * np.eye(size)).astype(np.float32))


@pytest.mark.parametrize("size", [5, 81, 121])
@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        (0, 0, 0.0),
        (-1, -1, -1.0),
        (-1, -1, np.nan),
        (2, 2, np.inf),
        (2, 1, np.nan),
        (1, 2, np.nan),
        (2, 1, 3e38),
        (1, 2, -3e38),
    ],
)
def test_one_that_is_not_positive_definite(
    level: int, size: int, row: int, column: int, value: float
):
    matrices = positive_definite(size, 3)
    matrices[1, row, column] = value
    found = assert_as_defined(level, matrices)
    assert found[0].all()
    assert found[2].all()


@pytest.mark.parametrize("size", [7, 121])
def test_tiny_and_huge(level: int, size: int):
    scales = np.array([1e-6, 1e-3, 1e18, 1e36], np.float32)[:, None, None]
    assert_as_defined(level, scales * positive_definite(size, 4))


@pytest.mark.parametrize("size", [7, 121])
def test_layouts(level: int, size: int):
    matrices = positive_definite(size, 2)
    expected = inverted(level, matrices).tobytes()
    assert inverted(level, np.asfortranarray(matrices)).tobytes() == expected
    matrices.setflags(write=False)
    assert inverted(level, matrices).tobytes() == expected


def test_none(level: int):
    assert inverted(level, np.empty((0, 121, 121), np.float32)).shape == (0, 121, 121)


def test_arguments_are_checked(level: int):
    from pyclnf.kernels import _kernels

    def invert(matrices: tuple[int, ...], inverses: tuple[int, ...], less: int = 0) -> None:
        workspace = np.empty(_kernels.inverse_floats(level, 5) - less, np.float32)
        empty = (np.empty(shape, np.float32) for shape in (matrices, inverses))
        one, other = empty
        _kernels.invert(level, one, False, other, workspace)

    with pytest.raises(ValueError, match="expected \\(n, p, p\\) matrices"):
        invert((2, 5, 4), (2, 5, 5))
    with pytest.raises(ValueError, match="expected an inverse per matrix"):
        invert((2, 5, 5), (3, 5, 5))
    with pytest.raises(ValueError, match="expected \\(n, p, p\\) inverses"):
        invert((2, 5, 5), (2, 5, 4))
    with pytest.raises(ValueError, match="expected a workspace"):
        invert((2, 5, 5), (2, 5, 5), less=1)
    with pytest.raises(ValueError, match="at least one row"):
        _kernels.inverse_floats(level, 0)
