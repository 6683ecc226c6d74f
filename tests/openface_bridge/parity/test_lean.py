"""Recordings without areas or Jacobians: the stage that is wrong is named, or both that may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.comparing import Changed, without
from support.recordings import Recordings

from openface_bridge.parity.faults import FAULTS, planted
from openface_bridge.parity.faults.perturbations import scaled_stage
from openface_bridge.parity.kept import Kept
from openface_bridge.parity.models import IN_NUMPY
from openface_bridge.parity.reduce import reduce_bug
from openface_bridge.parity.run import Comparison, Models, compare_fit
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.summary import fit_summary
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf.backends import available_backends
from pyclnf.backends.base import Backend
from pyclnf.backends.delegating import DelegatingBackend
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import PosedShape
from pyclnf.responses import Responses

CASE = Case("ben_2", "weighted")
AREA = ("area of interest", "response map")
JACOBIAN = ("Jacobian", "normal equations")
FAULT = {fault.number: fault for fault in FAULTS}
OTHERS = [name for name in available_backends() if name not in IN_NUMPY]


class Lean(Recorded):
    """Recordings of which nothing but what every trace holds is kept."""

    def __init__(self, original: Recorded) -> None:
        self.original = original

    @property
    def description(self) -> str:
        return "lean"

    def cases(self) -> list[Case]:
        return [CASE]

    def trace(self, case: Case) -> Trace:
        gone = (".areas_of_interest", ".jacobian", ".right_hand_side", ".change", ".hessian")
        return without(self.original.trace(case), lambda name: name.endswith(gone))

    def rerun_landmarks(self, case: Case) -> Any:
        return self.original.rerun_landmarks(case)


class OtherEngine(DelegatingBackend[Backend]):
    """An engine with code of its own, as far as a comparison can tell."""

    name = "other"


class AreasOff(OtherEngine):
    """Samples areas a pixel off, and makes its maps of them."""

    def responses(self, *given: Any) -> Responses:
        found = self.host.responses(*given)
        areas = np.roll(found.areas, 1, axis=2)
        maps = self.detector.experts.response_maps(areas[found.visible], given[2], found.view)
        spread = np.zeros_like(found.maps)
        spread[found.visible] = maps
        return replace(found, areas=areas, maps=spread)


class MapsOff(OtherEngine):
    """Makes wrong maps of sound areas."""

    def responses(self, *given: Any) -> Responses:
        found = self.host.responses(*given)
        return replace(found, maps=found.maps * np.float32(1.001))


class JacobianOff(OtherEngine):
    """Goes on with a wrong Jacobian."""

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        with scaled_stage("Jacobian"):
            return self.host.phase(posed, phase, on_iteration)


class EquationsOff(OtherEngine):
    """Solves other normal equations of a sound Jacobian."""

    def phase(self, posed: PosedShape, phase: Phase, on_iteration: Any = None) -> PhaseResult:
        prior = phase.prior * np.float32(1.5)
        return self.host.phase(posed, replace(phase, prior=prior), on_iteration)


class OtherModels(Models):
    """Models of an engine with code of its own; their definition is the sound one."""

    def __init__(self, models: Models, engine: type[OtherEngine]) -> None:
        super().__init__(models.name, models.default, models.by_setting)
        self._models, self._engine = models, engine

    def backend(self, setting: str) -> Backend:
        return self._engine(self._models.backend(setting))


@pytest.fixture
def lean(reference: Recorded) -> Lean:
    return Lean(reference)


def compared(reference: Any, models: Models, recordings: Recordings) -> Comparison:
    return compare_fit(reference, CASE, models, recordings.images)


def counts(found: Comparison) -> dict[str, int]:
    return {each.stage.name: each.compared for each in found.forced}


# ---- Engines with code of their own ----


@pytest.mark.parametrize(
    ("engine", "stage"),
    [(AreasOff, AREA[0]), (MapsOff, AREA[1]), (JacobianOff, JACOBIAN[0]),
     (EquationsOff, JACOBIAN[1])],
)  # fmt: skip
def test_the_stage_that_is_wrong_is_named(
    engine: type[OtherEngine], stage: str, lean: Lean, exact_models: Models, recordings: Recordings
):
    found = compared(lean, OtherModels(exact_models, engine), recordings)
    assert (found.verdict.kind, found.verdict.stage) == ("bug", stage)
    assert found.verdict.instead is None
    verb = "are" if stage == JACOBIAN[1] else "is"
    given = f"Given the reference's own inputs, the {stage} {verb} wrong"
    assert verdict_sentence(found.verdict).startswith(given)


@pytest.mark.parametrize("name", OTHERS)
def test_compiled_backends_are_compared_at_what_was_left_out(
    name: str, lean: Lean, reference: Recorded, recordings: Recordings
):
    models = Models(name, recordings.model, {})
    found, full = (compared(each, models, recordings) for each in (lean, reference))
    assert found.verdict == full.verdict
    stages = (AREA[0], JACOBIAN[0])
    assert [counts(found)[stage] for stage in stages] == [counts(full)[stage] for stage in stages]


def test_what_cannot_be_proved_is_not_taken(
    lean: Lean, exact_models: Models, recordings: Recordings
):
    """Maps of no area that there is: neither the engine's nor the definition's lead to them."""
    name = "scale0.response_maps"
    other = Changed(lean, {name: lean.trace(CASE)[name] * np.float32(1.01)})
    found = compared(other, OtherModels(exact_models, OtherEngine), recordings)
    assert (found.verdict.stage, found.verdict.instead) == (AREA[1], AREA[0])
    assert "scale0.areas_of_interest" not in found.run.reference
    assert "scale1.areas_of_interest" in found.run.reference


# ---- The definition itself ----


@pytest.mark.parametrize("name", IN_NUMPY)
@pytest.mark.parametrize(
    ("number", "before", "named"),
    [("14", *AREA), ("6", *AREA), ("16", *JACOBIAN), ("12", *JACOBIAN)],
)
def test_faults_of_the_definition_are_in_one_of_two_stages(
    number: str, before: str, named: str, name: str, lean: Lean, recordings: Recordings,
    tmp_path: Path,
):  # fmt: skip
    """It cannot prove by itself what it is to be compared with."""
    models = Models(name, recordings.model, {})
    with planted(FAULT[number]):
        found = compared(lean, models, recordings)
    verdict = found.verdict
    verb = "are" if named == JACOBIAN[1] else "is"
    assert (verdict.kind, verdict.stage, verdict.instead) == ("bug", named, before)
    assert verdict.blamed == f"{named} or {before}"
    assert verdict_sentence(verdict).startswith(
        f"The {named} {verb} wrong, or the {before}, which was not recorded ("
    )
    assert fit_summary(found)["verdict"]["instead"] == before
    assert reduce_bug(found, models.backend(CASE.setting), tmp_path / "none") is None


@pytest.mark.parametrize(("number", "stage"), [("14", AREA[0]), ("16", JACOBIAN[0])])
def test_what_was_recorded_names_them(
    number: str, stage: str, reference: Recorded, models: Models, recordings: Recordings
):
    with planted(FAULT[number]):
        found = compared(reference, models, recordings)
    assert (found.verdict.stage, found.verdict.instead) == (stage, None)


def test_other_bugs_are_in_their_stage(lean: Lean, models: Models, recordings: Recordings):
    """A schedule is no output of a stage, whatever that was given."""
    changed = Changed(lean, {"scale1.reg_factor": np.array(7.0, np.float32)})
    found = compared(changed, models, recordings)
    assert (found.verdict.stage, found.verdict.instead) == (JACOBIAN[1], None)


# ---- Proofs ----


def test_sound_code_completes_without_bits_of_its_own(
    lean: Lean, models: Models, recordings: Recordings, reference: Recorded
):
    """Whatever the candidate: its definition has the reference's bits."""
    kept = Kept(lean, models, recordings.images).trace(CASE)
    full = reference.trace(CASE)
    for name in full.entries:
        if name.endswith((".areas_of_interest", ".jacobian")):
            assert np.array_equal(kept[name], full[name]), name
