"""Trials: what a fault's fits come to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.recordings import Recordings

from openface_bridge.parity.faults import FAULTS, Fault
from openface_bridge.parity.faults.trial import FitTrial, Trial, parts_left, sound_trial, trials
from openface_bridge.parity.kept import Kept
from openface_bridge.parity.mixed import Part
from openface_bridge.parity.models import Models
from openface_bridge.parity.place import Place
from openface_bridge.parity.verdicts import Kind, Verdict
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from pyclnf.backends import available_backends

CASE = Case("face", "default")
FAULT = Fault("0", "made up", ("view", "offsets"), lambda planting: None)


def fit(kind: Kind, stage: str | None, px: float = 1.0) -> FitTrial:
    return FitTrial(CASE, Verdict(kind, stage, Place(0)), px)


def trial(fault: Fault | None, *fits: FitTrial) -> Trial:
    return Trial(fault, fits)


@pytest.mark.parametrize(
    ("fault", "fits", "passed"),
    [
        (None, [fit("branch", "view"), fit("equal", None)], True),
        (None, [fit("branch", "view"), fit("bug", "view")], False),
        (FAULT, [fit("bug", "view"), fit("rounding", "clamp")], True),
        (FAULT, [fit("bug", "view"), fit("bug", "offsets")], True),
        (FAULT, [fit("bug", "view"), fit("bug", "clamp")], False),
        (FAULT, [fit("branch", "view"), fit("rounding", "offsets")], False),
    ],
)
def test_what_passes(fault: Fault | None, fits: list[FitTrial], passed: bool):
    assert trial(fault, *fits).passed is passed


def test_what_a_trial_names():
    found = trial(
        FAULT, fit("equal", None, 0.0), fit("bug", "offsets", 2.0), fit("bug", "view", 5.0),
        fit("bug", "offsets", 3.0),
    )  # fmt: skip
    assert found.stages == ("offsets", "view")
    assert found.first is found.fits[1]
    assert found.max_px == 5.0
    assert len(found.bugs) == 3
    assert trial(FAULT, fit("equal", None)).first is None


@pytest.fixture(scope="module")
def kept(reference: Recorded, models: Models, recordings: Recordings) -> Kept:
    return Kept(reference, models, recordings.images)


def test_the_sound_candidate(kept: Kept, models: Models, recordings: Recordings):
    found = sound_trial(kept, models, recordings.images)
    assert found.passed
    assert len(found.fits) == len(kept.cases())


def test_faults_that_are_loaded_get_models_of_their_own(
    kept: Kept, models: Models, recordings: Recordings
):
    made: list[Models] = []

    def make() -> Models:
        made.append(Models("numpy", recordings.model, {}))
        return made[-1]

    chosen = tuple(fault for fault in FAULTS if fault.number in {"15", "16"})
    found = list(trials(chosen, kept, models, make, recordings.images))
    assert [each.fault for each in found] == list(chosen)
    assert all(each.passed for each in found)
    assert len(made) == 1
    assert sound_trial(kept, models, recordings.images).passed


def test_a_fault_at_another_stage_fails(kept: Kept, models: Models, recordings: Recordings):
    negated = next(fault for fault in FAULTS if fault.number == "16")
    elsewhere = replace(negated, stages=("update",))
    (found,) = trials((elsewhere,), kept, models, lambda: models, recordings.images)
    assert found.stages == ("Jacobian",)
    assert not found.passed


def test_parts_are_left_by_backends_with_code_of_their_own():
    assert parts_left(FAULTS, "cuda") == (Part.MAPS, Part.PHASES, Part.RESPONSES)
    assert parts_left(FAULTS, "numpy") == ()


@pytest.mark.skipif("cython" not in available_backends(), reason="no kernels were compiled")
def test_a_compiled_backend(reference: Recorded, recordings: Recordings):
    """A part of each kind, and one fault in what is loaded."""

    def make() -> Models:
        return Models("cython", recordings.model, {})

    models = make()
    kept = Kept(reference, models, recordings.images)
    chosen = tuple(fault for fault in FAULTS if fault.number in {"1", "7", "15", "16", "19"})
    found = list(trials(chosen, kept, models, make, recordings.images))
    assert [each.left for each in found] == [
        None, Part.MAPS, Part.PHASES, Part.PHASES, Part.RESPONSES
    ]  # fmt: skip
    assert all(each.passed for each in found)
    for left in (None, Part.MAPS, Part.PHASES, Part.RESPONSES):
        sound = sound_trial(kept, models, recordings.images, left)
        assert (sound.passed, sound.left, sound.max_px) == (True, left, 0.0)
