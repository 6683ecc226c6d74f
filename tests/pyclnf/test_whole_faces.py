"""Whole faces, in pictures and sequences, against what the reference was recorded to find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
from support.faces import draw_face
from support.model_files import add_part, write_small_model
from support.validators import add_validator, small_validator

from pyclnf import CLNF, FaceFit, FitSettings, ModelFileError
from pyclnf.backends import is_available
from pyclnf.detection import MTCNN
from pyclnf.hypotheses import ROTATIONS
from pyclnf.image import to_grey
from pyclnf.pose import CameraIntrinsics
from pyclnf.tracking import Tracker, TrackerSettings
from pyclnf.typing import ByteArray, Float32Array
from pyclnf.validation import SUCCESS_BOUNDARY, Validator

SAMPLES = ("sample1", "sample3", "sample4", "sample5")
FRONTAL = ((0.0, 0.0, 0.0),)


@pytest.fixture(scope="module")
def with_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    main = write_small_model(tmp_path_factory.mktemp("with_parts"))
    add_part(main, "inner", (4, 5, 6, 7, 8, 9, 10, 11))
    return main


@pytest.fixture(scope="module")
def general(openface_data: Path) -> CLNF:
    """OpenFace's model."""
    if not is_available("cython"):
        pytest.skip("backend cython is not built, and numpy-exact would take minutes")
    return CLNF(openface_data / "model" / "main_clnf_general.txt", backend="cython")


@pytest.fixture(scope="module")
def mtcnn(openface_data: Path) -> MTCNN:
    """OpenFace's face detector."""
    return MTCNN(openface_data / "model" / "mtcnn_detector" / "MTCNN_detector.txt")


def read(path: Path) -> ByteArray:
    picture = cv2.imread(str(path))
    assert picture is not None
    return np.asarray(picture, np.uint8)


def stacked(recorded: list[float]) -> Float32Array:
    return np.array(recorded, np.float32).reshape(2, -1).T


# ---- On the small model ----


def test_without_parts_a_face_is_the_likeliest_fit(with_parts: Path, backend_name: str):
    clnf, face = CLNF(with_parts, backend=backend_name), draw_face(0)
    rotations = [*FRONTAL, (0.0, 0.5, 0.0)]
    found = clnf.detect(face.picture, face.box, rotations=rotations, parts=False, threads=2)
    best = clnf.fit_hypotheses(face.picture, face.box, rotations=rotations).best
    assert found.landmarks.tobytes() == best.landmarks.tobytes()
    assert (found.likelihood, found.view, found.certainty) == (best.likelihood, best.view, 1.0)
    assert not found.parts
    assert not found.refined


def test_with_parts_a_face_is_refined(with_parts: Path, backend_name: str):
    clnf, face = CLNF(with_parts, backend=backend_name), draw_face(0)
    found = clnf.detect(face.picture, face.box, rotations=FRONTAL)
    alone = clnf.fit(face.picture, face.box)
    assert found.refined
    assert found.likelihood == alone.likelihood
    assert found.landmarks.tobytes() != alone.landmarks.tobytes()


def test_a_fit_that_fails_is_certain_of_nothing(with_parts: Path):
    clnf, face = CLNF(with_parts, backend="numpy"), draw_face(0)
    x, y, width, height = face.box
    tiny = (x + width / 2, y + height / 2, width / 20, height / 20)
    found = clnf.detect(face.picture, tiny, rotations=FRONTAL)
    assert not found.success
    assert found.certainty == 0.0
    assert "too small" in found.failure


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("threads", [1, 2, None])
def test_faces_of_one_picture_share_it(
    with_parts: Path,
    backend_name: str,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    threads: int | None,
):
    """It is made grey once; each face is the same in every bit as alone."""
    clnf, face = CLNF(with_parts, backend=backend_name), draw_face(0)
    rotations = [*FRONTAL, (0.0, 0.5, 0.0)]
    boxes = [np.add(face.box, shift) for shift in (0, 3, -4)][:count]
    expected = [clnf.detect(face.picture, box, rotations=rotations) for box in boxes]
    made = Mock(wraps=clnf._backend.picture)
    monkeypatch.setattr(clnf._backend, "picture", made)
    found = clnf.detect_many(face.picture, boxes, rotations=rotations, threads=threads)
    assert made.call_count == 1
    assert [each.landmarks.tobytes() for each in found] == [
        each.landmarks.tobytes() for each in expected
    ]
    for one, other in zip(found, expected, strict=True):
        assert one.parts["inner"].landmarks.tobytes() == other.parts["inner"].landmarks.tobytes()
        assert (one.likelihood, one.certainty) == (other.likelihood, other.certainty)


def test_a_face_that_cannot_be_fitted_does_not_lose_the_rest(with_parts: Path):
    clnf, face = CLNF(with_parts, backend="numpy"), draw_face(0)
    bad, good = clnf.detect_many([face.picture] * 2, [(0, 0, -1, 5), face.box], rotations=FRONTAL)
    assert (good.success, good.refined) == (True, True)
    assert np.isnan(bad.landmarks).all()
    assert (bad.success, bad.certainty, bad.refined, bad.failure[:5]) == (
        False,
        0.0,
        False,
        "bbox:",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"boxes": [(0, 0, 9, 9)] * 2}, "boxes: 2 for 1 pictures"),
        ({"images": np.zeros((0, 4), np.uint8)}, "image: "),
        ({"rotations": ()}, "rotations: there are none"),
        ({"threads": 0}, "threads: "),
        ({"settings": "wild"}, "settings: "),
    ],
)
def test_bad_arguments_of_many(with_parts: Path, change: dict[str, Any], message: str):
    face = draw_face(0)
    given = {"images": [face.picture], "boxes": [face.box], "rotations": FRONTAL}
    with pytest.raises(ValueError, match=f"^{message}"):
        CLNF(with_parts, backend="numpy").detect_many(**{**given, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rotations": ()}, "rotations: there are none"),
        ({"rotations": [(0, 9, 0)]}, "rotation: "),
        ({"threads": 0}, "threads: "),
        ({"settings": "wild"}, "settings: "),
        ({"bbox": (0, 0, -1, 5)}, "bbox: "),
        ({"image": np.zeros((0, 4), np.uint8)}, "image: "),
    ],
)
def test_bad_arguments(with_parts: Path, change: dict[str, Any], message: str):
    face = draw_face(0)
    given = {"image": face.picture, "bbox": face.box, "rotations": FRONTAL}
    with pytest.raises(ValueError, match=f"^{message}"):
        CLNF(with_parts, backend="numpy").detect(**{**given, **change})


def test_a_validator_decides_on_success(with_parts: Path):
    manifest = with_parts.with_name("validated.txt")
    manifest.write_bytes(with_parts.read_bytes())
    path = add_validator(manifest, small_validator(n_landmarks=12))
    clnf, face = CLNF(manifest, backend="numpy"), draw_face(0)
    found = clnf.detect(face.picture, face.box, rotations=FRONTAL)
    grey = to_grey(face.picture)
    validator = Validator.load(path, backend="numpy")
    rotation = found.params_global[1:4]
    assert found.certainty == validator.check(grey, found.landmarks, rotation)
    assert found.success == (found.certainty > SUCCESS_BOUNDARY)
    assert ("doubts" in found.failure) != found.success
    unasked = clnf.detect(face.picture, face.box, rotations=FRONTAL, validate=False)
    assert (unasked.certainty, unasked.success) == (1.0, True)


def test_a_validator_of_another_model(with_parts: Path):
    manifest = with_parts.with_name("mismatched.txt")
    manifest.write_bytes(with_parts.read_bytes())
    add_validator(manifest, small_validator(n_landmarks=11))
    clnf, face = CLNF(manifest, backend="numpy"), draw_face(0)
    with pytest.raises(ModelFileError, match=r"validator\.txt.* 12 landmarks.*11"):
        clnf.detect(face.picture, face.box)


def test_a_face_is_tracked(with_parts: Path, backend_name: str):
    clnf, face = CLNF(with_parts, backend=backend_name), draw_face(0)
    settings = TrackerSettings(FitSettings(window_sizes=(9, 7)), windows=(0, 7), redetect_every=0)
    tracker: Tracker[FaceFit] = clnf.tracker(settings=settings)
    assert tracker.update(face.picture) is None
    first = tracker.update(face.picture, face.box)
    assert first is not None
    for _ in range(3):
        tracked = tracker.update(face.picture)
        assert tracked is not None
        assert tracked.success
        assert np.abs(tracked.fit.landmarks - first.fit.landmarks).max() < 3


def test_several_faces_are_tracked(with_parts: Path):
    clnf, face = CLNF(with_parts, backend="numpy"), draw_face(0)
    pair = np.hstack((face.picture, face.picture))
    x, y, width, height = face.box
    boxes = [face.box, (x + face.picture.shape[1], y, width, height)]
    tracker = clnf.face_tracker(lambda image: boxes, parts=False)
    for _ in range(2):
        left, right = tracker.update(pair).values()
    shift = right.fit.landmarks - left.fit.landmarks
    assert np.abs(shift - (face.picture.shape[1], 0)).max() < 1


def test_threads_that_several_faces_share(with_parts: Path, backend_name: str):
    clnf, face = CLNF(with_parts, backend=backend_name), draw_face(0)
    row = np.hstack([face.picture] * 3)
    x, y, width, height = face.box
    boxes = [(x + number * face.picture.shape[1], y, width, height) for number in range(3)]
    settings = TrackerSettings(FitSettings(window_sizes=(9, 7)), windows=(0, 7))

    def tracked(threads: int | None) -> list[FaceFit]:
        tracker = clnf.face_tracker(lambda image: boxes, settings, threads=threads)
        frames = [tracker.update(np.roll(row, by, axis=1)) for by in (0, 3)]
        assert all(list(frame) == [0, 1, 2] for frame in frames)
        return [each.fit for frame in frames for each in frame.values()]

    expected = tracked(1)
    for threads in (2, 3, 7, None):
        for one, other in zip(tracked(threads), expected, strict=True):
            assert one.landmarks.tobytes() == other.landmarks.tobytes()
            assert one.params_local.tobytes() == other.params_local.tobytes()
            assert (one.likelihood, one.certainty) == (other.likelihood, other.certainty)


# ---- Recorded ----


@pytest.mark.parametrize("run", ["parts", "multi_view", "multi_view_parts_validated"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_recorded_pictures(openface_data: Path, general: CLNF, sample: str, run: str):
    faces = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))
    face = next(face for face in faces if face["image"] == f"{sample}.jpg")
    expected = face["runs"][run]
    picture = read(openface_data / "samples" / face["image"])
    found = general.detect(
        picture,
        face["bbox"],
        rotations=FRONTAL if run == "parts" else ROTATIONS,
        parts="parts" in run,
        validate="validated" in run,
    )
    np.testing.assert_array_equal(found.landmarks, stacked(expected["landmarks"]))
    assert found.success == bool(expected["success"])
    assert found.certainty == pytest.approx(expected["certainty"], abs=1e-8)
    pose = general.head_pose(found, CameraIntrinsics(500, 500, 320, 240))
    recorded = expected["pose_500_500_320_240"]
    np.testing.assert_allclose([*pose.translation, *pose.rotation], recorded, atol=1e-4)
    assert found.likelihood == pytest.approx(expected["likelihood"], abs=1e-8)


@pytest.mark.parametrize(
    ("name", "parts"), [("sequence_template", False), ("sequence_template_parts_validated", True)]
)
def test_recorded_sequences(
    openface_data: Path, general: CLNF, mtcnn: MTCNN, name: str, parts: bool
):
    """From the first frame's detection on, every frame to the last bit."""
    recorded = json.loads((openface_data / "golden" / f"{name}.json").read_text("utf-8"))
    tracker = general.tracker(mtcnn, TrackerSettings(template=True), parts=parts, validate=parts)
    assert len(recorded) == 30
    for frame in recorded:
        path = openface_data / "samples" / "sequence" / f"{frame['frame'] + 1:03d}.jpg"
        tracked = tracker.update(read(path))
        assert tracked is not None
        assert tracked.success == bool(frame["success"])
        np.testing.assert_array_equal(tracked.fit.landmarks, stacked(frame["landmarks"]))
        assert tracked.fit.certainty == pytest.approx(frame["certainty"], abs=1e-8)
        assert tracked.fit.likelihood == pytest.approx(frame["likelihood"], abs=1e-8)
