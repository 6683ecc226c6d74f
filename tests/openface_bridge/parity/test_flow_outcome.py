"""What a fit returns must be where its iterations ended."""

from __future__ import annotations

import numpy as np
import pytest
from support.comparing import changed
from support.divergence import diverging
from support.recordings import Recordings

from openface_bridge.parity.faults.planting import planting
from openface_bridge.parity.flow import broken_flow
from openface_bridge.parity.run import Models, compare_fit
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf import fitting
from pyclnf.fitting import FitResult
from pyclnf.nu_rlms import PhaseResult

CASE = Case("anna", "default")


def found(make_teacher, trace: Trace) -> tuple[str, str] | None:
    broken = broken_flow(make_teacher(trace, CASE))
    return (broken[0][0], broken[0][2].entry) if broken else None


def test_sound_outcomes(make_teacher, reference: Recorded):
    for case in reference.cases():
        assert found(make_teacher, reference.trace(case)) is None


@pytest.mark.parametrize("by", [1e-3, 0.5, np.nan])
@pytest.mark.parametrize("entry", ["final.landmarks", "final.params_global", "final.params_local"])
def test_other_outcomes(entry: str, by: float, make_teacher, reference: Recorded):
    trace = changed(reference.trace(CASE), entry, by, -1)
    last = trace.steps[-1].prefix
    assert found(make_teacher, trace) == ("update", f"{last}.outcome")


def test_landmarks_off_by_rounding(make_teacher, reference: Recorded):
    trace = reference.trace(CASE)
    landmarks = np.nextafter(trace["final.landmarks"], np.float32(np.inf))
    rounded = Trace({**trace.entries, "final.landmarks": landmarks})
    assert found(make_teacher, rounded) is None


def test_fits_that_diverge_return_what_they_came_from(
    make_teacher, recordings: Recordings, reference: Recorded, exact_models: Models
):
    with diverging():
        run = compare_fit(reference, CASE, exact_models, recordings.images).run
    last = run.candidate.steps[-1]
    assert not np.isfinite(run.candidate[f"{last.prefix}.params_global_out"]).all()
    assert found(make_teacher, run.candidate) is None


def test_half_a_pixel_is_a_bug_within_any_floor(
    recordings: Recordings, reference: Recorded, exact_models: Models
):
    """As where engines count pixels from corners, not centres: no stage is given the outcome."""
    original = fitting._result

    def erring(posed: PhaseResult, likelihood: float, view: int, failure: str) -> FitResult:
        result = original(posed, likelihood, view, failure)  # type: ignore[arg-type]
        changes = {**vars(result), "landmarks": result.landmarks + np.float32(0.5)}
        return FitResult(**changes)

    with planting() as substitutions:
        substitutions.function(original, erring)
        verdict = compare_fit(reference, CASE, exact_models, recordings.images).verdict
    assert (verdict.kind, verdict.stage) == ("bug", "update")
    assert "The outcome is not that of the last iteration" in verdict_sentence(verdict)
    assert "0.5 off" in verdict_sentence(verdict)


# ---- What else a fit returns ----


def returned(trace: Trace, **outcome: int) -> Trace:
    told = {f"final.{name}": np.array(value, np.int32) for name, value in outcome.items()}
    return Trace({**trace.entries, **told})


def ended_at(trace: Trace, scale: float) -> Trace:
    """Return a fit whose face shrank in the end."""
    last = f"{trace.steps[-1].prefix}.params_global_out"
    entries = {name: trace[name].copy() for name in (last, "final.params_global")}
    for shrunk in entries.values():
        shrunk[0] = scale
    return Trace({**trace.entries, **entries})


def test_the_view_is_the_last_one(make_teacher, reference: Recorded):
    trace = reference.trace(Case("ben_2", "default"))
    view = int(trace["scale1.view"])
    assert view != 0
    assert found(make_teacher, returned(trace, view=view)) is None
    assert found(make_teacher, returned(trace, view=0)) == ("view", "scale1.outcome")


@pytest.mark.parametrize(
    ("scale", "successes"), [(1.0, {1}), (0.26, {1}), (0.25, {0, 1}), (0.24, {0}), (np.nan, {0})]
)
def test_success_is_that_of_a_face_that_is_large_enough(
    scale: float, successes: set[int], make_teacher, reference: Recorded
):
    """Where the scale is 0.25 but for rounding, it may be told either way."""
    trace = ended_at(reference.trace(CASE), scale)
    for success in (0, 1):
        broken = broken_flow(make_teacher(returned(trace, success=success), CASE))
        blamed = [each[0] for each in broken if each[0] == "stopping"]
        assert blamed == ([] if success in successes else ["stopping"])
