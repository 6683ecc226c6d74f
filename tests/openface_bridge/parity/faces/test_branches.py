"""Discontinuities excuse what lies on them, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.face_records import EMBEDDED, RECORDS, candidate_of

from openface_bridge.faces.record import FaceRecord
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.check import Check, Tie
from openface_bridge.parity.faces.stages import FACE_STAGES, hypothesis
from openface_bridge.parity.faces.subject import Subject
from openface_bridge.parity.faces.verdicts import StageResult
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case
from openface_bridge.trace import TraceError
from pyclnf.fitting import FitResult
from pyclnf.hypotheses import ROTATIONS, Hypotheses

STAGES = {stage.name: stage for stage in FACE_STAGES}


@pytest.fixture(scope="module")
def candidate() -> FaceCandidate:
    return candidate_of("numpy")


@pytest.fixture
def subject(candidate: FaceCandidate, request: pytest.FixtureRequest) -> Subject:
    face, setting = request.param
    picture = read_picture(find_picture(EMBEDDED.pictures, face))
    return Subject(RECORDS.record(Case(face, setting)), picture, candidate)


def changed(subject: Subject, entries: Mapping[str, Any]) -> Subject:
    record = FaceRecord({**subject.record.entries, **entries}, "changed")
    return replace(subject, record=record)


def forced(subject: Subject, stage: str, entry: str) -> Check:
    """Return the first comparison of an entry that is over its limit, or the first at all."""
    found = [check for check in STAGES[stage].force(subject) if check.entry == entry]
    return next((check for check in found if check.over), found[0])


WHOLE = pytest.mark.parametrize("subject", [("frontal01", "whole")], indirect=True)
SMALL = pytest.mark.parametrize("subject", [("small", "whole")], indirect=True)
SEQUENCE = pytest.mark.parametrize("subject", [("frontal01", "sequence")], indirect=True)
BOXES = pytest.mark.parametrize("subject", [("frontal06", "whole")], indirect=True)


@WHOLE
@pytest.mark.parametrize(("gap", "excused"), [(0.0, True), (1e-3, False)])
def test_two_hypotheses_that_are_equally_likely(subject: Subject, gap: float, excused: bool):
    likelihoods = np.full(11, -3.0, np.float32)
    likelihoods[[0, 5]] = (1.0, 1.0 - gap)
    entries = {
        "hypotheses.likelihoods": likelihoods,
        "hypotheses.chosen": np.array(5, np.int32),
    }
    check = forced(changed(subject, entries), "hypothesis", "chosen")
    assert check.over
    assert check.excused is excused
    assert check.tie is not None
    assert check.tie.branch == "likelihoods"


@SMALL
@pytest.mark.parametrize(("scale", "excused"), [(0.45, True), (0.46, False)])
def test_a_face_at_the_least_scale_of_parts(subject: Subject, scale: float, excused: bool):
    params = subject.record["face.params_global"].copy()
    params[0] = np.float32(scale)
    above = np.nextafter(params[0], np.float32(1))
    params[0] = above if excused else params[0]
    check = forced(changed(subject, {"face.params_global": params}), "part parameters", "fitted")
    assert check.over
    assert check.excused is excused


LEAST = 0.45
"""Of a face whose parts are fitted: nine tenths of their first patch scale."""


@SMALL
@pytest.mark.parametrize(
    ("scale", "fitted", "off", "excused"),
    [
        (LEAST + 1e-4, True, 0.0, True),
        (LEAST - 1e-4, True, 0.0, False),  # decides wrongly
        (LEAST + 1e-4, True, 0.1, False),  # landmarks beyond their limit
    ],
)
def test_a_face_whose_own_scale_is_beyond_that(
    subject: Subject, scale: float, fitted: bool, off: float, excused: bool
):
    params = subject.record["face.params_global"].copy()
    params[0] = LEAST - 1e-5
    given = changed(subject, {"face.params_global": params})
    landmarks = subject.record["face.landmarks"] + np.float32(off)
    face = FitResult(landmarks, np.full(6, scale, np.float32), params[:0], 0.0, True, 0)
    own = SimpleNamespace(
        fit=SimpleNamespace(
            parts={name: SimpleNamespace(fitted=fitted) for name in subject.record.parts},
            landmarks=subject.record["landmarks"],
        ),
        told=SimpleNamespace(tried=SimpleNamespace(best=face)),
    )
    given.__dict__["free_face"] = own
    found = list(STAGES["part parameters"].free(given))
    assert found[0].over
    assert found[0].excused is excused
    assert (len(found) == 1) is excused  # a face with other parts is another one


@WHOLE
@pytest.mark.parametrize("branches", [True, False])
def test_a_choice_between_fits_that_branched(
    subject: Subject, branches: bool, monkeypatch: pytest.MonkeyPatch
):
    """As likely as the branch has made it, another head pose may be chosen."""
    found = subject.record["hypotheses.likelihoods"].copy()
    best = int(subject.record["hypotheses.chosen"])
    found[5] = found[best] + np.float32(0.001)
    fits = [FitResult(found[:0], found[:0], found[:0], each, True, 0) for each in found.tolist()]
    tried = Hypotheses(ROTATIONS, fits, range(len(fits)))
    given = replace(subject)
    given.__dict__["free_face"] = SimpleNamespace(told=SimpleNamespace(tried=tried))
    tie = Tie("sample position of scale 1", 0.0, 1.0, "px") if branches else None
    monkeypatch.setattr(hypothesis, "tie_of_fit", lambda *given: tie)
    result = StageResult(hypothesis.STAGE, (), tuple(hypothesis.STAGE.free(given)))
    chosen = result.free[-1]
    assert (chosen.entry, chosen.over, chosen.leads) == ("chosen", True, True)
    assert chosen.excused is branches
    assert result.leads_elsewhere is branches
    assert result.free_kind == ("branch" if branches else "bug")


@WHOLE
@pytest.mark.parametrize(("gap", "excused"), [(1e-7, True), (0.1, False)])
def test_two_classes_that_are_equally_likely(subject: Subject, gap: float, excused: bool):
    last = f"certainty.output{subject.record.layers - 1}"
    scores = subject.record[last].copy()
    order = np.argsort(scores.ravel())
    scores.flat[order[-2]] = scores.flat[order[-1]] - np.float32(gap)
    entries = {last: scores, "certainty.value": np.array(0.05, np.float32)}
    check = forced(changed(subject, entries), "certainty", "certainty")
    assert check.over
    assert check.excused is excused


@WHOLE
@pytest.mark.parametrize(("beyond", "excused"), [(1e-7, True), (1e-3, False)])
def test_a_head_between_two_views_of_the_validator(subject: Subject, beyond: float, excused: bool):
    params = subject.record["whole.params_global"].copy()
    params[1:4] = (0, np.radians(17.5) + beyond, 0)
    check = forced(changed(subject, {"whole.params_global": params}), "certainty", "view")
    assert check.over
    assert check.excused is excused


@WHOLE
def test_layers_of_another_view(subject: Subject):
    record = changed(subject, {"certainty.view": np.array(2, np.int32)})
    with pytest.raises(TraceError, match=r"changed: 'certainty.input' is no picture of view 2"):
        forced(record, "certainty", "layer")


@SEQUENCE
def test_a_template_at_another_place(subject: Subject):
    """Where it looks as it does a step away, rounding decides; here it does not."""
    moved = subject.record["frame1.moved"].copy()
    moved[4] += subject.record["frame0.params_global"][0] / np.float32(0.3)
    check = forced(changed(subject, {"frame1.moved": moved}), "template shift", "shift")
    assert check.over
    assert check.tie is not None
    assert check.tie.margin > 100 * check.tie.slack
    assert not check.excused
    assert check.worst.place.frame == 1


@SEQUENCE
def test_a_template_between_the_steps_of_its_search(subject: Subject):
    moved = subject.record["frame1.moved"].copy()
    moved[4] += 1
    check = forced(changed(subject, {"frame1.moved": moved}), "template shift", "shift")
    assert check.over
    assert not check.excused


def without_one(subject: Subject, network: str, index: int) -> Subject:
    """Return a record that lacks a candidate."""
    prefix = f"detector.{network}"
    entries = {
        f"{prefix}.{each}": np.delete(subject.record[f"{prefix}.{each}"], index, axis=0)
        for each in ("boxes", "scores", "corrections")
    }
    return changed(subject, entries)


@BOXES
def test_a_box_that_is_missing_far_from_the_threshold(subject: Subject):
    check = forced(without_one(subject, "output", 3), "detector boxes", "candidates")
    assert check.over
    assert check.tie is not None
    assert check.tie.branch == "box threshold"
    assert not check.excused
    assert (check.place.network, check.place.box) == ("output", 3)


@BOXES
@pytest.mark.parametrize("moved", [("boxes", "scores", "corrections"), ("boxes",)])
@pytest.mark.parametrize("equal", [False, True])
def test_boxes_in_another_order(subject: Subject, moved: tuple[str, ...], equal: bool):
    """Only boxes whose scores are equal may change places, with their scores or without."""
    prefix, entries = "detector.proposal", {}
    for each in ("boxes", "scores", "corrections"):
        array = subject.record[f"{prefix}.{each}"].copy()
        if each in moved:
            array[[0, 1]] = array[[1, 0]]
        if equal and each == "scores":
            array[0] = array[1]
        entries[f"{prefix}.{each}"] = array
    check = forced(changed(subject, entries), "detector boxes", "candidates")
    assert check.tie is not None
    assert check.tie.branch == "order of boxes"
    assert check.excused is equal
    assert check.place.box == 0


@BOXES
def test_scores_that_are_off(subject: Subject):
    scores = subject.record["detector.refinement.scores"] + np.float32(1e-3)
    changes = {"detector.refinement.scores": scores}
    check = forced(changed(subject, changes), "detector boxes", "scores")
    assert check.over
    assert not check.excused
    assert check.worst.place.network == "refinement"
