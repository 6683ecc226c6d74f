"""Runs as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openface_bridge.parity.difference import Place
from openface_bridge.parity.teacher_forced import StageResult

from openface_bridge.parity.free_run import FreeRun
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.summary import fit_summary, run_summary
from openface_bridge.reference import Case
from openface_bridge.trace import SCHEMA_VERSION, Trace

CASE = Case("ben_2", "weighted")


@pytest.fixture
def comparison(comparisons: dict[Case, Comparison]) -> Comparison:
    return comparisons[CASE]


def moved(comparison: Comparison, by: float, landmark: int = 5) -> Comparison:
    """Move a landmark of the candidate's outcome."""
    reference = comparison.free_run.reference
    landmarks = reference["final.landmarks"].copy()
    landmarks[landmark, 1] += by
    candidate = Trace({**reference.entries, "final.landmarks": landmarks})
    return replace(comparison, free_run=FreeRun(reference, candidate, success=False))


def summarised(*max_px: float | None, passed: bool = True) -> dict[str, Any]:
    fits = [{"passed": passed, "free_run": {"max_px": px, "bit_equal": px == 0.0}} for px in max_px]
    run = run_summary(fits, backend="numpy", model=None, reference="made up")
    return dict(run["summary"])


def test_fit(comparison: Comparison):
    found = fit_summary(comparison)
    assert (found["face"], found["setting"], found["passed"]) == ("ben_2", "weighted", True)
    assert set(found) == {
        "face", "setting", "passed", "free_run", "floor_px", "limit_px", "within_floor",
        "schedule_equal", "teacher_forced",
    }  # fmt: skip
    free_run = found["free_run"]
    assert free_run["max_px"] == comparison.free_run.max_px
    assert free_run["mean_px"] == comparison.free_run.mean_px
    assert free_run["success"] is True
    assert found["floor_px"] == comparison.floor.px
    assert found["limit_px"] == comparison.floor.limit_px
    assert found["within_floor"] is True
    assert found["schedule_equal"] is True


def test_stages_of_a_fit(comparison: Comparison):
    found = fit_summary(comparison)["teacher_forced"]
    assert list(found) == [stage.name for stage in STAGES]
    for stage, result in zip(STAGES, comparison.stages, strict=True):
        assert found[stage.name]["error"] == result.error
        assert found[stage.name]["limit"] == stage.limit
        assert found[stage.name]["unit"] == stage.unit
        assert found[stage.name]["passed"] is True
        assert found[stage.name]["compared"] == result.compared
        assert found[stage.name]["equal"] == result.equal
        assert Place(**found[stage.name]["place"]) == result.place


def test_stage_with_nothing_to_compare(comparison: Comparison):
    stages = [StageResult(STAGES[10], 0.0, None, 0, 0)]
    found = fit_summary(replace(comparison, stages=stages))["teacher_forced"]["clamp"]
    assert found["place"] is None
    assert found["compared"] == 0


def test_worst_landmark_and_first_difference(comparison: Comparison):
    free_run = fit_summary(moved(comparison, 0.25, landmark=7))["free_run"]
    assert free_run["worst_landmark"] == 7
    assert free_run["max_px"] == pytest.approx(0.25)
    assert free_run["bit_equal"] is False
    assert free_run["success"] is False
    assert free_run["first_difference"] == {
        "entry": "final.landmarks",
        "stage": "outcome",
        "place": {"scale": None, "phase": None, "iteration": None, "landmark": None},
        "error": pytest.approx(0.25),
    }


def test_equal_fits(comparison: Comparison):
    reference = comparison.free_run.reference
    equal = replace(comparison, free_run=FreeRun(reference, reference, success=True))
    free_run = fit_summary(equal)["free_run"]
    assert free_run["bit_equal"] is True
    assert free_run["first_difference"] is None
    assert free_run["max_px"] == 0.0


def test_everything_is_json(comparison: Comparison, strict_json: Callable[[str], Any]):
    """What is not finite becomes null; nothing is lost or changed on the way."""
    lost = moved(comparison, np.nan)
    infinite = [StageResult(stage, np.inf, Place(), 3, 0) for stage in STAGES]
    lost = replace(lost, stages=infinite, floor=NoiseFloor(None))
    fits = [fit_summary(comparison), fit_summary(lost)]
    run = run_summary(fits, backend="numpy", model=Path("a/main.txt"), reference="made up")
    assert strict_json(json.dumps(run)) == run
    assert fits[1]["free_run"]["max_px"] is None
    assert fits[1]["free_run"]["mean_px"] is None
    assert fits[1]["free_run"]["first_difference"]["error"] is None
    assert fits[1]["teacher_forced"]["view"]["error"] is None
    assert fits[1]["floor_px"] is None
    assert not fits[1]["passed"]
    assert run["summary"]["worst_max_px"] is None


def test_run(comparison: Comparison):
    fits = [fit_summary(comparison)]
    model = Path("folder", "main.txt")
    run = run_summary(fits, backend="numpy-exact", model=model, reference="made up")
    assert run["schema_version"] == SCHEMA_VERSION
    assert (run["backend"], run["model"], run["reference"]) == (
        "numpy-exact",
        "main.txt",
        "made up",
    )
    assert run["fits"] is fits
    assert run["summary"] == {
        "passed": True, "fits": 1, "failed": 0, "equal_in_every_bit": 0,
        "median_max_px": fits[0]["free_run"]["max_px"],
        "worst_max_px": fits[0]["free_run"]["max_px"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("errors", "median", "worst"),
    [
        ([0.5], 0.5, 0.5),
        ([3.0, 1.0], 2.0, 3.0),
        ([5.0, 0.0, 1.0], 1.0, 5.0),
        ([4.0, 1.0, 3.0, 2.0], 2.5, 4.0),
        ([1.0, None, 2.0], 2.0, None),
        ([None, 1.0], None, None),
    ],
)
def test_median_and_worst(errors: list[float | None], median: float | None, worst: float | None):
    summary = summarised(*errors)
    assert (summary["median_max_px"], summary["worst_max_px"]) == (median, worst)


def test_counts():
    summary = summarised(0.0, 0.0, 1.0, passed=False)
    assert (summary["fits"], summary["failed"], summary["equal_in_every_bit"]) == (3, 3, 2)
    assert summary["passed"] is False


def test_one_failure_fails_a_run():
    fits = [
        {"passed": passed, "free_run": {"max_px": 0.0, "bit_equal": True}}
        for passed in (True, False, True)
    ]
    summary = run_summary(fits, backend="numpy", model=None, reference="made up")["summary"]
    assert (summary["passed"], summary["failed"]) == (False, 1)


def test_a_run_of_nothing_does_not_pass():
    summary = summarised()
    assert summary["passed"] is False
    assert (summary["median_max_px"], summary["worst_max_px"]) == (None, None)
