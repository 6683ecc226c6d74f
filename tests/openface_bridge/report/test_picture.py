"""The picture shows the face, its landmarks where they are, and errors magnified sensibly."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from openface_bridge.parity.run import Comparison, FitRun
from openface_bridge.report.picture import face_picture
from openface_bridge.trace import Trace


def ended_at(run: FitRun, shift: float) -> FitRun:
    """A run whose candidate ends with all landmarks off."""
    landmarks = run.reference["final.landmarks"] + np.float32(shift)
    return replace(run, candidate=Trace({**run.candidate.entries, "final.landmarks": landmarks}))


def test_picture(sound: Comparison):
    found = face_picture(sound.run)
    jpeg = np.frombuffer(base64.b64decode(found.jpeg, validate=True), np.uint8)
    pixels = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert pixels is not None
    assert pixels.shape == (found.height, found.width, 3)


def test_landmarks_are_placed_in_the_crop(sound: Comparison):
    found = face_picture(sound.run)
    reference = sound.run.reference["final.landmarks"]
    placed = np.array(found.reference)
    assert placed.min() > 0
    assert np.all(placed.max(axis=0) < (found.width, found.height))
    # As far apart as in the picture, which was not made smaller; pixels' centres lie at one half.
    np.testing.assert_allclose(np.ptp(placed, axis=0), np.ptp(reference, axis=0), atol=0.011)
    np.testing.assert_allclose((placed - reference) % 1, 0.5, atol=0.011)


def test_large_pictures_are_made_smaller(sound: Comparison, tmp_path: Path):
    pixels = cv2.imread(str(sound.run.picture))
    assert pixels is not None
    large = tmp_path / "large.png"
    assert cv2.imwrite(str(large), cv2.resize(pixels, None, fx=6, fy=6))
    entries = dict(sound.run.reference.entries)
    entries["final.landmarks"] = entries["final.landmarks"] * np.float32(6)
    found = face_picture(replace(sound.run, picture=large, reference=Trace(entries)))
    assert max(found.width, found.height) == 640
    assert len(found.jpeg) < 120_000


@pytest.mark.parametrize(("shift", "times"), [(0, 1000), (0.001, 1000), (0.1, 100), (20, 1)])
def test_magnification(sound: Comparison, shift: float, times: int):
    assert face_picture(ended_at(sound.run, shift)).magnification == times


@pytest.mark.parametrize("lost", [np.nan, np.inf])
def test_lost_landmarks(sound: Comparison, lost: float):
    found = face_picture(ended_at(sound.run, lost))
    n = sound.run.reference.n_landmarks
    assert found.lost == list(range(n))
    assert np.isfinite(found.reference).all()
    assert not np.any(found.apart)


def test_faces_outside_their_picture(sound: Comparison):
    trace = sound.run.reference
    for shift in (-1000, 1000, np.nan):
        moved = {
            **trace.entries,
            "final.landmarks": trace["final.landmarks"] + np.float32(shift),
            "bbox": trace["bbox"] + np.float32(shift),
        }
        found = face_picture(replace(sound.run, reference=Trace(moved)))
        assert min(found.width, found.height) > 0


def test_moments(sound: Comparison):
    found = face_picture(sound.run)
    n, steps = sound.run.reference.n_landmarks, sound.run.reference.steps
    assert len(found.moments) == len(steps) + 1
    shapes = np.frombuffer(base64.b64decode(found.shapes), "<f4").reshape(-1, n, 4)
    assert len(shapes) == len(found.moments)
    np.testing.assert_allclose(shapes[-1, :, :2], found.reference, atol=0.006)
