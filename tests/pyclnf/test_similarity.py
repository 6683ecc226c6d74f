from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import naive

from pyclnf.similarity import align, inverse, transform

Float32 = npt.NDArray[np.float32]


def scaled_rotation(scale: float, angle: float) -> npt.NDArray[np.float64]:
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    return np.array([[c, -s], [s, c]])


def draw_shape(seed: int, n: int = 12) -> Float32:
    return np.random.default_rng([seed, n]).normal(0, 50, (n, 2)).astype(np.float32)


SCALES, ANGLES, SEEDS = st.floats(0.05, 20), st.floats(-3.2, 3.2), st.integers(0, 50)


@given(SEEDS, SCALES, ANGLES, st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
def test_recovers_scale_and_rotation(
    seed: int, scale: float, angle: float, shift: tuple[float, float]
):
    source = draw_shape(seed)
    expected = scaled_rotation(scale, angle)
    target = (source @ expected.T + shift).astype(np.float32)
    found = align(source, target)
    assert found.dtype == np.float32
    # Positions up to 500 px are rounded at 2**-24 of that, shapes are about 50 px wide.
    tolerance = 4e-6 * scale + 1e-6
    np.testing.assert_allclose(found, expected, atol=tolerance)
    back = align(target, source)
    np.testing.assert_allclose(back @ expected, np.eye(2), atol=2 * tolerance / scale)


@given(SEEDS, SEEDS)
def test_best_rotation_between_any_two_shapes(one: int, other: int):
    source, target = draw_shape(one), draw_shape(other + 1000)
    expected = naive.similarity(source, target)
    z, w = (shape[:, 0] + 1j * shape[:, 1] for shape in (source, target))
    alike = abs(np.sum((w - w.mean()) * (z - z.mean()).conj())) / 12 / 2500
    if alike > 0.05:  # else any rotation is nearly as good
        np.testing.assert_allclose(align(source, target), expected, atol=1e-5)


@given(SEEDS, ANGLES)
def test_is_never_a_reflection(seed: int, angle: float):
    source = draw_shape(seed)
    mirrored = (source * [-1, 1] @ scaled_rotation(2, angle).T).astype(np.float32)
    found = align(source, mirrored)
    assert found[0, 0] == pytest.approx(found[1, 1], abs=1e-5)
    assert found[0, 1] == pytest.approx(-found[1, 0], abs=1e-5)
    assert np.linalg.det(found) == pytest.approx(4, rel=1e-4)


def test_maps_source_to_target_and_not_back():
    source = draw_shape(1)
    target = np.stack([-source[:, 1], source[:, 0]], axis=1)
    np.testing.assert_allclose(align(source, target), [[0, -1], [1, 0]], atol=1e-6)


def test_the_factor_is_the_ratio_of_norms():
    source, target = draw_shape(1), 3 * draw_shape(2)
    norms = [math.sqrt((abs(s - s.mean(axis=0)) ** 2).sum()) for s in (source, target)]
    factor = math.sqrt(abs(np.linalg.det(align(source, target))))
    assert factor == pytest.approx(norms[1] / norms[0], rel=1e-5)


POINT = np.full((5, 2), 7.25, np.float32)
LINE = np.stack([np.arange(5), np.zeros(5)], axis=1).astype(np.float32)


@pytest.mark.parametrize("point", [POINT, np.zeros((5, 2), np.float32), POINT * np.float32(1e-30)])
def test_a_shape_that_is_one_point(point: Float32):
    shape = draw_shape(3, 5)
    for source, target in [(point, shape), (shape, point), (point, point)]:
        found = align(source, target)
        assert np.isfinite(found).all()
        assert np.isfinite(inverse(found)).all()


def test_a_shape_on_a_line_gives_something_finite():
    for source, target in [(LINE, LINE), (LINE, draw_shape(3, 5)), (LINE, 2 * LINE[:, ::-1])]:
        found = align(source, target)
        assert np.isfinite(found).all()
        # The points of the line are mapped like any others.
        if target is not LINE:
            continue
        np.testing.assert_allclose(LINE @ found.T, LINE, atol=1e-6)


@given(SCALES, ANGLES)
def test_inverse(scale: float, angle: float):
    matrix = scaled_rotation(scale, angle).astype(np.float32)
    inverted = inverse(matrix)
    assert inverted.dtype == np.float32
    np.testing.assert_allclose(inverted.astype(np.float64) @ matrix, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(inverted, scaled_rotation(1 / scale, -angle), atol=1e-6 / scale)


def test_inverse_of_any_matrix():
    matrix = np.array([[2, 1], [3, 5]], np.float32)
    np.testing.assert_allclose(inverse(matrix), np.linalg.inv(matrix), rtol=1e-6)


@pytest.mark.parametrize(
    "rows",
    [
        *[[[0, 0], [0, 0]], [[1, 2], [2, 4]], [[np.nan, 0], [0, 1]]],
        *[[[1e30, 0], [0, 1e30]], [[1e30, -1e30], [1e30, 1e30]], [[np.inf, 1], [1, np.inf]]],
    ],
)
def test_inverse_of_a_matrix_without_one_is_zero(rows: list[list[float]]):
    np.testing.assert_array_equal(inverse(np.array(rows, np.float32)), np.zeros((2, 2)))


def test_transform_is_matrix_times_vector():
    vectors = draw_shape(5, 68)
    matrix = scaled_rotation(0.3, 0.7).astype(np.float32)
    moved = transform(matrix, vectors)
    assert moved.dtype == np.float32
    expected = vectors.astype(np.float64) @ matrix.T.astype(np.float64)
    np.testing.assert_allclose(moved, expected, rtol=2.0**-24, atol=1e-14)
