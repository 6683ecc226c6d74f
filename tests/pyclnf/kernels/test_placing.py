"""View and similarity of every level against their definitions."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from pyclnf import similarity
from pyclnf.experts import views
from pyclnf.typing import Float32Array, Float64Array

COORDINATE = st.floats(-1e4, 1e4, width=32)


def place(
    level: int,
    centers: Float64Array,
    euler: Float32Array,
    landmarks: Float32Array,
    shape_3d: Float32Array,
    scale: float = 0.35,
) -> tuple[int, Float32Array, Float32Array]:
    from pyclnf.kernels import _kernels

    to_reference, to_image = np.empty((2, 2), np.float32), np.empty((2, 2), np.float32)
    workspace = np.full(8 * len(landmarks), np.nan, np.float32)
    view = _kernels.place(
        level, centers, euler, landmarks, shape_3d, scale, to_reference, to_image, workspace
    )
    return view, to_reference, to_image


def check(level: int, landmarks: Float32Array, shape_3d: Float32Array, scale: float = 0.35) -> None:
    reference = np.float32(scale) * shape_3d[:2].T + np.float32(0)
    expected = similarity.align(landmarks, np.ascontiguousarray(reference))
    centers, euler = np.zeros((1, 3)), np.zeros(3, np.float32)
    _, found, inverse = place(level, centers, euler, landmarks, shape_3d, scale)
    assert found.tobytes() == expected.tobytes()
    np.testing.assert_array_equal(inverse, similarity.inverse(expected))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12, 28, 51, 68])
def test_similarities(level: int, n: int):
    rng = np.random.default_rng(n)
    for _ in range(40):
        shape_3d = rng.normal(0, 30, (3, n)).astype(np.float32)
        angle, size = rng.uniform(-4, 4), rng.uniform(0.3, 5)
        c, s = size * math.cos(angle), size * math.sin(angle)
        turned = shape_3d[:2].T @ np.array(((c, s), (-s, c))) + rng.uniform(0, 700, 2)
        turned += rng.normal(0, 2, turned.shape)
        check(level, turned.astype(np.float32), shape_3d, rng.uniform(0.2, 1.0))


def test_reflections_and_degenerate_shapes(level: int):
    rng = np.random.default_rng(1)
    shape_3d = rng.normal(0, 30, (3, 20)).astype(np.float32)
    mirrored = np.ascontiguousarray(shape_3d[:2].T * np.array((-1, 1), np.float32))
    check(level, mirrored, shape_3d)
    check(level, np.full((20, 2), 3, np.float32), shape_3d)
    check(level, mirrored, np.ones((3, 20), np.float32))
    on_a_line = np.repeat(np.arange(20, dtype=np.float32)[:, None], 2, axis=1)
    check(level, on_a_line, shape_3d)


def test_sums_that_a_double_does_not_hold(level: int):
    rng = np.random.default_rng(2)
    for _ in range(40):
        spread = rng.integers(-60, 20, (20, 2))
        landmarks = np.ldexp(rng.normal(0, 1, (20, 2)), spread).astype(np.float32)
        check(level, landmarks, rng.normal(0, 30, (3, 20)).astype(np.float32))


@given(st.lists(st.tuples(*(COORDINATE,) * 5), min_size=2, max_size=20))
def test_any_shape(points: list[tuple[float, ...]]):
    from pyclnf.kernels.levels import available_levels, choose_level

    array = np.array(points, np.float32)
    for name in available_levels():
        shape_3d = np.ascontiguousarray(array[:, 2:].T)
        check(choose_level(name), np.ascontiguousarray(array[:, :2]), shape_3d)


def test_views(level: int):
    rng = np.random.default_rng(3)
    landmarks, shape_3d = np.eye(2, dtype=np.float32), np.ones((3, 2), np.float32)
    for count in (1, 2, 7, 9):
        centers = rng.uniform(-1, 1, (count, 3))
        for euler in rng.uniform(-1.5, 1.5, (50, 3)).astype(np.float32):
            view, _, _ = place(level, centers, euler, landmarks, shape_3d)
            assert view == views.nearest_view(centers, euler)
    twice = np.repeat(centers, 2, axis=0)
    assert place(level, twice, euler, landmarks, shape_3d)[0] % 2 == 0
