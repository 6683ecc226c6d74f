from __future__ import annotations

import json

import numpy as np
import pytest

from openface_bridge.fixtures import Face
from pyclnf import CLNF, FitSettings
from pyclnf.pipeline.boxes import same_boxes
from pyclnf.pipeline.engine import Choices, Engine
from pyclnf.pipeline.frame import Frame
from pyclnf.pipeline.tracking import TrackingEngine
from pyclnf.typing import Float32Array

FAST = Choices(FitSettings(window_sizes=(9, 7), max_iterations=2))
NOBODY = np.empty((0, 4), np.float32)


def numbered(frame: Frame, count: int) -> list[Frame]:
    return [Frame(frame.name, frame.pixels, number) for number in range(1, count + 1)]


def test_a_face_is_detected_and_followed(clnf: CLNF, face: Face, frame: Frame):
    asked: list[int] = []

    def find(asking: Frame) -> Float32Array:
        asked.append(asking.number)
        return np.array([face.box], np.float32)

    engine: Engine = TrackingEngine(clnf, find, FAST)
    found = [faces for _, faces in engine.sequence(numbered(frame, 3))]
    assert asked == [1]
    tracker = clnf.tracker(lambda image: [face.box], settings_of(FAST))
    for faces in found:
        expected = tracker.update(frame.pixels)
        assert expected is not None
        [result] = faces
        assert result.face_id == 0
        assert result.success
        assert result.landmarks.tobytes() == expected.fit.landmarks.tobytes()
        assert result.confidence == expected.fit.certainty
        assert result.pose is not None
        assert result.pose[2] > 100  # mm from the camera
        low, high = result.landmarks.min(axis=0), result.landmarks.max(axis=0)
        np.testing.assert_array_equal(result.box, [*low, *(high - low)])


def settings_of(choices: Choices):
    from pyclnf.tracking import TrackerSettings

    return TrackerSettings(choices.settings)


def test_every_frame_has_a_row_where_one_face_is_followed(clnf: CLNF, frame: Frame):
    engine = TrackingEngine(clnf, lambda asking: NOBODY, FAST)
    found = [faces for _, faces in engine.sequence(numbered(frame, 2))]
    assert [len(faces) for faces in found] == [1, 1]
    [result] = found[0]
    assert not result.success
    assert "no face has been found" in result.failure
    assert np.isnan(result.landmarks).all()
    assert result.landmarks.shape == (clnf.n_landmarks, 2)


def test_several_faces_are_followed(clnf: CLNF, face: Face, frame: Frame):
    pair = np.hstack((frame.pixels, frame.pixels))
    x, y, width, height = face.box
    boxes = [face.box, (x + frame.pixels.shape[1], y, width, height)]
    engine = TrackingEngine(clnf, same_boxes(boxes), FAST, most=2)
    for _, faces in engine.sequence([Frame("pair", pair, 1), Frame("pair", pair, 2)]):
        assert [result.face_id for result in faces] == [0, 1]
        shift = faces[1].landmarks - faces[0].landmarks
        assert np.abs(shift - (frame.pixels.shape[1], 0)).max() < 1


def test_nobody_among_several(clnf: CLNF, frame: Frame):
    engine = TrackingEngine(clnf, lambda asking: NOBODY, FAST, most=3)
    assert [faces for _, faces in engine.sequence(numbered(frame, 2))] == [[], []]


def test_frames_are_taken_one_by_one(clnf: CLNF, face: Face, frame: Frame):
    taken: list[int] = []

    def frames():
        for each in numbered(frame, 3):
            taken.append(each.number)
            yield each

    for seen, _ in TrackingEngine(clnf, same_boxes([face.box]), FAST).sequence(frames()):
        assert taken[-1] == seen.number


@pytest.mark.parametrize("most", [1, 3])
def test_what_holds_for_all_can_be_written(clnf: CLNF, most: int):
    about = TrackingEngine(clnf, same_boxes([]), FAST, template=True, most=most).about
    told = json.loads(json.dumps(about))
    assert (told["template"], told["faces"], told["camera"]) == (True, most, "estimated")


def test_boxes_that_cannot_be_used_are_told_and_passed_over(clnf: CLNF, face: Face, frame: Frame):
    told: list[str] = []
    boxes = [(np.nan, 0, 9, 9), (5000, 5000, 10, 10)]
    engine = TrackingEngine(clnf, same_boxes(boxes), FAST, report=told.append)
    [(_, [result])] = engine.sequence(numbered(frame, 1))
    assert not result.was_fitted
    assert len(told) == 2
    assert all("frame 1: bbox: " in each for each in told)
    found = TrackingEngine(clnf, same_boxes([*boxes, face.box]), FAST, report=told.append)
    [(_, [result])] = found.sequence(numbered(frame, 1))
    assert result.success
