"""Runs: which picture, and what a fit's outcome is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.comparing import Changed, over
from support.divergence import diverging
from support.model_files import write_small_model
from support.recordings import FACES, SETTINGS, Recordings
from support.traces import tiny_entries

from openface_bridge.parity.free_run import FreeRun
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.run import (
    Comparison,
    Models,
    compare_all,
    compare_fit,
    compare_run,
    run_fit,
)
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.verdicts import Verdict
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace, TraceError
from pyclnf import FitSettings

CASE = Case("anna", "default")


# ---- Runs ----


def test_all_cases_in_order(
    recordings: Recordings, reference: Recorded, models: Models, comparisons: dict[Case, Comparison]
):
    told: list[tuple[int, int, Case]] = []
    run = compare_all(reference, models, recordings.images, lambda *args: told.append(args))
    assert told == []  # Nothing is done before it is asked for.
    assert next(run).case == Case("anna", "default")
    assert told == [(0, 4, Case("anna", "default"))]
    assert list(comparisons) == [Case(face, setting) for face in FACES for setting in SETTINGS]


def test_a_fit(comparisons: dict[Case, Comparison], recordings: Recordings, reference: Recorded):
    found = comparisons[CASE]
    assert found.case == found.run.case == CASE
    assert found.run.picture == recordings.images / "anna.png"
    assert (found.run.backend, found.run.manifest) == ("numpy", recordings.model)
    assert found.passed
    assert found.within_floor
    assert found.run.success
    assert found.free_run.success
    assert found.free_run.candidate is found.run.candidate
    for stages in (found.forced, found.free):
        assert [each.stage for each in stages] == list(STAGES)
    reruns = reference.rerun_landmarks(CASE)
    assert reruns is not None
    floor = NoiseFloor.of(found.run.reference["final.landmarks"], reruns)
    assert found.floor.px == floor.px is not None


def test_running_and_comparing_are_two_steps(
    comparisons: dict[Case, Comparison],
    recordings: Recordings,
    reference: Recorded,
    models: Models,
    exact_models: Models,
):
    """What is compared is what was run: the backend that compares changes nothing."""
    run = run_fit(reference.trace(CASE), CASE, models, recordings.images)
    expected = comparisons[CASE]
    found = compare_run(run, exact_models, expected.floor)
    assert found.verdict == expected.verdict
    assert found.forced == expected.forced
    assert found.free == expected.free


def made_up(comparison: Comparison, px: float, floor: float | None, kind: Any = "rounding"):
    entries = tiny_entries()
    moved = {**entries, "final.landmarks": entries["final.landmarks"].copy()}
    moved["final.landmarks"][:, 0] += px
    return replace(
        comparison,
        free_run=FreeRun(Trace(entries), Trace(moved), success=True),
        floor=NoiseFloor(None if floor is None else np.array([floor])),
        verdict=Verdict(kind),
    )


@pytest.mark.parametrize(
    ("px", "floor", "within"),
    [(0.0, None, True), (0.0039, None, True), (0.0079, None, False), (0.0, 0.0, True),
     (0.5, 0.25, True), (0.5, 0.24, False), (np.nan, 100.0, False)],
)  # fmt: skip
def test_within_the_floor(
    px: float, floor: float | None, within: bool, comparisons: dict[Case, Comparison]
):
    comparison = made_up(comparisons[CASE], px, floor)
    assert comparison.within_floor is within
    assert comparison.passed is within


@pytest.mark.parametrize("kind", ["equal", "rounding", "branch", "bug"])
def test_bugs_do_not_pass(kind: str, comparisons: dict[Case, Comparison]):
    comparison = made_up(comparisons[CASE], 0.0, None, kind)
    assert comparison.within_floor
    assert comparison.passed is (kind != "bug")


# ---- What cannot be compared ----


def test_missing_picture(reference: Recorded, models: Models, tmp_path: Path):
    with pytest.raises(TraceError, match="holds no picture anna"):
        next(compare_all(reference, models, tmp_path))


def test_unknown_setting(recordings: Recordings, reference: Recorded, models: Models):
    changed = Changed(reference, {})
    changed.trace = lambda case: reference.trace(CASE)  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="no setting is called 'tame'"):
        compare_fit(changed, Case("anna", "tame"), models, recordings.images)


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [({"n_landmarks": 11}, "11, 4 and 2"), ({"n_modes": 3}, "12, 3 and 2"),
     ({"scales": (0.25,)}, "12, 4 and 1")],
)  # fmt: skip
def test_another_model(
    changes: dict[str, Any], numbers: str, recordings: Recordings, reference: Recorded,
    tmp_path: Path,
):  # fmt: skip
    manifest = write_small_model(tmp_path, **changes)
    with pytest.raises(TraceError) as caught:
        compare_fit(reference, CASE, Models("numpy", manifest, {}), recordings.images)
    message = str(caught.value)
    assert "trace_anna_default.npz: has 12 landmarks, 4 modes and 2 scales" in message
    assert f"{manifest} has {numbers}" in message
    assert "--model SETTING=MAIN.txt" in message


@pytest.mark.parametrize("view", [-1, 2, 10**6])
def test_views_there_are_not(
    view: int, recordings: Recordings, reference: Recorded, models: Models
):
    changed = Changed(reference, {"scale1.view": np.array(view, np.int32)})
    with pytest.raises(TraceError, match=rf"a source: 'scale1\.view' is {view}; .* has 2 views"):
        compare_fit(changed, CASE, models, recordings.images)


def test_areas_of_another_size(recordings: Recordings, reference: Recorded, models: Models):
    areas = np.zeros((12, 23, 23), np.float32)
    changed = Changed(reference, {"scale0.areas_of_interest": areas})
    with pytest.raises(TraceError, match=r"'scale0\.areas_of_interest' has shape .* side 21"):
        compare_fit(changed, CASE, models, recordings.images)


# ---- What is compared, but differs ----


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("reg_factor", "normal equations"),
        ("weight_factor", "normal equations"),
        ("sigma", "mean shift"),
    ],
)
def test_another_schedule_is_a_bug_where_it_is_used(
    name: str,
    stage: str,
    recordings: Recordings,
    reference: Recorded,
    models: Models,
):
    value = reference.trace(CASE)[f"scale1.{name}"] + np.float32(1e-3)
    changed = Changed(reference, {f"scale1.{name}": np.asarray(value)})
    found = compare_fit(changed, CASE, models, recordings.images)
    assert (found.verdict.kind, found.verdict.stage) == ("bug", stage)
    assert found.verdict.finding is not None
    assert found.verdict.finding.entry == f"scale1.{name}"
    assert not found.passed
    assert found.within_floor


def test_other_windows(
    recordings: Recordings, reference: Recorded, models: Models, monkeypatch: pytest.MonkeyPatch
):
    """They are a bug, but do not keep stages from being compared."""
    settings = FitSettings(window_sizes=(9, 7))
    monkeypatch.setattr(FitSettings, "named", lambda name: settings)
    found = compare_fit(reference, CASE, models, recordings.images)
    assert (found.verdict.kind, found.verdict.stage) == ("bug", "response map")
    assert str(found.verdict.place) == "scale 0"
    assert over(found.forced) == ["response map"]
    assert not found.passed


def test_candidates_that_diverge(recordings: Recordings, reference: Recorded, models: Models):
    with diverging():
        found = compare_fit(reference, CASE, models, recordings.images)
    assert not found.free_run.success
    assert not found.passed
    assert np.isfinite(found.free_run.max_px)
    assert (found.verdict.kind, found.verdict.stage) == ("bug", "mean shift")
    assert found.verdict.finding is not None
    assert found.verdict.finding.apart == np.inf
    assert over(found.forced) == ["mean shift"]
