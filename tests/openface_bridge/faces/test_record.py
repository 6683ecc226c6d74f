"""Records: what they hold, what they refuse; folders of them; frames of sequences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.face_records import CASES, EMBEDDED, RECORDS

from openface_bridge.faces.asking.moves import N_MOVES, farthest, moved, scatter
from openface_bridge.faces.frames import LIGHTS, MOVES, frames_of, room_of
from openface_bridge.faces.record import RECORD_VERSION, FaceRecord, read_record
from openface_bridge.faces.recorded import RecordedFaces, file_name
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case
from openface_bridge.trace import PROVENANCE, TraceError, write_arrays


def test_embedded_records_tell_where_they_come_from():
    for case in CASES:
        told = RECORDS.record(case).provenance
        assert told["record_version"] == RECORD_VERSION
        assert (told["face"], told["setting"]) == (case.face, case.setting)
        assert told["blas_kernel"] == "Haswell"
        assert "inner/pdm.txt" in told["model"]["sha256"]


def test_faces_come_before_sequences():
    settings = [case.setting for case in CASES]
    assert settings == sorted(settings, reverse=True)
    assert settings.count("whole") == 5
    assert settings.count("sequence") == 3
    assert RECORDS.description == "recorded faces in records/"


def test_what_a_record_tells():
    whole, sequence = (RECORDS.record(Case("frontal01", name)) for name in ("whole", "sequence"))
    assert whole.parts == ("inner", "left_eye", "right_eye")
    assert (whole.frames, sequence.frames) == (0, len(MOVES))
    assert whole.layers == 9
    assert whole.px("floor") == whole["floor"].max() > 0
    assert whole.px("nothing") == 0
    assert whole.get("nothing") is None
    with pytest.raises(TraceError, match=r"face_frontal01_whole.npz: lacks 'nothing'"):
        whole["nothing"]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"bbox": np.zeros(3)}, r"'bbox' has shape \(3,\), expected \(4,\)"),
        ({"hypotheses.rotations": np.zeros((2, 4))}, r"'hypotheses.rotations' has shape"),
        ({"floor": np.array([0.1, np.nan])}, r"'floor' is not finite"),
        (
            {"detector.boxes": np.zeros((2, 4)), "detector.confidences": np.zeros(1)},
            r"are not equally many",
        ),
    ],
)
def test_what_is_refused(entries: dict[str, Any], message: str):
    with pytest.raises(TraceError, match=message):
        FaceRecord(entries, "made up")


def test_other_versions_are_refused(tmp_path: Path):
    path = tmp_path / "face_a_whole.npz"
    told = np.array(json.dumps({"record_version": RECORD_VERSION + 1}))
    write_arrays(path, {PROVENANCE: told})
    with pytest.raises(TraceError, match=r"is of version 2, this reads 1"):
        read_record(path)


def test_a_provenance_that_is_no_object():
    assert FaceRecord({PROVENANCE: np.array("[]")}, "made up").provenance == {}
    with pytest.raises(TraceError, match=r"is no JSON"):
        _ = FaceRecord({PROVENANCE: np.array("no JSON")}, "made up").provenance


def test_a_folder_with_other_files(tmp_path: Path):
    for name in ("face_a.b_whole.npz", "face_a_other.npz", "trace_a_default.npz", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    found = RecordedFaces(tmp_path)
    assert list(found.cases()) == [Case("a.b", "whole")]
    assert file_name(Case("a.b", "whole")) == "face_a.b_whole.npz"
    assert not RecordedFaces(tmp_path / "none").cases()


def test_frames_are_windows():
    picture = read_picture(find_picture(EMBEDDED.pictures, "frontal01"))
    size = np.array(room_of(picture))
    frames = frames_of(picture, np.array(MOVES), size)
    assert {frame.shape for frame in frames} == {(*size.tolist(), 3)}
    left, upper = MOVES[1]
    np.testing.assert_array_equal(frames[1][0, 0], picture[upper, left])
    for outside in ((41, 0), (-1, 0)):
        with pytest.raises(TraceError, match=r"leaves the picture"):
            frames_of(picture, np.array([outside]), size)
    with pytest.raises(TraceError, match=r"too small"):
        room_of(picture[:40])


def test_light_comes_from_a_side():
    """Half as bright again at one border, half as bright at the other; never beyond white."""
    picture = np.full((50, 43, 3), 100, np.uint8)
    picture[:, :, 1] = 240
    moves, size = np.zeros((3, 2), int), np.array((2, 43))
    even, left, right = frames_of(picture, moves, size, np.array((0, -128, 128)))
    np.testing.assert_array_equal(even, picture[:2])
    assert right[0, (0, 21, 42), 0].tolist() == [50, 100, 150]
    assert right[1, (0, 21, 42), 1].tolist() == [120, 240, 255]
    np.testing.assert_array_equal(left[:, (0, 21, 42)], right[:, (42, 21, 0)])
    with pytest.raises(TraceError, match="2 lights are not one for each of 3 frames"):
        frames_of(picture, moves, size, np.zeros(2, int))


def test_in_changing_light_frames_differ():
    record = RECORDS.record(Case("frontal02", "sequence"))
    assert record["lights"].tolist() == list(LIGHTS)
    picture = read_picture(find_picture(EMBEDDED.pictures, "frontal02"))
    still = np.zeros((5, 2), int)
    first, *_, last = frames_of(picture, still, record["size"], record["lights"])
    half = first.shape[1] // 2
    assert first[:, :half].mean() > 1.5 * last[:, :half].mean()
    assert last[:, half:].mean() > 1.5 * first[:, half:].mean()


def test_moves_are_of_one_ulp_and_always_the_same():
    values = np.array([1.0, -2.0, 0.0], np.float32)
    found = moved(values, "a name")
    assert len(found) == N_MOVES
    for each, again in zip(found, moved(values, "a name"), strict=True):
        np.testing.assert_array_equal(each, again)
        assert (each != values).any()
        assert (np.abs(each - values) <= np.spacing(np.abs(values))).all()
    assert any((a != b).any() for a, b in zip(found, moved(values, "another"), strict=True))


def test_how_far_reruns_are_apart():
    shape = np.zeros((2, 2), np.float32)
    other = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    np.testing.assert_array_equal(farthest([shape, other], shape), [5.0, 0.0])
    params = (np.zeros(2, np.float32), np.zeros(1, np.float32))
    others = [(np.array([1.0, -2.0], np.float32), np.array([0.5], np.float32)), params]
    np.testing.assert_array_equal(scatter(others, params), [1.0, 2.0, 0.5])
