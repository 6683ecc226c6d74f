"""Each step of a compiled phase against its definition: equal in every bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.vectors import ROTATIONS, float32

from pyclnf import rotation
from pyclnf.arithmetic import elementary
from pyclnf.arithmetic.jacobi_svd import jacobi_svd

_phase = pytest.importorskip("pyclnf.kernels._phase", reason="kernels are not built")
_kernels = pytest.importorskip("pyclnf.kernels._kernels", reason="kernels are not built")

LEVELS = sorted(_kernels.levels().values())
Float32 = npt.NDArray[np.float32]

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 0.975, 0.4375, 0.6875, 1.1875, 2.4375, math.pi / 2, math.pi]
SPECIAL += [2.0**-12, 2.0**-29, 2.0**-149, 2.0**-126, 2.0**25, 119.99, -119.99]
EXTREME = [math.inf, -math.inf, math.nan, 3.4e38, -3.4e38]
TURNS = st.tuples(*[st.one_of(float32(-2, 2), float32(-1e-6, 1e-6), st.just(0.0))] * 3).map(
    lambda each: np.array(each, np.float32)
)
AXIS_ANGLES = st.tuples(*[float32(-1.8, 1.8)] * 3).map(lambda each: np.array(each, np.float32))
"""No longer than the turns of a rotation can be, rounded."""


def step(level: int, name: str, *given: npt.NDArray, results: int = 1, shape: Any = None) -> Any:
    """Carry out a step; return its result, or several."""
    first = given[0]
    outcome = tuple(
        np.full(first.shape if shape is None else shape, 7, first.dtype) for _ in range(results)
    )
    _phase.step(level, name, (*(array.copy() for array in given), *outcome))
    return outcome if results > 1 else outcome[0]


def assert_same(found: npt.NDArray, expected: npt.NDArray) -> None:
    """Compare bits, of NaN only that they are."""
    expected = np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    holes = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(found), holes)
    assert found[~holes].tobytes() == expected[~holes].tobytes()


def some_float32(largest: float) -> Float32:
    """Return numbers of all sizes up to one, and of ordinary sizes."""
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2**32, 4000, np.uint32).view(np.float32)
    plain = rng.uniform(-1, 1, 4000) * rng.choice([1, 4, largest], 4000)
    bits = bits[np.isfinite(bits)]
    values = np.concatenate((bits, plain.astype(np.float32), np.array(SPECIAL, np.float32)))
    within: Float32 = values[np.abs(values) <= largest]
    return within


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("name", "definition", "largest"),
    [
        ("sine", elementary.sinf, 119.99),
        ("cosine", elementary.cosf, 119.99),
        ("arcsine", elementary.asinf, 1.01),
    ],
)
def test_elementary(level: int, name: str, definition: Callable[..., Any], largest: float):
    beyond = np.array([np.inf, -np.inf, np.nan], np.float32)
    values = np.concatenate((some_float32(largest), beyond))
    assert_same(step(level, name, values), np.array([definition(x) for x in values], np.float32))


@pytest.mark.parametrize("level", LEVELS)
def test_arctangent(level: int):
    rng = np.random.default_rng(6)
    values = np.concatenate((some_float32(3.4e38), np.array(EXTREME, np.float32)))
    special = np.array([*SPECIAL, *EXTREME], np.float32)
    pairs = np.stack(np.meshgrid(special, special)).reshape(2, -1)
    y = np.concatenate((rng.permutation(values), pairs[0]))
    x = np.concatenate((rng.permutation(values), pairs[1]))
    expected = [elementary.atan2f(*pair) for pair in zip(y, x, strict=True)]
    assert_same(step(level, "arctangent2", y, x), np.array(expected, np.float32))


def wide_values() -> dict[str, tuple[int, npt.NDArray[np.float64], Callable[[float], float]]]:
    """Return column, arguments and definition of each function in double precision."""
    rng = np.random.default_rng(7)
    small = 10.0 ** -rng.uniform(0, 15, 500)
    return {
        "acos": (0, np.concatenate((rng.uniform(-1, 1, 2000), 1 - small, small - 1)), math.acos),
        "sin": (1, np.concatenate((rng.uniform(0, 3.9, 2000), small)), math.sin),
        "cos": (2, np.concatenate((rng.uniform(0, 3.9, 2000), small)), math.cos),
        "exp": (
            3,
            np.concatenate((rng.uniform(0, 100, 2000), small, [0.0, 699.0])),
            lambda x: math.exp(-x),
        ),
        "log": (4, 10.0 ** rng.uniform(-9, 6, 2000), math.log),
    }


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["acos", "sin", "cos", "exp", "log"])
def test_double_precision(level: int, name: str):
    column, values, definition = wide_values()[name]
    found = step(level, "wide", values, shape=(len(values), 5))[:, column]
    expected = np.array([definition(float(x)) for x in values])
    # One unit in the last place, hence the same float32: what a C library promises is no better.
    assert (np.abs(found - expected) <= np.spacing(np.abs(expected))).all()
    assert_same(found.astype(np.float32), expected.astype(np.float32))


@pytest.mark.parametrize("level", LEVELS)
def test_double_precision_at_the_ends(level: int):
    values = np.array([0.0, 1.0, -1.0, 1e4, math.inf, math.nan])
    found = step(level, "wide", values, shape=(6, 5))
    assert found[:3, 0].tolist() == [math.pi / 2, 0.0, math.pi]
    assert found[0, 1:3].tolist() == [0.0, 1.0]
    assert found[0, 3] == 1.0
    assert (found[3:5, 3] < 1e-300).all()
    assert found[4, 4] == math.inf
    assert np.isnan(found[5, 3])


@pytest.mark.parametrize("level", LEVELS)
def test_hypotenuse_is_correctly_rounded(level: int):
    rng = np.random.default_rng(8)
    x, y = (rng.standard_normal(2000) * 10.0 ** rng.uniform(-8, 3, 2000) for _ in range(2))
    x[:5], y[:5] = 0.0, (0.0, 1.0, -2.0, 3e-20, 4e30)
    found = step(level, "hypotenuse", x, y)
    with localcontext(Context(prec=60)):
        exact = [
            float((Decimal(a) ** 2 + Decimal(b) ** 2).sqrt())
            for a, b in zip(x.tolist(), y.tolist(), strict=True)
        ]
    assert found.tolist() == exact


def matrices() -> st.SearchStrategy[npt.NDArray[np.float64]]:
    """3 x 3 matrices: any, rotations, and with columns that vanish or are alike."""
    element = st.one_of(st.floats(-4, 4, width=32), st.sampled_from([0.0, 1.0, -1.0]))
    free = st.lists(element, min_size=9, max_size=9).map(lambda e: np.array(e).reshape(3, 3))
    turned = ROTATIONS.map(lambda euler: rotation.euler_to_matrix(euler).astype(np.float64))
    alike = free.map(lambda m: m[:, [0, 0, 1]])
    return st.one_of(free, turned, alike)


@given(matrices(), st.sampled_from(LEVELS))
def test_svd_in_single_precision(matrix: npt.NDArray, level: int):
    narrow = matrix.astype(np.float32)
    for found, expected in zip(
        step(level, "svd_float", narrow, results=2), jacobi_svd(narrow), strict=True
    ):
        assert_same(found, np.ascontiguousarray(expected))


@given(matrices(), st.sampled_from(LEVELS))
def test_svd_in_double_precision(matrix: npt.NDArray, level: int):
    # Python's hypot is correctly rounded but for a hair, in every version since 3.10.
    for found, expected in zip(
        step(level, "svd_double", matrix, results=2), jacobi_svd(matrix), strict=True
    ):
        assert_same(found, np.ascontiguousarray(expected))


@given(ROTATIONS, st.sampled_from(LEVELS))
def test_matrices_and_angles(euler: Float32, level: int):
    matrix = rotation.euler_to_matrix(euler)
    assert_same(step(level, "euler_to_matrix", euler, shape=(3, 3)), matrix)
    assert_same(step(level, "matrix_to_euler", matrix, shape=3), rotation.matrix_to_euler(matrix))
    assert_same(
        step(level, "matrix_to_axis_angle", matrix, shape=3),
        rotation.matrix_to_axis_angle(matrix),
    )


@given(TURNS, st.sampled_from(LEVELS))
def test_orthonormalised(turn: Float32, level: int):
    x, y, z = turn
    small = np.array(((1, -z, y), (z, 1, -x), (-y, x, 1)), np.float32)
    assert_same(step(level, "orthonormalised", small), rotation.orthonormalised(small))


@given(AXIS_ANGLES, st.sampled_from(LEVELS))
def test_axis_angle_to_matrix(turn: Float32, level: int):
    found = step(level, "axis_angle_to_matrix", turn, shape=(3, 3))
    assert_same(found, rotation.axis_angle_to_matrix(turn))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "diagonal", [(1, -1, -1), (-1, 1, -1), (-1, -1, 1), (1, 1, 1), (1, 1, math.nan)]
)
def test_half_turns(level: int, diagonal: tuple[float, ...]):
    matrix = np.diag(np.array(diagonal, np.float32))
    for turned in (matrix, matrix[[1, 0, 2]], matrix[[0, 2, 1]], matrix[[2, 1, 0]]):
        for name in ("matrix_to_axis_angle", "matrix_to_euler"):
            definition = getattr(rotation, name)
            assert_same(step(level, name, turned, shape=3), definition(turned))


@given(ROTATIONS, TURNS, st.sampled_from(LEVELS))
def test_compose(euler: Float32, turn: Float32, level: int):
    matrix = rotation.euler_to_matrix(euler)
    found = step(level, "compose", matrix, turn, shape=3)
    assert_same(found, rotation.compose(matrix, turn))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 3e38, 1e30])
def test_compose_of_what_is_no_turn(level: int, value: float):
    matrix = rotation.euler_to_matrix(np.array((0.1, -0.2, 0.3), np.float32))
    for place in range(3):
        turn = np.array((0.01, 0.02, -0.01), np.float32)
        turn[place] = value
        with np.errstate(all="ignore"):
            expected = rotation.compose(matrix, turn)
        assert_same(step(level, "compose", matrix, turn, shape=3), expected)


def test_arguments_are_checked():
    level = LEVELS[0]
    three, nine = np.zeros(3, np.float32), np.zeros(9, np.float32)
    for arrays in (
        (three,),
        (three, three),
        (nine, nine),
        (three, nine.astype(np.float64)),
        (three, np.zeros(18, np.float32)[::2]),
    ):
        with pytest.raises((ValueError, BufferError)):
            _phase.step(level, "euler_to_matrix", arrays)
    with pytest.raises(ValueError, match="no level 9"):
        _phase.step(9, "euler_to_matrix", (three, nine))
