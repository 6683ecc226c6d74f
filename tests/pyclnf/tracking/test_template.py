"""Templates: cut out, found again, and the normalised cross-correlation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.model_files import small_pdm

from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.tracking.template import cut_template, follow_template, match
from pyclnf.typing import ByteArray, Float32Array, Float64Array

SHAPE = (120, 150)


def smooth_noise(seed: int, shape: tuple[int, int] = SHAPE) -> ByteArray:
    """Noise with features of a few pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (shape[0] // 5, shape[1] // 5))
    return np.kron(coarse, np.ones((5, 5))).astype(np.uint8)


def naive(image: ByteArray, template: ByteArray) -> Float64Array:
    h, w = template.shape
    found = np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))
    looked_for = template - template.mean()
    for row in range(found.shape[0]):
        for column in range(found.shape[1]):
            window = image[row : row + h, column : column + w].astype(float)
            window -= window.mean()
            size = np.sqrt((window**2).sum() * (looked_for**2).sum())
            found[row, column] = (window * looked_for).sum() / size if size > 1e-9 else 0.0
    return found


@given(st.integers(0, 2**31), st.tuples(*[st.integers(1, 12)] * 4))
def test_correlation(seed: int, sides: tuple[int, int, int, int]):
    rng = np.random.default_rng(seed)
    h, w, more_rows, more_columns = sides
    image = rng.integers(0, 256, (h + more_rows, w + more_columns), np.uint8)
    template = rng.integers(0, 256, (h, w), np.uint8)
    np.testing.assert_allclose(match(image, template), naive(image, template), atol=1e-9)


def test_correlation_of_what_is_flat():
    flat, noise = np.full((9, 9), 200, np.uint8), smooth_noise(0, (20, 20))
    assert (match(flat, noise[:4, :4]) == 0).all()
    assert (match(noise, flat[:4, :4]) == 0).all()


def test_a_template_that_is_too_large():
    image = np.zeros((1025, 1024), np.uint8)
    with pytest.raises(ValueError, match=r"1024 x 1025 px are more than 1048576; .*template_scale"):
        match(image, image)


def test_a_copy_is_found_whatever_its_light():
    image = smooth_noise(1)
    template = (image[30:70, 40:90] // 2 + 60).astype(np.uint8)
    likeness = match(image, template)
    assert divmod(int(likeness.argmax()), likeness.shape[1]) == (30, 40)
    assert likeness.max() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ((10.9, 20.2), (40.1, 60.8), (slice(20, 60), slice(10, 39))),
        ((-10, -5), (12, 30), (slice(0, 30), slice(0, 12))),
        ((140, 110), (170, 160), (slice(110, 120), slice(140, 150))),
    ],
)
def test_cutting_out(
    low: tuple[float, float], high: tuple[float, float], expected: tuple[slice, slice]
):
    grey = smooth_noise(2)
    cut = cut_template(PaddedImage.of(grey), np.array((low, high), np.float32))
    assert cut is not None
    np.testing.assert_array_equal(cut, grey[expected])


def test_nothing_to_cut_out():
    image = PaddedImage.of(smooth_noise(2))
    for corner in ((-50, 10), (10, -50), (200, 10), (10, 200)):
        landmarks = np.array(corner, np.float32) + np.array(((0, 0), (20, 20)), np.float32)
        assert cut_template(image, landmarks) is None


# ---- Following ----


def pdm() -> PointDistributionModel:
    return PointDistributionModel(small_pdm(), RoundedOnce())


def shape_at(x: float, y: float, scale: float = 0.6) -> Parameters:
    return Parameters(np.array((scale, 0.1, -0.1, 0.05, x, y), np.float32), np.zeros(4, np.float32))


def followed(move: tuple[int, int], start: Parameters, face_scale: float) -> Float32Array:
    """Return how far a shape moves when the picture does."""
    before = smooth_noise(3, (200, 220))
    after = np.roll(before, move[::-1], axis=(0, 1))
    landmarks = pdm().pose(start).landmarks
    template = cut_template(PaddedImage.of(before), landmarks)
    assert template is not None
    moved = follow_template(PaddedImage.of(after), template, start, pdm(), face_scale)
    assert moved.local is start.local
    assert moved.global_[:4].tobytes() == start.global_[:4].tobytes()
    return np.asarray(moved.global_[4:] - start.global_[4:])


@pytest.mark.parametrize("move", [(0, 0), (7, 0), (-5, 4), (12, -9)])
def test_a_shape_follows_its_picture(move: tuple[int, int]):
    found = followed(move, shape_at(110, 100), face_scale=1.0)
    assert np.abs(found - move).max() <= 1  # whole pixels


@pytest.mark.parametrize("move", [(8, 0), (-6, 10)])
def test_large_faces_are_compared_smaller(move: tuple[int, int]):
    found = followed(move, shape_at(110, 100), face_scale=0.3)
    assert np.abs(found - move).max() <= 3  # pixels of twice the size


@pytest.mark.parametrize(
    "start", [shape_at(-200, 100), shape_at(1e6, 1e6), shape_at(110, 100, 0.001)]
)
def test_a_shape_that_cannot_be_compared_stays(start: Parameters):
    template = smooth_noise(4, (30, 30))
    image = PaddedImage.of(smooth_noise(3, (200, 220)))
    assert follow_template(image, template, start, pdm(), 0.3) is start


def test_a_template_larger_than_its_surroundings():
    image = PaddedImage.of(smooth_noise(3, (50, 50)))
    start = shape_at(25, 25, 0.1)
    assert follow_template(image, smooth_noise(4, (60, 60)), start, pdm(), 1.0) is start
