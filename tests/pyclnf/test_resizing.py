"""Shrunk pictures against loops over pixels, and against OpenCV."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclnf.resizing import shrink, shrunk_size
from pyclnf.typing import ByteArray

FACTORS = (0.9, 0.7321, 0.51, 0.3, 0.1)


def picture(height: int, width: int) -> ByteArray:
    return np.random.default_rng((height, width)).integers(0, 256, (height, width), np.uint8)


def naive(grey: ByteArray, factor: float) -> ByteArray:
    """Every pixel by itself, without rounding on the way."""
    height, width = (round(size * factor) for size in grey.shape)
    shrunk = np.empty((height, width))
    for row in range(height):
        for column in range(width):
            y, x = ((at + 0.5) / factor - 0.5 for at in (row, column))
            top, left = math.floor(y), math.floor(x)
            down, right = y - top, x - left
            rows = [min(max(at, 0), grey.shape[0] - 1) for at in (top, top + 1)]
            columns = [min(max(at, 0), grey.shape[1] - 1) for at in (left, left + 1)]
            four = grey[np.ix_(rows, columns)].astype(float)
            shrunk[row, column] = np.array((1 - down, down)) @ four @ np.array((1 - right, right))
    return shrunk


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("shape", [(20, 31), (11, 10), (40, 6)])
def test_shrunk_pictures_are_bilinear(shape: tuple[int, int], factor: float):
    grey = picture(*shape)
    assert np.abs(shrink(grey, factor) - naive(grey, factor)).max() <= 1


@given(st.integers(1, 90), st.integers(1, 90), st.floats(0.03125, 0.9921875, width=32))
def test_pixels_are_those_of_opencv(height: int, width: int, factor: float):
    grey = picture(height, width)
    if factor == 0.5 or min(shrunk_size(side, factor) for side in grey.shape) < 1:
        return
    expected = cv2.resize(grey, None, fx=factor, fy=factor)
    np.testing.assert_array_equal(shrink(grey, factor), expected)


def test_flat_pictures_stay_as_they_are():
    for level in (0, 1, 127, 255):
        assert (shrink(np.full((30, 40), level, np.uint8), 0.37) == level).all()


def test_a_picture_that_keeps_its_size_is_copied():
    grey = picture(20, 30)
    same = shrink(grey, 0.99)
    np.testing.assert_array_equal(same, grey)
    assert not np.shares_memory(same, grey)


@pytest.mark.parametrize(("size", "factor", "expected"), [(5, 0.5, 2), (7, 0.5, 4), (10, 0.26, 3)])
def test_sizes_are_rounded_half_to_even(size: int, factor: float, expected: int):
    assert shrunk_size(size, factor) == expected


def test_nothing_is_left():
    with pytest.raises(ValueError, match=r"^factor: 0.01 leaves nothing"):
        shrink(picture(20, 20), 0.01)
