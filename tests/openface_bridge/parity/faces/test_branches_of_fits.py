"""A likelihood beyond its limit is excused where its fit branches, and where nothing else is off.

All candidates have noise in their maps that makes the fit from one head pose branch. Those with a
fault besides have a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from support.face_records import EMBEDDED, RECORDS
from support.noisy_faces import NoisyFaces

from openface_bridge.faces.record import FaceRecord
from openface_bridge.parity.faces import branches
from openface_bridge.parity.faces.candidate import FaceCandidate, FaceListener
from openface_bridge.parity.faces.check import Check
from openface_bridge.parity.faces.stages import hypothesis
from openface_bridge.parity.faces.subject import Subject
from openface_bridge.parity.faces.verdicts import StageResult
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case
from pyclnf.face_fitter import FaceFit
from pyclnf.hypotheses import ROTATIONS
from pyclnf.rotation import Rotation
from pyclnf.typing import AnyArray, Float32Array

CASE, SEED = Case("yaw30", "whole"), 3
KEPT, BRANCHES = (4, 6), 1
"""Of the head poses, that which is chosen and that from which the fit branches: our second one."""
KEPT_ROTATIONS = [ROTATIONS[index] for index in KEPT]


class Noisy(NoisyFaces):
    """Fits the face from the head poses that are kept, and nothing else of it."""

    parts, validator = (), None
    rotations: Sequence[Rotation] = KEPT_ROTATIONS


def subject_of(candidate: FaceCandidate) -> Subject:
    picture = read_picture(find_picture(EMBEDDED.pictures, CASE.face))
    record = RECORDS.record(CASE)
    assert int(record["hypotheses.chosen"]) == KEPT[0]
    names = [f"hypotheses.{each}" for each in ("rotations", "starts", "likelihoods", "floors")]
    kept = {name: record[name][list(KEPT)] for name in names}
    entries = {"bbox": record["bbox"], **kept, "hypotheses.chosen": np.array(0, np.int32)}
    return Subject(FaceRecord(entries, "kept"), picture, candidate)


@pytest.fixture(scope="module")
def sound() -> Subject:
    return subject_of(Noisy(SEED))


def free(subject: Subject) -> StageResult:
    """Compare what the candidate's own run gives."""
    return StageResult(hypothesis.STAGE, (), tuple(hypothesis.STAGE.free(subject)))


def likelihood(result: StageResult, index: int = BRANCHES) -> Check:
    """Return the comparison of one likelihood."""
    found = [each for each in result.free if each.entry == "likelihoods"]
    return found[index]


def test_a_fit_that_branches(sound: Subject):
    found = free(sound)
    assert found.free_kind == "branch"
    assert [each.place.hypothesis for each in found.free if each.over] == [BRANCHES]
    tie = likelihood(found).tie
    assert tie is not None
    assert tie.branch == "sample position of scale 1"
    assert 0 <= tie.margin <= tie.slack < 1e-3
    assert tie.unit == "px"


def test_no_branch_is_looked_for_within_the_limit(sound: Subject):
    found = free(sound).free
    assert all(each.tie is None for each in found if each.entry != "chosen" and not each.over)


# ---- Faults besides ----


class WronglyTurned(Noisy):
    """Starts that fit from a head that is turned a little farther."""

    rotations = (KEPT_ROTATIONS[0], (0.0, 0.01, -0.5236))


class ScaledInHypotheses(Noisy):
    """Has maps 1.002 times as high in what is compared, and sound ones where it is looked into."""

    def fit(self, image: AnyArray, box: Float32Array, listener: FaceListener) -> FaceFit:
        return Noisy(self.seed, 1.002).fit(image, box, listener)


@pytest.mark.parametrize(
    "candidate",
    [
        WronglyTurned(SEED),
        ScaledInHypotheses(SEED),
        Noisy(SEED, 1.002),
        Noisy(SEED, 1.0015, promise="coreml"),  # which allows 2e-3 of the maximum
    ],
    ids=["turned", "scaled in hypotheses", "scaled", "scaled within its promise"],
)
def test_a_fault_besides_a_branch_is_a_bug(candidate: Noisy):
    found = free(subject_of(candidate))
    assert found.free_kind == "bug"
    assert likelihood(found).over
    assert not likelihood(found).excused


def test_within_a_promise_nothing_but_the_likelihood_tells(sound: Subject):
    """The fault above is one that the stages themselves allow."""
    subject = subject_of(Noisy(SEED, 1.0015, promise="coreml"))
    assert branches.tie_of_fit(subject, BRANCHES, limit=2e-3) is not None
    assert branches.tie_of_fit(subject, BRANCHES, limit=1e-3) is None


# ---- What may stand in for the reference ----


def test_a_definition_that_comes_to_another_likelihood(sound: Subject):
    likelihoods = sound.record["hypotheses.likelihoods"].copy()
    likelihoods[BRANCHES] = np.nextafter(likelihoods[BRANCHES], np.float32(0))
    entries = {**sound.record.entries, "hypotheses.likelihoods": likelihoods}
    found = free(replace(sound, record=FaceRecord(entries, "changed")))
    assert found.free_kind == "bug"
    assert likelihood(found).tie is None


def test_shapes_that_had_drifted_apart(sound: Subject, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(branches, "_DRIFT", 1e-6)
    assert likelihood(free(sound)).tie is None
