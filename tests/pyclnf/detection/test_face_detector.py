"""Face detectors of the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyclnf.detection import find_boxes

IMAGE = np.zeros((100, 200, 3), np.uint8)
BOX = [10.5, 20, 30, 40]


@pytest.mark.parametrize(
    "found",
    [[BOX], np.array([BOX]), np.array([BOX], np.float16), ((10.5, 20, 30, 40),), [np.array(BOX)]],
)
def test_anything_that_is_boxes(found: Any):
    boxes = find_boxes(lambda image: found, IMAGE)
    assert boxes.dtype == np.float32
    assert boxes.tolist() == [BOX]


def test_the_detector_gets_the_picture_itself():
    seen = []
    find_boxes(lambda image: seen.append(image) or [], IMAGE)  # type: ignore[func-returns-value]
    assert seen[0] is IMAGE


def test_boxes_stay_in_their_order():
    given = [[0, 0, 10, 10], [50, 50, 20, 20], [-5, -5, 30, 30]]
    assert find_boxes(lambda image: given, IMAGE).tolist() == given


@pytest.mark.parametrize("nothing", [[], (), np.empty((0, 4)), np.empty(0, np.int32)])
def test_no_faces(nothing: Any):
    assert find_boxes(lambda image: nothing, IMAGE).shape == (0, 4)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (None, r"expected it to return boxes, \(k, 4\)"),
        (BOX, r"got \(4,\)"),
        ([[1, 2, 3]], r"got \(1, 3\)"),
        ([BOX, BOX[:3]], r"return boxes, \(k, 4\), got \[\["),
        ([["a", "b", "c", "d"]], r"return boxes, \(k, 4\), got \[\["),
        (np.zeros((1, 1, 4)), r"got \(1, 1, 4\)"),
        (np.zeros((0, 4, 0)), r"got \(0, 4, 0\)"),
        ([BOX, [0, 0, 0, 5]], "face 1 a bad bbox: width and height must be positive"),
        ([[0, 0, -1, 5]], "face 0 a bad bbox: width and height"),
        ([[np.nan, 0, 1, 5]], "face 0 a bad bbox: .* finite"),
        ([[1e9, 0, 1, 5]], "face 0 a bad bbox: no coordinate may exceed"),
        ([[300, 0, 10, 10]], "face 0 a bad bbox: .* outside the picture"),
    ],
)
def test_what_are_no_boxes(found: Any, message: str):
    with pytest.raises(ValueError, match=f"^detector: .*{message}"):
        find_boxes(lambda image: found, IMAGE)


def test_what_cannot_be_called():
    with pytest.raises(ValueError, match=r"^detector: must be callable"):
        find_boxes("haarcascade.xml", IMAGE)  # type: ignore[arg-type]


def test_errors_of_the_detector_are_its_own():
    def broken(image: Any) -> Any:
        raise KeyError("model")

    with pytest.raises(KeyError, match="model"):
        find_boxes(broken, IMAGE)
