from __future__ import annotations

import numpy as np
import pytest
from support.face_results import made_up_face

from pyclnf.formats.drawing import draw_faces

RED = (0, 0, 255)


def test_landmarks_are_drawn_where_they_are():
    pixels = np.zeros((90, 80, 3), np.uint8)
    landmarks = np.array([(20, 30), (60, 70)], np.float32)
    canvas = draw_faces(pixels, [made_up_face(landmarks=landmarks)])
    assert not pixels.any()
    assert tuple(canvas[30, 20]) == RED
    assert tuple(canvas[70, 60]) == RED
    assert canvas[6, 25, 1] > 150  # the upper edge of the box
    assert not canvas[5:, 78:].any()


def test_without_faces_the_picture_is_as_it_was():
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert np.array_equal(draw_faces(pixels, []), pixels)


def test_a_failed_face_is_grey():
    face = made_up_face(success=False, landmarks=np.full((3, 2), np.nan, np.float32))
    canvas = draw_faces(np.zeros((90, 80, 3), np.uint8), [face])
    assert canvas.any()
    assert (canvas[..., 0] == canvas[..., 1]).all()


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((50, 60), 7, np.uint8),
        np.full((50, 60, 3), 7 * 256, np.uint16),
        np.full((50, 60), 7 / 255, np.float32),
    ],
)
def test_pictures_of_every_kind(pixels):
    canvas = draw_faces(pixels, [])
    assert canvas.dtype == np.uint8
    assert canvas.shape == (50, 60, 3)
    assert (canvas == 7).all()


def test_coordinates_far_away_do_no_harm():
    far = np.full((3, 2), 3e38, np.float32)
    far[0] = -3e38
    draw_faces(np.zeros((40, 40, 3), np.uint8), [made_up_face(landmarks=far)])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_boxes_that_cannot_be_drawn_do_no_harm(value: float):
    landmarks = np.full((3, 2), np.nan, np.float32)
    box = np.full(4, value, np.float32)
    pixels = np.full((40, 40, 3), 9, np.uint8)
    canvas = draw_faces(pixels, [made_up_face(success=False, landmarks=landmarks, box=box)])
    assert np.array_equal(canvas, pixels)
