from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.model_files import draw_blobs
from support.validators import reference_shape, warp_of

from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.typing import ByteArray, Float32Array, Float64Array
from pyclnf.validation.warp import PiecewiseAffineWarp

SHAPE = reference_shape(8, 0.0, 20.0)
DATA = warp_of(SHAPE)
WARP = PiecewiseAffineWarp(DATA)
COLUMN, ROW = np.nonzero(DATA.mask.T)
PICTURE = np.random.default_rng(0).integers(0, 256, (60, 70), np.uint8)
coordinates = st.floats(-100, 160, width=32)


def naive_positions(landmarks: Float32Array) -> Float64Array:
    """Return where the face's pixels lie by barycentric coordinates, in float64: (p, 2)."""
    found = []
    for x, y in zip(COLUMN, ROW, strict=True):
        corners = DATA.triangles[DATA.triangle_of_pixel[y, x]]
        (ax, ay), (bx, by), (cx, cy) = SHAPE[corners]
        px, py = x + SHAPE[:, 0].min(), y + SHAPE[:, 1].min()
        whole = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        second = ((px - ax) * (cy - ay) - (cx - ax) * (py - ay)) / whole
        third = ((bx - ax) * (py - ay) - (px - ax) * (by - ay)) / whole
        weights = np.array((1 - second - third, second, third))
        found.append(weights @ landmarks[corners].astype(np.float64))
    return np.array(found)


def naive_values(x: Float32Array, y: Float32Array, picture: ByteArray) -> Float32Array:
    """Return grey values at positions rounded to 1/32 px, number by number."""
    return np.array([value_at(picture, *place) for place in zip(x, y, strict=True)], np.float32)


def value_at(picture: ByteArray, x: float, y: float) -> float:
    height, width = picture.shape
    total = 0.0
    left, fraction_x = divmod(round(32 * float(x)), 32)
    top, fraction_y = divmod(round(32 * float(y)), 32)
    for column, weight_x in ((left, 32 - fraction_x), (left + 1, fraction_x)):
        for row, weight_y in ((top, 32 - fraction_y), (top + 1, fraction_y)):
            if 0 <= column < width and 0 <= row < height:
                total += float(picture[row, column]) * weight_x * weight_y / 1024
    return total


def landmarks_at(scale: float, turn: float, x: float, y: float) -> Float32Array:
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    landmarks: Float64Array = SHAPE @ np.array([[c, s], [-s, c]]) + (x, y)
    return landmarks.astype(np.float32)


def test_the_reference_shape_itself():
    corner = SHAPE.min(axis=0)
    x, y = WARP.positions((SHAPE - corner).astype(np.float32))
    np.testing.assert_allclose(x, COLUMN, atol=1e-4)
    np.testing.assert_allclose(y, ROW, atol=1e-4)
    values = WARP(PaddedImage.of(PICTURE), (SHAPE - corner).astype(np.float32))
    np.testing.assert_array_equal(values, PICTURE[ROW, COLUMN])


def test_pixels_come_column_by_column():
    assert WARP.mask.shape == DATA.mask.shape[::-1]
    assert (np.diff(COLUMN) >= 0).all()


def test_a_drawn_face_comes_back():
    landmarks = landmarks_at(3.0, 0.4, 90, 100)
    picture = draw_blobs(landmarks, 0.6, (200, 180)).round().astype(np.uint8)
    values = WARP(PaddedImage.of(picture), landmarks)
    warped = np.zeros(DATA.mask.shape)
    warped[ROW, COLUMN] = values
    # The landmarks inside the face are bright where the reference shape has them.
    inside = [p for p in np.rint(SHAPE - SHAPE.min(axis=0)).astype(int) if warped[p[1], p[0]]]
    assert len(inside) >= 4
    assert all(warped[y, x] > 150 for x, y in inside)


@given(st.lists(st.tuples(coordinates, coordinates), min_size=8, max_size=8))
def test_against_a_naive_warp(places: list[tuple[float, float]]):
    landmarks = np.array(places, np.float32)
    x, y = WARP.positions(landmarks)
    # Float32 sums of three terms, of coordinates up to 160 px times weights up to 1 and back.
    np.testing.assert_allclose(np.stack((x, y), 1), naive_positions(landmarks), atol=2e-3)
    values = WARP(PaddedImage.of(PICTURE), landmarks)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, naive_values(x, y, PICTURE))


@pytest.mark.skipif(
    not cv2.__version__.startswith("4."), reason=f"OpenCV {cv2.__version__} samples differently"
)
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.7])
def test_bits_are_those_of_opencv(scale: float):
    landmarks = landmarks_at(scale, -0.6, 30, 20)
    x, y = WARP.positions(landmarks)
    expected = cv2.remap(PICTURE.astype(np.float32), x[None], y[None], cv2.INTER_LINEAR)[0]
    np.testing.assert_array_equal(WARP(PaddedImage.of(PICTURE), landmarks), expected)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -3e38])
def test_unreachable_landmarks_see_zeros(value: float):
    values = WARP(PaddedImage.of(PICTURE), np.full((8, 2), value, np.float32))
    assert not values.any()


def test_landmarks_in_one_place_see_one_value():
    values = WARP(PaddedImage.of(PICTURE), np.full((8, 2), (12, 7), np.float32))
    assert (values == PICTURE[7, 12]).all()
