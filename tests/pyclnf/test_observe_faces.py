"""What observers learn of whole faces, of tracking and of detection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.faces import draw_face
from support.model_files import add_part, write_small_model
from support.networks import (
    output_layers,
    proposal_layers,
    refinement_layers,
    write_face_detector,
)
from support.validators import add_validator, small_validator

from pyclnf import CLNF, FitSettings, TraceRecorder
from pyclnf.detection import MTCNN
from pyclnf.detection.candidates import Candidates
from pyclnf.hypotheses import Hypotheses
from pyclnf.parts import WholeFit
from pyclnf.pdm import Parameters
from pyclnf.tracking import TrackerSettings

TURNS = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.0))


class Listener:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.of: dict[str, Any] = {}
        self.inside = TraceRecorder()

    def on_hypotheses(self, tried: Hypotheses) -> None:
        self._hear("hypotheses", tried)

    def on_part(self, name: str, start: Parameters) -> TraceRecorder:
        self._hear("part", start)
        return self.inside

    def on_parts(self, whole: WholeFit) -> None:
        self._hear("parts", whole)

    def on_certainty(self, certainty: float) -> None:
        self._hear("certainty", certainty)

    def on_template(self, before: Parameters, moved: Parameters) -> None:
        self._hear("template", (before, moved))

    def on_candidates(self, network: str, candidates: Candidates) -> None:
        self._hear(network, candidates)

    def _hear(self, what: str, told: Any) -> None:
        self.told.append(what)
        self.of[what] = told


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    main = write_small_model(tmp_path_factory.mktemp("observed"))
    add_part(main, "inner", (4, 5, 6, 7, 8, 9, 10, 11))
    add_validator(main, small_validator(n_landmarks=12))
    return main


def test_a_face_tells_of_head_poses_parts_and_certainty(manifest: Path, backend_name: str):
    clnf, face, listener = CLNF(manifest, backend=backend_name), draw_face(0), Listener()
    found = clnf.detect(face.picture, face.box, rotations=TURNS, observer=listener)
    assert listener.told == ["hypotheses", "part", "parts", "certainty"]
    alone = clnf.fit_hypotheses(face.picture, face.box, rotations=TURNS)
    heard = listener.of["hypotheses"]
    assert [each.likelihood for each in heard.fits] == [each.likelihood for each in alone.fits]
    assert listener.of["certainty"] == found.certainty
    assert listener.of["parts"].parts["inner"] is found.parts["inner"]


def test_the_fit_of_a_part_can_be_looked_into(manifest: Path, backend_name: str):
    clnf, face, listener = CLNF(manifest, backend=backend_name), draw_face(0), Listener()
    found = clnf.detect(face.picture, face.box, rotations=TURNS[:1], observer=listener)
    trace, start = listener.inside.trace, listener.of["part"]
    np.testing.assert_array_equal(trace["init.params_global"], start.global_)
    np.testing.assert_array_equal(trace["scale0.rigid.0.params_local"], start.local)
    np.testing.assert_array_equal(trace["final.landmarks"], found.parts["inner"].landmarks)


def test_observers_change_nothing(manifest: Path, backend_name: str):
    clnf, face = CLNF(manifest, backend=backend_name), draw_face(0)
    observed = clnf.detect(face.picture, face.box, rotations=TURNS, observer=Listener())
    alone = clnf.detect(face.picture, face.box, rotations=TURNS)
    assert observed.landmarks.tobytes() == alone.landmarks.tobytes()


def test_a_tracker_tells_where_it_looks(manifest: Path):
    clnf, face, listener = CLNF(manifest, backend="numpy"), draw_face(0), Listener()
    settings = TrackerSettings(
        FitSettings(window_sizes=(9, 7)), windows=(0, 7), template=True, redetect_every=0
    )
    tracker = clnf.tracker(settings=settings, validate=False, observer=listener)
    tracker.update(face.picture, face.box)
    assert "template" not in listener.told
    tracker.update(np.roll(face.picture, (3, 5), (0, 1)))
    before, moved = listener.of["template"]
    np.testing.assert_allclose(moved.global_[4:] - before.global_[4:], (5, 3), atol=2.5)


class Audience:
    """Has a listener for each face."""

    def __init__(self) -> None:
        self.listeners: dict[int, Listener] = {}

    def on_face(self, number: int, box: Any) -> Listener:
        return self.listeners.setdefault(number, Listener())

    def on_lost(self, number: int) -> None: ...


def test_each_of_several_faces_tells_its_own_listener(manifest: Path, backend_name: str):
    clnf, face, audience = CLNF(manifest, backend=backend_name), draw_face(0), Audience()
    pair = np.concatenate([face.picture, face.picture], axis=1)
    boxes = [face.box, (face.box[0] + face.picture.shape[1], *face.box[1:])]
    settings = TrackerSettings(FitSettings(window_sizes=(9, 7)), windows=(0, 7), template=True)

    def tracked(**more: Any) -> list[Any]:
        tracker = clnf.face_tracker(lambda image: boxes, settings, validate=False, **more)
        return [list(tracker.update(frame).values()) for frame in (pair, np.roll(pair, 3, 1))]

    observed = tracked(observer=audience, threads=2)
    assert sorted(audience.listeners) == [0, 1]
    for number, listener in audience.listeners.items():
        assert listener.told == ["part", "parts", "template", "part", "parts"]
        last = observed[1][number].fit
        assert listener.of["parts"].parts["inner"] is last.parts["inner"]
    for frame, alone in zip(observed, tracked(), strict=True):
        for one, other in zip(frame, alone, strict=True):
            assert one.fit.landmarks.tobytes() == other.fit.landmarks.tobytes()


def test_a_detector_tells_what_each_network_leaves(tmp_path: Path):
    layers = (proposal_layers(5), refinement_layers(5), output_layers(5))
    detector, listener = MTCNN(write_face_detector(tmp_path, *layers), "numpy"), Listener()
    coarse = np.random.default_rng(5).integers(0, 256, (38, 21, 3), np.uint8)
    picture = coarse.repeat(4, axis=0).repeat(4, axis=1)[:150, :83]
    found = detector.detect(picture, listener)
    assert listener.told == ["proposal", "refinement", "output"]
    counts = [len(listener.of[name]) for name in listener.told]
    assert counts[0] > counts[1] >= counts[2] >= len(found) > 0
