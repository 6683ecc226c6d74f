"""Scaling against a naive implementation, pixel by pixel, and against the image library."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from pyclnf.detection.pictures import Picture, Square
from pyclnf.detection.resize import resize

SIZES = (
    *((40, 60, 8, 12), (41, 59, 9, 13), (48, 48, 24, 24), (30, 20, 15, 10), (12, 12, 12, 12)),
    *(
        (5, 7, 24, 24),
        (1, 1, 24, 24),
        (2, 3, 4, 6),
        (300, 17, 48, 48),
        (17, 300, 3, 2),
        (9, 4, 1, 1),
    ),
)
one = np.float32(1)


def planes_of(height: int, width: int) -> np.ndarray:
    return np.random.default_rng([height, width]).integers(0, 256, (3, height, width), np.uint8)


def place(index: int, length: int, new_length: int) -> tuple[int, np.float32]:
    position = np.float32((index + 0.5) * (1.0 / (new_length / length)) - 0.5)
    first = math.floor(position)
    return first, np.float32(position - np.float32(first))


def naive(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale one plane, a pixel at a time."""
    rows, columns = plane.shape
    scaled = np.empty((height, width), np.float32)
    for y in range(height):
        first, down = place(y, rows, height)
        upper, lower = (min(max(row, 0), rows - 1) for row in (first, first + 1))
        for x in range(width):
            left, along = place(x, columns, width)
            if left < 0 or left >= columns - 1:
                left, along = min(max(left, 0), columns - 1), np.float32(0)
            right = min(left + 1, columns - 1)
            blends = [
                np.float32(plane[row, left]) * (one - along) + np.float32(plane[row, right]) * along
                for row in (upper, lower)
            ]
            scaled[y, x] = blends[0] * (one - down) + blends[1] * down
    return scaled


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_pixel(size: tuple[int, int, int, int]):
    planes, to = planes_of(*size[:2]), size[2:]
    scaled = resize(Picture(planes), *to)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, [naive(plane, *to) for plane in planes])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_image_library_agrees(size: tuple[int, int, int, int]):
    # Its rounding depends on its version and on what it was built with.
    planes = planes_of(*size[:2])
    theirs = cv2.resize(planes.transpose(1, 2, 0).astype(np.float32), (size[3], size[2]))
    np.testing.assert_allclose(
        resize(Picture(planes), *size[2:]), theirs.transpose(2, 0, 1), atol=0.005, rtol=0
    )


def test_the_same_size_is_the_same_picture():
    planes = planes_of(13, 17)
    np.testing.assert_array_equal(resize(Picture(planes), 13, 17), planes)


def test_half_the_size_is_the_mean_of_four():
    planes = planes_of(96, 96)
    means = planes.reshape(3, 48, 2, 48, 2).mean(axis=(2, 4))
    np.testing.assert_array_equal(resize(Picture(planes), 48, 48), means)


@pytest.mark.parametrize("left", [-30, -7, 0, 15, 33, 40])
@pytest.mark.parametrize("upper", [-25, -1, 0, 12, 29, 31])
@pytest.mark.parametrize("side", [1, 8, 25, 48, 70])
def test_squares_are_black_outside(left: int, upper: int, side: int):
    planes = planes_of(30, 40)
    around = np.zeros((3, 230, 240), np.uint8)
    around[:, 100:130, 100:140] = planes
    cut = around[:, 100 + upper : 100 + upper + side, 100 + left : 100 + left + side]
    np.testing.assert_array_equal(
        resize(Square(planes, left, upper, side), 24, 24), resize(Picture(cut), 24, 24)
    )


def test_huge_squares_take_little_memory():
    planes = planes_of(30, 40)
    scaled = resize(Square(planes, -500_000, -500_000, 1_000_000), 24, 24)
    assert scaled.shape == (3, 24, 24)
