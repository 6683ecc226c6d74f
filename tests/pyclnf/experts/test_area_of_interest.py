from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclnf.experts.area_of_interest import PaddedImage, sample_areas, sample_positions

Grey = npt.NDArray[np.uint8]
Float32 = npt.NDArray[np.float32]
SIZE = 9


def one_by_one(image: Grey, matrix: Float32, size: int) -> Float32:
    """Sample a square, number by number: positions in 1/32 px, weighted in float32."""
    m = matrix.astype(np.float64).tolist()
    area = np.zeros((size, size), np.float32)
    for j in range(size):
        for i in range(size):
            x, y = (
                (round(1024 * (row[1] * j + row[2])) + 16 + round(1024 * row[0] * i)) >> 5
                for row in m
            )
            area[j, i] = bilinear(image, x, y)
    return area


def bilinear(image: Grey, x: int, y: int) -> np.float32:
    """Return the grey value at (x/32, y/32) px, 0 outside."""
    one, fx, fy = np.float32(1), np.float32((x & 31) / 32), np.float32((y & 31) / 32)
    weights = ((one - fx) * (one - fy), fx * (one - fy), (one - fx) * fy, fx * fy)
    total = np.float32(0)
    for k, weight in enumerate(weights):
        column, row = (x >> 5) + k % 2, (y >> 5) + k // 2
        inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
        total = total + np.float32(image[row, column] if inside else 0) * weight
    return np.float32(total)


def affine_matrix(landmark: Float32, similarity: Float32, size: int) -> Float32:
    """Return the 2 x 3 float32 matrix that maps a square's pixels into the picture."""
    a, b, extent, two = similarity[0, 0], -similarity[0, 1], np.float32(size - 1), np.float32(2)
    tx = landmark[0] - a * extent / two + b * extent / two
    ty = landmark[1] - a * extent / two - b * extent / two
    return np.array([[a, -b, tx], [b, a, ty]], np.float32)


def turn(scale: float, angle: float) -> Float32:
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s], [s, c]], np.float32)


def noise(height: int, width: int, seed: int = 0) -> Grey:
    rng = np.random.default_rng([height, width, seed])
    return rng.integers(0, 256, (height, width), np.uint8)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Grey, Float32, Float32, int]:
    """Draw a picture, landmarks in it and out of it, a similarity and a size."""
    height, width = draw(st.tuples(*[st.integers(1, 40)] * 2))
    coordinate = st.floats(-60, 100, width=32)
    landmarks = draw(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=3))
    similarity = turn(draw(st.floats(0.05, 8)), draw(st.floats(-3.2, 3.2)))
    return (
        noise(height, width),
        np.array(landmarks, np.float32),
        similarity,
        draw(st.integers(1, 9)),
    )


def test_a_pixel_itself():
    image = noise(20, 30)
    areas = sample_areas(PaddedImage.of(image), np.array([[12, 7]], np.float32), turn(1, 0), 5)
    assert areas.dtype == np.float32
    np.testing.assert_array_equal(areas, image[None, 5:10, 10:15])


def test_first_axis_is_y_and_the_grid_turns_with_the_similarity():
    image = np.zeros((41, 41), np.uint8)
    image[20, 26] = 200  # to the right of the landmark
    landmark = np.array([[20, 20]], np.float32)
    padded = PaddedImage.of(image)
    # A reference offset (x, y) lies at similarity · (x, y) in the picture.
    for similarity, (x, y) in [
        (turn(2, 0), (3, 0)),
        (turn(1, np.pi / 2), (0, -6)),
        (turn(2, np.pi), (-3, 0)),
        (turn(3, -np.pi / 2), (0, 2)),
    ]:
        area = sample_areas(padded, landmark, similarity, 13)[0]
        np.testing.assert_array_equal(np.argwhere(area == 200), [[6 + y, 6 + x]])


def test_fractions_are_steps_of_a_thirty_second():
    ramp = PaddedImage.of(np.tile(np.arange(0, 256, 32, dtype=np.uint8), (5, 1)))
    # First to the nearest 1/1024 px, then to the nearest 1/32 px, half up.
    places = 4 + np.array([-16.6, -16.4, 0, 15.4, 15.6, 47.4, 47.6]) / 1024
    landmarks = np.stack([places, np.full(7, 2.0)], axis=1).astype(np.float32)
    values = sample_areas(ramp, landmarks, turn(1, 0), 1)[:, 0, 0]
    np.testing.assert_array_equal(values - 128, [-1, 0, 0, 0, 1, 1, 2])


@given(cases())
def test_number_by_number(case: tuple[Grey, Float32, Float32, int]):
    image, landmarks, similarity, size = case
    areas = sample_areas(PaddedImage.of(image), landmarks, similarity, size)
    assert areas.shape == (len(landmarks), size, size)
    for landmark, area in zip(landmarks, areas, strict=True):
        expected = one_by_one(image, affine_matrix(landmark, similarity, size), size)
        np.testing.assert_array_equal(area, expected)


FACE_TRANSFORMS = [(1.0, 0.0), (4.9, 1e-8), (0.37, -0.4), (2.2, 3.0)]


@pytest.mark.parametrize(("scale", "angle"), FACE_TRANSFORMS)
def test_number_by_number_around_a_face(scale: float, angle: float):
    image = noise(240, 320)
    landmarks = np.random.default_rng(5).uniform(-20, 300, (20, 2)).astype(np.float32)
    areas = sample_areas(PaddedImage.of(image), landmarks, turn(scale, angle), 17)
    for landmark, area in zip(landmarks, areas, strict=True):
        expected = one_by_one(image, affine_matrix(landmark, turn(scale, angle), 17), 17)
        np.testing.assert_array_equal(area, expected)


def test_number_by_number_where_positions_are_halfway():
    image = noise(20, 20)
    # Corners lie between two multiples of 1/1024 px, and go to the even one; columns and rows
    # are an odd number of them apart.
    halves = (np.arange(64) + 0.5) / 1024
    landmarks = (8 + np.stack([halves, -halves], axis=1)).astype(np.float32)
    similarity = turn(1 + 1 / 1024, 0)
    areas = sample_areas(PaddedImage.of(image), landmarks, similarity, 3)
    for landmark, area in zip(landmarks, areas, strict=True):
        matrix = affine_matrix(landmark, similarity, 3)
        assert (1024 * float(matrix[0, 2])) % 1 == 0.5
        np.testing.assert_array_equal(area, one_by_one(image, matrix, 3))


@pytest.mark.skipif(
    not cv2.__version__.startswith("4."), reason=f"OpenCV {cv2.__version__} samples differently"
)
@given(cases())
def test_bits_are_those_of_opencv(case: tuple[Grey, Float32, Float32, int]):
    image, landmarks, similarity, size = case
    areas = sample_areas(PaddedImage.of(image), landmarks, similarity, size)
    for landmark, area in zip(landmarks, areas, strict=True):
        np.testing.assert_array_equal(area, warp_affine(image, landmark, similarity, size))


@pytest.mark.skipif(
    not cv2.__version__.startswith("4."), reason=f"OpenCV {cv2.__version__} samples differently"
)
@pytest.mark.parametrize("size", [15, 25])
def test_bits_are_those_of_opencv_around_a_face(size: int):
    image = noise(240, 320)
    rng = np.random.default_rng(size)
    landmarks = rng.uniform(-20, 300, (68, 2)).astype(np.float32)
    for scale, angle in FACE_TRANSFORMS:
        areas = sample_areas(PaddedImage.of(image), landmarks, turn(scale, angle), size)
        for landmark, area in zip(landmarks, areas, strict=True):
            expected = warp_affine(image, landmark, turn(scale, angle), size)
            np.testing.assert_array_equal(area, expected)


def warp_affine(image: Grey, landmark: Float32, similarity: Float32, size: int) -> npt.NDArray:
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    matrix = affine_matrix(landmark, similarity, size)
    return cv2.warpAffine(
        image.astype(np.float32),
        matrix,
        (size, size),
        flags=flags,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 3), (3, 1)])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5])
def test_tiny_pictures(shape: tuple[int, int], scale: float):
    image = np.maximum(noise(*shape), np.uint8(1))
    for place in [(0.0, 0.0), (0.4, 0.7), (-1.2, 0.3), (2.0, 2.0)]:
        landmark = np.array(place, np.float32)
        area = sample_areas(PaddedImage.of(image), landmark[None], turn(scale, 0.5), SIZE)[0]
        expected = one_by_one(image, affine_matrix(landmark, turn(scale, 0.5), SIZE), SIZE)
        np.testing.assert_array_equal(area, expected)
    at_origin = np.zeros((1, 2), np.float32)
    area = sample_areas(PaddedImage.of(image), at_origin, turn(scale, 0.0), SIZE)[0]
    assert area[SIZE // 2, SIZE // 2] == image[0, 0]


def test_wholly_outside_is_zero():
    image = PaddedImage.of(np.full((10, 12), 99, np.uint8))
    for place in [(-40, 5), (60, 5), (5, -40), (5, 60), (-1000, 70000)]:
        landmarks = np.array([place], np.float32)
        assert not sample_areas(image, landmarks, turn(1, 0.3), SIZE).any()


def test_partly_outside_is_zero_there():
    image = PaddedImage.of(np.full((10, 12), 64, np.uint8))
    corner = sample_areas(image, np.array([[0, 0]], np.float32), turn(1, 0), 5)[0]
    np.testing.assert_array_equal(corner[2:, 2:], 64)
    assert corner.sum() == 9 * 64
    between = sample_areas(image, np.array([[11.5, 9.5]], np.float32), turn(1, 0), 1)
    assert between[0, 0, 0] == 16  # one of the four pixels is in the picture


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e9, -1e9, 2.0**31, 1e30, -3e38])
def test_unreachable_landmarks_see_zeros(value: float):
    image = PaddedImage.of(np.full((10, 12), 99, np.uint8))
    places = [(value, 5), (5, value), (value, value), (value, -value), (5, 5)]
    areas = sample_areas(image, np.array(places, np.float32), turn(1, 0.3), 3)
    assert not areas[:-1].any()
    assert (areas[-1] == 99).all()


def test_a_transform_that_is_not_a_number_sees_zeros():
    image = PaddedImage.of(np.full((10, 12), 99, np.uint8))
    similarity = np.full((2, 2), np.nan, np.float32)
    assert not sample_areas(image, np.array([[5, 5]], np.float32), similarity, 3).any()


def test_a_transform_that_vanishes_sees_one_pixel():
    image = noise(10, 12)
    area = sample_areas(
        PaddedImage.of(image), np.array([[5, 4]], np.float32), np.zeros((2, 2), np.float32), 3
    )
    np.testing.assert_array_equal(area, np.full((1, 3, 3), image[4, 5]))


def test_positions_are_whole_steps():
    landmarks = np.array([[3, 4], [-2.5, 0.75]], np.float32)
    x, y = sample_positions(landmarks, turn(0.5, 0), 3)
    assert x.shape == y.shape == (2, 3, 3)
    np.testing.assert_array_equal(x[0], np.tile([80, 96, 112], (3, 1)))
    np.testing.assert_array_equal(y[0], np.tile([[112], [128], [144]], (1, 3)))
    np.testing.assert_array_equal(x[1, 0], [-96, -80, -64])


def test_padding_keeps_the_picture():
    image = noise(4, 6)
    padded = PaddedImage.of(image)
    assert (padded.height, padded.width) == (4, 6)
    np.testing.assert_array_equal(padded.pixels[2:-2, 2:-2], image)
    assert padded.pixels.sum() == image.sum()


def test_no_landmarks():
    areas = sample_areas(PaddedImage.of(noise(4, 6)), np.zeros((0, 2), np.float32), turn(1, 0), 5)
    assert areas.shape == (0, 5, 5)
