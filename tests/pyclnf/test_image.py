from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import check_box, to_eight_bit, to_grey

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (37, 53, 3), np.uint8)
SHAPE = (100, 200)


def levels(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return image.astype(np.float32)


# ---- Grey ----


def test_grey_has_the_values_of_opencv():
    corners = np.array(list(itertools.product([0, 1, 127, 254, 255], repeat=3)), np.uint8)
    everything = RNG.integers(0, 256, (200, 300, 3), np.uint8)
    for colour in (everything, corners[None], np.repeat(np.arange(256, dtype=np.uint8), 3)):
        picture = colour.reshape(-1, colour.shape[-1] // 3 if colour.ndim == 1 else 1, 3)
        expected = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        grey = to_grey(picture)
        assert grey.dtype == np.uint8
        np.testing.assert_array_equal(grey, expected)


@pytest.mark.parametrize(
    ("blue_green_red", "grey"),
    [((255, 0, 0), 29), ((0, 255, 0), 150), ((0, 0, 255), 76), ((9, 9, 9), 9), ((10, 20, 30), 22)],
)
def test_colours_are_weighted_by_brightness(blue_green_red: tuple[int, int, int], grey: int):
    assert to_grey(np.array([[blue_green_red]], np.uint8))[0, 0] == grey


def test_grey_pictures_stay_as_they_are():
    grey = to_grey(COLOUR[:, :, 0])
    assert grey.dtype == np.uint8
    np.testing.assert_array_equal(grey, COLOUR[:, :, 0])


@pytest.mark.parametrize(
    "view", [COLOUR[::2, ::-3], COLOUR.transpose(1, 0, 2), np.asfortranarray(COLOUR)]
)
def test_any_layout_in_memory(view: npt.NDArray[np.uint8]):
    np.testing.assert_array_equal(to_grey(view), to_grey(view.copy()))


def test_the_picture_is_left_alone():
    for picture in (
        COLOUR,
        COLOUR[:, :, 1],
        COLOUR / 255,
        COLOUR[:, :, 1].astype(np.float32) / 256,
    ):
        kept = picture.copy()
        kept.setflags(write=False)
        grey = to_grey(kept)
        assert not np.shares_memory(grey, kept)
        np.testing.assert_array_equal(kept, picture)


@pytest.mark.parametrize(
    ("value", "grey"),
    [(0, 0), (128, 0), (129, 1), (255, 1), (256, 1), (384, 2), (32768, 128), (65535, 255)],
)
def test_sixteen_bits_are_rounded_to_eight(value: int, grey: int):
    assert to_grey(np.full((2, 2), value, np.uint16))[0, 0] == grey


def test_every_eight_bit_level_survives():
    ramp = np.arange(256, dtype=np.uint8)[None]
    for dtype in (np.float16, np.float32, np.float64):
        np.testing.assert_array_equal(to_grey((ramp / 255).astype(dtype)), ramp)
    np.testing.assert_array_equal(to_grey(ramp.astype(np.uint16) * 256), ramp)
    np.testing.assert_array_equal(to_grey((COLOUR / 255).astype(np.float32)), to_grey(COLOUR))
    np.testing.assert_array_equal(to_grey(COLOUR.astype(np.uint16) << 8), to_grey(COLOUR))


@pytest.mark.parametrize("shape", [(500, 400, 3), (500, 401), (3, 70_000, 3), (70_000, 2)])
def test_large_pictures_are_converted_like_small_ones(shape: tuple[int, ...]):
    picture = np.random.default_rng(shape).integers(0, 256, shape, np.uint8)
    expected = picture if len(shape) == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    np.testing.assert_array_equal(to_grey(picture), expected)
    np.testing.assert_array_equal(to_grey(picture.astype(np.uint16) << 8), expected)
    np.testing.assert_array_equal(to_grey(picture / np.float32(255)), expected)


@pytest.mark.parametrize("shape", [(500, 400, 3), (500, 401)])
def test_colours_are_kept(shape: tuple[int, ...]):
    picture = np.random.default_rng(shape).integers(0, 256, shape, np.uint8)
    assert to_eight_bit(picture) is picture
    for other in (picture.astype(np.uint16) << 8, picture / np.float32(255)):
        converted = to_eight_bit(other)
        assert converted.dtype == np.uint8
        np.testing.assert_array_equal(converted, picture)


def test_floating_point_is_rounded():
    values = np.array([[0.0, 0.4, 0.6, 127.4, 254.6, 255.0]]) / 255
    np.testing.assert_array_equal(to_grey(values), [[0, 0, 1, 127, 255, 255]])


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((0, 5), np.uint8), "empty"),
        (np.zeros((5, 0, 3), np.uint8), "empty"),
        (np.zeros(5, np.uint8), "shape"),
        (np.zeros((), np.uint8), "shape"),
        (np.zeros((2, 5, 5, 3), np.uint8), "shape"),
        (np.zeros((5, 5, 1), np.uint8), "shape"),
        (np.zeros((5, 5, 2), np.uint8), "shape"),
        (np.zeros((5, 5, 4), np.uint8), "shape"),
        (np.zeros((3, 5, 5), np.uint8), "shape"),
        (np.zeros((5, 5), np.int32), "dtype .* int32"),
        (np.zeros((5, 5), np.int8), "dtype"),
        (np.zeros((5, 5), np.bool_), "dtype"),
        (np.zeros((5, 5), np.complex64), "dtype"),
        (np.full((5, 5), "x"), "dtype"),
        (None, "read the picture first"),
        ("picture.jpg", "read the picture first"),
        ([[1, 2], [3, 4]], "dtype"),
        (np.full((5, 5), np.nan), "not a number"),
        (np.array([[0.5, np.nan]]), "not a number"),
        (np.array([[0.5, np.inf]]), r"\[0, 1\]"),
        (np.array([[0.5, 1.001]]), r"\[0, 1\]"),
        (np.array([[-0.001, 0.5]], np.float32), r"\[0, 1\]"),
        (np.array([[12.0, 200.0]], np.float32), r"\[0, 1\]"),
    ],
)
def test_what_is_no_picture(image: Any, words: str):
    for convert in (to_grey, to_eight_bit):
        with pytest.raises(ValueError, match=f"^image: .*{words}"):
            convert(image)


# ---- Box ----


@pytest.mark.parametrize(
    "box",
    [
        (10, 20, 30, 40),
        (-10.5, -20, 30, 40),
        (190, 90, 50, 50),
        (-500, -500, 2000, 2000),
        (199.5, 99.5, 1, 1),
        [10, 20, 30, 40],
        np.array([10, 20, 30, 40], np.int64),
        np.array([10, 20, 30, 40], np.float16),
    ],
)
def test_boxes_in_the_picture_or_partly_so(box: Any):
    checked = check_box(box, SHAPE)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, np.array(box, np.float32))


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((1, 2, np.nan, 4), "finite"),
        ((np.inf, 2, 3, 4), "finite"),
        ((1, -np.inf, 3, 4), "finite"),
        ((1, 2, 0, 4), "positive"),
        ((1, 2, 3, -4), "positive"),
        ((1, 2, 1e-60, 4), "positive"),
        ((1, 2, 3), "four numbers"),
        ((1, 2, 3, 4, 5), "four numbers"),
        (((1, 2), (3, 4)), "four numbers"),
        (7, "four numbers"),
        (None, "four numbers"),
        ("1234", "four numbers"),
        (("a", "b", "c", "d"), "four numbers"),
        ((1, 2, 3, None), "four numbers|finite"),
        ((1, 2, 3, 4j), "four numbers"),
        ([1, [2, 3], 4, 5], "four numbers"),
        ((200, 20, 30, 40), "wholly outside .* 200 x 100"),
        ((20, 100, 30, 40), "wholly outside"),
        ((-30, 20, 30, 40), "wholly outside"),
        ((20, -40, 30, 40), "wholly outside"),
        ((-2e6, 0, 4e6, 50), "exceed"),
        ((0, 0, 1e7, 50), "exceed"),
        ((0, 0, 1e300, 50), "exceed"),
    ],
)
def test_what_is_no_box(box: Any, words: str):
    with pytest.raises(ValueError, match=f"^bbox: .*({words})"):
        check_box(box, SHAPE)


@given(st.lists(st.floats(), min_size=4, max_size=4))
def test_any_four_numbers_are_a_sound_box_or_none(box: list[float]):
    sound = all(abs(value) <= 1e6 for value in box)
    if sound:
        x, y, width, height = np.array(box, np.float32).tolist()
        sound = width > 0 and height > 0 and -width < x < 200 and -height < y < 100
    if sound:
        np.testing.assert_array_equal(check_box(box, SHAPE), np.array(box, np.float32))
    else:
        with pytest.raises(ValueError, match=r"^bbox: "):
            check_box(box, SHAPE)


def test_large_pictures_take_little_memory():
    picture = np.broadcast_to(COLOUR[:1, :1], (2000, 1500, 3))
    tracemalloc.start()
    try:
        PaddedImage.of(to_grey(picture))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * 2000 * 1500
