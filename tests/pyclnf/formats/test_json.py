from __future__ import annotations

import json
import os
import re
from contextlib import closing
from pathlib import Path

import numpy as np
from support.face_results import made_up_face

from pyclnf.formats.json_file import SCHEMA_VERSION, JsonFile, face_document
from pyclnf.pipeline.frame import Frame

FRAME = Frame("clip", np.zeros((2, 2, 3), np.uint8), number=7, timestamp=0.2)
DOCUMENTATION = Path(__file__).resolve().parents[3] / "docs" / "json.md"


def test_the_document_is_valid_at_any_moment(tmp_path: Path):
    path = tmp_path / "clip.json"
    with closing(JsonFile(path, {"source": "clïp.avi"})) as file:
        assert json.loads(path.read_text("utf-8"))["frames"] == []
        file.write(FRAME, [made_up_face()])
        first = json.loads(path.read_text("utf-8"))
        file.write(Frame("clip", FRAME.pixels, number=8), [])
    whole = json.loads(path.read_text("utf-8"))
    assert whole["schema"] == "pyclnf.faces"
    assert whole["version"] == SCHEMA_VERSION
    assert whole["source"] == "clïp.avi"
    assert whole["frames"][:1] == first["frames"]
    assert [frame["frame"] for frame in whole["frames"]] == [7, 8]
    assert whole["frames"][1]["faces"] == []


def test_file_names_of_any_bytes(tmp_path: Path):
    name = os.fsdecode(b"caf\xe9.jpg")
    with closing(JsonFile(tmp_path / "any.json", {"source": name})):
        pass
    assert json.loads((tmp_path / "any.json").read_text("utf-8"))["source"] == name


def test_every_number_exactly():
    face = made_up_face(pose=np.full(6, 0.1, np.float32), parts={"left_eye": np.ones((2, 2))})
    document = json.loads(json.dumps(face_document(face)))
    assert np.array_equal(np.array(document["landmarks"], np.float32), face.landmarks)
    assert np.array_equal(np.array(document["params_global"], np.float32), face.params_global)
    assert np.float32(document["pose"][0]) == np.float32(0.1)
    assert document["parts"] == {"left_eye": [[1, 1], [1, 1]]}
    assert document["landmarks_3d"] is None


def test_what_is_not_finite_is_null():
    landmarks = np.array([(np.nan, 1), (np.inf, 2)], np.float32)
    document = face_document(made_up_face(landmarks=landmarks, likelihood=float("nan")))
    assert document["landmarks"] == [[None, 1], [None, 2]]
    assert document["likelihood"] is None


def test_every_key_is_documented():
    documented = set(re.findall(r"`(\w+)`", DOCUMENTATION.read_text("utf-8")))
    assert set(face_document(made_up_face())) <= documented
