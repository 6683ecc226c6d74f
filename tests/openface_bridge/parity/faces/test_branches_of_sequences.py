"""Another success is excused where it is right for landmarks within their limit, and nowhere else.

The candidates have noise in their maps: the validator takes the last face of a sequence for a face,
whose landmarks, off by less than the noise floor, the reference does not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.face_records import EMBEDDED, RECORDS
from support.noisy_faces import NoisyFaces

from openface_bridge.faces.record import FaceRecord
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.certainties import tie_of_success
from openface_bridge.parity.faces.check import Check, Tie
from openface_bridge.parity.faces.replayed import replayed
from openface_bridge.parity.faces.stages import certainty, tracking
from openface_bridge.parity.faces.subject import Subject
from openface_bridge.parity.faces.verdicts import StageResult
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case
from pyclnf import face_fitter
from pyclnf.face_fitter import FaceFit
from pyclnf.pdm import Parameters
from pyclnf.tracking import Tracked, tracker
from pyclnf.tracking.template import follow_template
from pyclnf.validation import Validator

SEQUENCE, SEED, LAST = Case("frontal06", "sequence"), 3, 4


def subject_of(candidate: FaceCandidate, case: Case = SEQUENCE) -> Subject:
    picture = read_picture(find_picture(EMBEDDED.pictures, case.face))
    return Subject(RECORDS.record(case), picture, candidate)


@pytest.fixture(scope="module")
def sound() -> Subject:
    return subject_of(NoisyFaces(SEED))


def result(subject: Subject) -> StageResult:
    return StageResult(
        tracking.STAGE,
        tuple(tracking.STAGE.force(subject)),
        tuple(tracking.STAGE.free(subject)),
    )


def own(subject: Subject, frame: int = LAST) -> Tracked[FaceFit]:
    tracked = subject.free_frames[frame]
    assert tracked is not None
    return tracked


def validator_of(candidate: FaceCandidate) -> Validator:
    assert candidate.validator is not None
    return candidate.validator


def with_frame(subject: Subject, frame: int, **changes: Any) -> Subject:
    """Return a subject one of whose own frames is changed; `success`, or what a fit has."""
    frames, copy = list(subject.free_frames), replace(subject)
    tracked = own(subject, frame)
    success = changes.pop("success", tracked.success)
    frames[frame] = replace(tracked, success=success, fit=replace(tracked.fit, **changes))
    copy.__dict__["free_frames"] = frames
    return copy


def success(checks: tuple[Check, ...], frame: int) -> Check:
    found = [each for each in checks if each.entry == "success" and each.place.frame == frame]
    return found[0]


def test_a_face_that_the_validator_takes_for_one(sound: Subject):
    found = result(sound)
    assert found.forced == ()
    assert found.free_kind == "branch"
    check = success(found.free, LAST)
    assert [each for each in found.free if each.over] == [check]
    assert check.tie is not None
    assert (check.tie.branch, check.tie.unit) == ("success boundary", "certainty")
    assert check.tie.margin == pytest.approx(0.725 - 0.65)
    assert check.tie.slack == pytest.approx(0.85 - 0.65)


# ---- What is not excused ----


def test_landmarks_beyond_their_limit(sound: Subject):
    moved = own(sound).fit.landmarks + np.float32(1)
    found = result(with_frame(sound, LAST, landmarks=moved))
    assert found.free_kind == "bug"
    assert success(found.free, LAST).tie is None


def test_a_certainty_that_is_not_that_of_the_landmarks(sound: Subject):
    """A validator that is off by 0.05."""
    off = own(sound).fit.certainty + 0.05
    found = result(with_frame(sound, LAST, certainty=off))
    assert found.free_kind == "bug"
    assert success(found.free, LAST).tie is None


@pytest.mark.parametrize("frame", [0, LAST])
def test_a_decision_that_is_not_that_of_the_certainty(sound: Subject, frame: int):
    assert own(sound, frame).success
    assert tie_of_success(sound, frame, replace(own(sound, frame), success=False)) is None


def test_a_definition_that_is_wrong_as_well(sound: Subject, monkeypatch: pytest.MonkeyPatch):
    check = Validator.check
    monkeypatch.setattr(Validator, "check", lambda *given: check(*given) + 0.05)
    off = own(sound).fit.certainty + 0.05
    assert result(with_frame(sound, LAST, certainty=off)).free_kind == "bug"


def test_a_validator_that_is_off_is_found_on_the_reference_s_own_faces(
    sound: Subject, monkeypatch: pytest.MonkeyPatch
):
    """Of the candidate alone: the definition is sound."""
    off = subject_of(NoisyFaces(SEED))
    validator = validator_of(off.candidate)
    check = validator.check
    monkeypatch.setattr(validator, "check", lambda *given: check(*given) + 0.05)
    assert all(each.over for each in certainty.STAGE.force(off))
    assert not any(each.over for each in certainty.STAGE.force(sound))
    off.__dict__["free_frames"] = with_frame(sound, LAST, certainty=0.9).free_frames
    assert result(off).free_kind == "bug"


def test_another_boundary(sound: Subject, monkeypatch: pytest.MonkeyPatch):
    """From the reference's own frame before, the last face is 0.65 certain."""
    monkeypatch.setattr(face_fitter, "SUCCESS_BOUNDARY", 0.6)
    tracked = replayed(sound, LAST)
    assert tracked is not None
    assert tracked.success
    assert tracked.fit.certainty == pytest.approx(0.65)
    assert tie_of_success(sound, LAST, tracked) is None


# ---- After a branch ----


@pytest.fixture
def early(sound: Subject, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """A candidate that branches in the second frame, however that came to be."""
    near = Tie("success boundary", 0.0, 1.0, "certainty")
    monkeypatch.setattr(tracking, "tie_of_success", lambda *given: near)
    return with_frame(sound, 1, success=False)


def test_frames_after_a_branch_are_given_the_reference_s_own_before(early: Subject):
    found = result(early)
    assert found.free_kind == "branch"
    assert [each.place.frame for each in found.free] == [0, 0, 1, 1]
    assert [each.place.frame for each in found.forced] == [2, 2, 3, 3, 4, 4]
    assert found.forced_kind == "rounding"
    assert max(each.worst.apart for each in found.forced) < 0.01


def test_a_fault_before_a_branch(early: Subject):
    """No frame after it can be excused instead."""
    moved = own(early, 0).fit.landmarks + np.float32(1)
    found = result(with_frame(early, 0, landmarks=moved))
    assert found.forced == ()
    wrong = found.wrong(free=True)
    assert wrong is not None
    assert (wrong.entry, wrong.place.frame) == ("landmarks", 0)


def test_a_fault_after_a_branch(early: Subject, monkeypatch: pytest.MonkeyPatch):
    def astray(*given: Any) -> Parameters:
        moved = follow_template(*given)
        aside = np.array((0, 0, 0, 0, 20, 0), np.float32)
        return Parameters(moved.global_ + aside, moved.local)

    monkeypatch.setattr(tracker, "follow_template", astray)
    found = result(early)
    assert found.forced_kind == "bug"
    wrong = found.wrong(free=False)
    assert wrong is not None
    assert wrong.place.frame == 2


# ---- Pictures ----


class Doubted(NoisyFaces):
    """Fits a picture's face from the head pose that is chosen, to be quick."""

    rotations = ((0.0, -0.96, 0.0),)


@pytest.fixture(scope="module")
def doubted() -> Subject:
    """A face of which the reference is 0.45 certain, and so are we."""
    return subject_of(Doubted(SEED), Case("yaw60", "whole"))


def with_fit(subject: Subject, **changes: Any) -> Subject:
    """Return a subject whose own fit is changed."""
    copy, own = replace(subject), subject.free_face
    copy.__dict__["free_face"] = replace(own, fit=replace(own.fit, **changes))
    return copy


def free_certainty(subject: Subject) -> tuple[Check, Check]:
    """Return the comparisons of certainty and success of the candidate's own run."""
    found, success = certainty.STAGE.free(subject)
    return found, success


def test_another_boundary_with_the_same_certainty(doubted: Subject):
    """What the reference's reruns are as certain of excuses no other decision."""
    found, success = free_certainty(with_fit(doubted, success=True))
    assert found.equal
    assert success.over
    assert not success.excused


def test_another_certainty_than_that_of_the_landmarks(doubted: Subject):
    found, success = free_certainty(with_fit(doubted, certainty=0.75, success=True))
    assert found.over
    assert not found.excused
    assert not success.excused


@pytest.mark.parametrize(("floor", "excused"), [(5, True), (3, False)])
def test_a_certainty_that_is_that_of_the_landmarks(doubted: Subject, floor: int, excused: bool):
    """Made up: 8 px lower, it looks like a face; twice the noise floor is more, or less."""
    fit = doubted.free_face.fit
    lower = fit.landmarks + np.array((0, 8), np.float32)
    definition = validator_of(doubted.definition.candidate)
    certain = definition.check(doubted.image, lower, fit.params_global[1:4])
    assert certain > 0.9
    entries = {**doubted.record.entries, "floor": np.array([floor])}
    scattered = replace(doubted, record=FaceRecord(entries, "scattered"))
    scattered.__dict__["free_face"] = doubted.free_face
    given = with_fit(scattered, landmarks=lower, certainty=certain, success=True)
    for check in free_certainty(given):
        assert check.over
        assert check.excused is excused
    off = with_fit(scattered, landmarks=lower, certainty=certain - 0.05, success=True)
    assert not any(check.excused for check in free_certainty(off))
