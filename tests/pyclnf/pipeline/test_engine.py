from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.faces import draw_face
from support.model_files import add_part, write_small_model

from openface_bridge.fixtures import Face
from pyclnf import CLNF, FitSettings, ModelFileError
from pyclnf.pipeline.boxes import same_boxes
from pyclnf.pipeline.engine import Choices, Engine, PictureEngine
from pyclnf.pipeline.frame import Frame

OUTSIDE = (5000.0, 5000.0, 10.0, 10.0)
FAST = FitSettings(window_sizes=(5,), max_iterations=1)


@pytest.mark.parametrize("multi_view", [False, True])
def test_faces_are_those_of_the_detector(clnf: CLNF, face: Face, frame: Frame, multi_view: bool):
    choices = Choices(FAST, multi_view=multi_view)
    engine = PictureEngine(clnf, same_boxes([face.box, OUTSIDE]), choices)
    found, refused = engine.image(frame)
    if multi_view:
        expected = clnf.fit_hypotheses(frame.pixels, face.box, FAST).best
    else:
        expected = clnf.fit(frame.pixels, face.box, FAST)
    assert np.array_equal(found.landmarks, expected.landmarks)
    assert np.array_equal(found.params_global, expected.params_global)
    assert np.array_equal(found.params_local, expected.params_local)
    assert (found.success, found.view, found.face_id) == (expected.success, expected.view, 0)
    assert found.box.tolist() == pytest.approx(list(face.box))
    assert not refused.success
    assert "outside the picture" in refused.failure
    assert np.isnan(refused.landmarks).all()
    assert refused.face_id == 1


def test_a_box_beyond_float32_is_refused(clnf: CLNF, frame: Frame):
    [face] = PictureEngine(clnf, same_boxes([(1e40, 0, 9, 9)]), Choices(FAST)).image(frame)
    assert "must be finite" in face.failure


def test_no_box_no_face(clnf: CLNF, frame: Frame):
    assert PictureEngine(clnf, same_boxes([]), Choices(FAST)).image(frame) == []


def test_frames_are_taken_one_by_one(clnf: CLNF, face: Face, frame: Frame):
    taken: list[int] = []

    def frames():
        for number in range(1, 4):
            taken.append(number)
            yield Frame(frame.name, frame.pixels, number)

    engine: Engine = PictureEngine(clnf, same_boxes([face.box]), Choices(FAST))
    for seen, faces in engine.sequence(frames()):
        assert taken[-1] == seen.number
        assert len(faces) == 1
    assert taken == [1, 2, 3]


def test_what_holds_for_all_can_be_written(clnf: CLNF):
    about = PictureEngine(clnf, same_boxes([]), Choices(FAST)).about
    assert json.loads(json.dumps(about))["settings"]["max_iterations"] == 1
    assert about["backend"] == clnf.backend


def test_a_part_that_cannot_be_read_is_no_face_that_was_not_found(tmp_path: Path):
    manifest = write_small_model(tmp_path)
    add_part(manifest, "inner", (4, 5, 6, 7, 8, 9, 10, 11))
    (tmp_path / "inner" / "main.txt").write_text("nothing")
    face = draw_face(0)
    frame = Frame("face", np.repeat(face.picture[:, :, None], 3, axis=2))
    engine = PictureEngine(CLNF(manifest, backend="numpy"), same_boxes([face.box]))
    with pytest.raises(ModelFileError, match=r"main\.txt"):
        engine.image(frame)
