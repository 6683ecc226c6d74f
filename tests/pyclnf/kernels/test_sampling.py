"""Samples of every level against :func:`pyclnf.experts.area_of_interest.sample_areas`."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from pyclnf.experts.area_of_interest import PaddedImage, sample_areas
from pyclnf.typing import Float32Array

PICTURE = np.random.default_rng(0).integers(0, 256, (23, 31), np.uint8)
POSITION = st.one_of(
    st.floats(-40, 70, width=32),
    st.floats(width=32),
    st.sampled_from([2.0**20, -(2.0**20), 2.0**20 - 1, 2.0**31, 33554432.0, 0.5 / 32, 1.5 / 32]),
)
STEP = st.one_of(st.floats(-3, 3, width=32), st.floats(width=32))


def sample(
    level: int, image: PaddedImage, landmarks: Float32Array, similarity: Float32Array, size: int
) -> Float32Array:
    from pyclnf.kernels import _kernels

    areas = np.full((len(landmarks), size, size), np.nan, np.float32)
    workspace = np.full(_kernels.sample_integers(size), 1 << 30, np.int32)
    a, b = similarity[0, 0], -similarity[0, 1]
    _kernels.sample(level, image.pixels, landmarks, a, b, areas, workspace)
    return areas


def rotation(a: float, b: float) -> Float32Array:
    return np.array(((a, -b), (b, a)), np.float32)


@pytest.mark.parametrize("size", [1, 2, 7, 16, 17, 21, 35])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (23, 31), (300, 200)])
def test_samples(level: int, size: int, shape: tuple[int, int]):
    rng = np.random.default_rng(size)
    image = PaddedImage.of(rng.integers(0, 256, shape, np.uint8))
    landmarks = rng.uniform(-20, 40, (40, 2)).astype(np.float32)
    for a, b in ((1.0, 0.0), (0.7, -0.3), (-2.5, 1.1), (0.01, 0.02)):
        similarity = rotation(a, b)
        found = sample(level, image, landmarks, similarity, size)
        assert found.tobytes() == sample_areas(image, landmarks, similarity, size).tobytes()


def test_samples_in_every_corner(level: int):
    image = PaddedImage.of(PICTURE)
    height, width = PICTURE.shape
    edges = [(x, y) for x in (-2, -1, 0, width - 1, width, width + 1) for y in (-1.5, 0, height)]
    landmarks = np.array(edges, np.float32)
    found = sample(level, image, landmarks, rotation(1, 0), 5)
    assert found.tobytes() == sample_areas(image, landmarks, rotation(1, 0), 5).tobytes()


@given(st.lists(st.tuples(POSITION, POSITION), min_size=1, max_size=3), STEP, STEP)
def test_any_position_at_any_level(positions: list[tuple[float, float]], a: float, b: float):
    from pyclnf.kernels.levels import available_levels, choose_level

    image, landmarks = PaddedImage.of(PICTURE), np.array(positions, np.float32)
    with np.errstate(all="ignore"):
        expected = sample_areas(image, landmarks, rotation(a, b), 18)
    for name in available_levels():
        found = sample(choose_level(name), image, landmarks, rotation(a, b), 18)
        assert found.tobytes() == expected.tobytes(), name


def test_no_landmarks(level: int):
    none = np.empty((0, 2), np.float32)
    assert sample(level, PaddedImage.of(PICTURE), none, rotation(1, 0), 5).shape == (0, 5, 5)
