"""Runs as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openface_bridge.parity.branches import Branch
from openface_bridge.parity.free_run import FreeRun
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.place import Place
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.summary import REPORT_VERSION, fit_summary, run_summary
from openface_bridge.parity.verdicts import Verdict
from openface_bridge.reference import Case
from openface_bridge.trace import Trace

CASE = Case("ben_2", "weighted")
PLACE = Place(1, "rigid", 2, landmark=7)


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


def summarised(*max_px: float | None, passed: bool = True, kind: str = "rounding") -> Any:
    fits = [
        {
            "backend": "numpy",
            "passed": passed,
            "free_run": {"max_px": px},
            "verdict": {"kind": kind},
        }
        for px in max_px
    ]
    return run_summary(fits, backend="numpy", reference="made up")["summary"]


def test_fit(comparison: Comparison):
    found = fit_summary(comparison)
    assert set(found) == {
        "face", "setting", "picture", "backend", "model", "passed", "verdict", "free_run",
        "floor", "stages",
    }  # fmt: skip
    assert (found["face"], found["setting"], found["passed"]) == ("ben_2", "weighted", True)
    assert (found["picture"], found["backend"], found["model"]) == (
        "ben_2.png", "numpy", "main.txt",
    )  # fmt: skip
    free_run = found["free_run"]
    assert free_run["max_px"] == max(free_run["errors_px"]) == comparison.free_run.max_px
    assert free_run["errors_px"] == comparison.free_run.errors.tolist()
    assert free_run["mean_px"] == comparison.free_run.mean_px
    assert free_run["success"] is True
    floor = found["floor"]
    assert comparison.floor.landmarks is not None
    assert floor["px"] == comparison.floor.px
    assert floor["landmarks_px"] == comparison.floor.landmarks.tolist()
    assert floor["limit_px"] == comparison.floor.limit_px
    assert floor["multiple"] == free_run["max_px"] / floor["px"]
    assert floor["within"] is True


def test_verdict_of_a_fit(comparison: Comparison):
    found = fit_summary(comparison)
    assert found["verdict"]["kind"] == comparison.verdict.kind == "branch"
    assert found["verdict"]["stage"] == comparison.verdict.stage
    assert Place(**found["verdict"]["place"]) == comparison.verdict.place
    assert found["verdict"]["finding"] is None
    branch = found["verdict"]["branch"]
    assert Branch(**{**branch, "place": Place(**branch["place"])}) == comparison.branch
    assert found["free_run"]["branch"] == branch
    assert found["verdict"]["sentence"] == verdict_sentence(comparison.verdict)
    assert found["free_run"]["bit_equal"] is False


def test_stages_of_a_fit(comparison: Comparison):
    found = fit_summary(comparison)["stages"]
    assert list(found) == [stage.name for stage in STAGES]
    for stages, way in ((comparison.forced, "forced"), (comparison.free, "free")):
        for stage in stages:
            data = found[stage.stage.name][way]
            assert (data["compared"], data["equal"]) == (stage.compared, stage.equal)
            assert data["passed"] is stage.passed
            assert (data["worst"] is None) is (stage.worst is None)
            if stage.worst is not None:
                place = Place(**data["worst"]["place"])
                assert Finding(**{**data["worst"], "place": place}) == stage.worst


def test_firsts_of_a_stage(comparison: Comparison):
    finding = Finding("scale1.rigid.2.mean_shift", PLACE, 0.5, 40.0, 28.0)
    first = ((1.0, 1, 2, 6), finding)
    stage = replace(comparison.forced[6], unequal=first, over=first, excused=first)
    forced = [*comparison.forced[:6], stage, *comparison.forced[7:]]
    found = fit_summary(replace(comparison, forced=forced))["stages"]["mean shift"]["forced"]
    expected = {"entry": finding.entry, "place": vars(PLACE), "apart": 0.5, "ulps": 40.0,
                "bound": 28.0}  # fmt: skip
    assert found["first_unequal"] == found["first_over"] == found["first_excused"] == expected
    assert found["passed"] is False


def test_worst_landmark(comparison: Comparison):
    free_run = fit_summary(moved(comparison, 0.25, landmark=7))["free_run"]
    assert free_run["worst_landmark"] == 7
    assert free_run["max_px"] == pytest.approx(0.25)
    assert free_run["success"] is False


def test_equal_fits(comparison: Comparison):
    found = fit_summary(replace(comparison, verdict=Verdict("equal"), branch=None))
    assert found["free_run"]["bit_equal"] is True
    assert found["free_run"]["branch"] is None
    assert (found["verdict"]["stage"], found["verdict"]["place"]) == (None, None)


def test_everything_is_json(comparison: Comparison, strict_json: Callable[[str], Any]):
    """What is not finite becomes null; nothing is lost or changed on the way."""
    infinite = Finding("scale0.view", Place(0), np.inf, np.inf, 0.0)
    stages = [
        replace(stage, worst=infinite, over=((0.0, 0, 0, 1), infinite))
        for stage in comparison.forced
    ]
    branch = Branch("stop", "stopping", PLACE, np.inf, np.nan, np.inf, "px", 1)
    lost = replace(
        moved(comparison, np.nan),
        forced=stages,
        branch=branch,
        verdict=Verdict("bug", "view", Place(0), infinite, branch),
        floor=NoiseFloor(None),
    )
    fits = [fit_summary(comparison), fit_summary(lost)]
    run = run_summary(fits, backend="numpy", reference="made up")
    assert strict_json(json.dumps(run)) == run
    found = fits[1]
    assert found["free_run"]["max_px"] is None
    assert found["free_run"]["mean_px"] is None
    assert found["free_run"]["errors_px"][5] is None
    assert found["verdict"]["finding"]["apart"] is None
    assert found["verdict"]["branch"]["margin"] is None
    assert found["stages"]["view"]["forced"]["worst"]["ulps"] is None
    assert (found["floor"]["px"], found["floor"]["landmarks_px"]) == (None, None)
    assert found["floor"]["multiple"] is None
    assert not found["passed"]
    assert run["summary"]["worst_max_px"] is None


def test_run(comparison: Comparison):
    fits = [fit_summary(comparison)]
    run = run_summary(fits, backend="numpy-exact", reference="made up")
    assert run["report_version"] == REPORT_VERSION
    assert (run["backend"], run["reference"]) == ("numpy-exact", "made up")
    assert run["fits"] is fits
    assert run["summary"] == {
        "passed": True, "fits": 1, "failed": 0,
        "verdicts": {"equal": 0, "rounding": 0, "branch": 1, "bug": 0, "error": 0},
        "median_max_px": fits[0]["free_run"]["max_px"],
        "worst_max_px": fits[0]["free_run"]["max_px"],
        "faces": 0, "faces_failed": 0, "face_stages": {},
    }  # fmt: skip
    assert run["backends"] == {"numpy": run["summary"]}
    assert run["faces"] is None


def test_several_backends(comparison: Comparison):
    ours = fit_summary(comparison)
    theirs = {**ours, "backend": "abacus", "passed": False}
    run = run_summary([ours, theirs, ours], backend="numpy, abacus", reference="made up")
    assert (run["summary"]["fits"], run["summary"]["failed"]) == (3, 1)
    assert list(run["backends"]) == ["numpy", "abacus"]
    assert [its["fits"] for its in run["backends"].values()] == [2, 1]
    assert [its["passed"] for its in run["backends"].values()] == [True, False]


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
    summary = summarised(0.0, 0.0, 1.0, passed=False, kind="bug")
    assert (summary["fits"], summary["failed"], summary["verdicts"]["bug"]) == (3, 3, 3)
    assert summary["passed"] is False


def test_one_failure_fails_a_run():
    fits = [
        {
            "backend": "numpy",
            "passed": passed,
            "free_run": {"max_px": 0.0},
            "verdict": {"kind": "equal"},
        }
        for passed in (True, False, True)
    ]
    summary = run_summary(fits, backend="numpy", reference="made up")["summary"]
    assert (summary["passed"], summary["failed"]) == (False, 1)


def test_a_run_of_nothing_does_not_pass():
    summary = summarised()
    assert summary["passed"] is False
    assert (summary["median_max_px"], summary["worst_max_px"]) == (None, None)
