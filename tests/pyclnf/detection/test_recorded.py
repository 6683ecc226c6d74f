"""Faces that OpenFace found, with its own networks. Skipped where these are absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pyclnf.detection import MTCNN

FACES = ("sample1", "sample3", "sample4", "sample5")


@pytest.fixture(scope="module")
def recorded(openface_data: Path) -> dict[str, Any]:
    results = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))
    return {result["image"]: result for result in results}


@pytest.fixture(scope="module")
def detector(openface_data: Path, backend_name: str) -> MTCNN:
    return MTCNN(openface_data / "model" / "mtcnn_detector" / "MTCNN_detector.txt", backend_name)


@pytest.mark.parametrize("face", FACES)
def test_recorded_faces(
    openface_data: Path, recorded: dict[str, Any], detector: MTCNN, backend_name: str, face: str
):
    picture = cv2.imread(str(openface_data / "samples" / f"{face}.jpg"))
    assert picture is not None
    found = detector.detect(picture)
    expected = recorded[f"{face}.jpg"]
    assert len(found) == 1
    if backend_name == "numpy":
        np.testing.assert_allclose(found.boxes[0], expected["bbox"], rtol=0, atol=0.01)
        assert found.confidences[0] == pytest.approx(expected["mtcnn_confidence"], abs=1e-5)
    else:
        np.testing.assert_array_equal(found.boxes[0], np.array(expected["bbox"], np.float32))
        assert found.confidences[0] == np.float32(expected["mtcnn_confidence"])


def test_every_recording_is_compared_with(recorded: dict[str, Any]):
    assert set(recorded) == {f"{face}.jpg" for face in FACES}
