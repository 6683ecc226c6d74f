"""Bugs reduced to one call: small, failing where the fault is planted, passing where it is not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge.parity.faults import FAULTS, Fault, planted
from openface_bridge.parity.kept import Kept
from openface_bridge.parity.models import Models
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.reduce import reduce_bug
from openface_bridge.parity.replay import replay
from openface_bridge.parity.run import Comparison, compare_fit, compare_run, run_fit
from openface_bridge.recorded import Recorded
from openface_bridge.trace import Trace, TraceError, read_arrays, write_arrays

LARGEST, LARGEST_WITH_PIXELS = 8192, 32768
"""Bytes. At a quarter of its size a landmark's surroundings are 100 px wide, in three colours."""


@pytest.fixture(scope="module")
def kept(reference: Recorded, models: Models, recordings: Recordings) -> Kept:
    return Kept(reference, models, recordings.images)


def first_bug(kept: Kept, models: Models, recordings: Recordings) -> Comparison:
    for case in kept.cases():
        comparison = compare_fit(kept, case, models, recordings.images)
        if comparison.verdict.kind == "bug":
            return comparison
    raise AssertionError("no fit has a bug")


def reduced(comparison: Comparison, models: Models, folder: Path) -> tuple[Path, Path]:
    """Return the test and the case."""
    test = reduce_bug(comparison, models.backend(comparison.case.setting), folder)
    assert test is not None
    (case,) = folder.glob("case_*.npz")
    return test, case


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_cases_fail_with_the_fault_and_pass_without(
    fault: Fault, kept: Kept, models: Models, recordings: Recordings, tmp_path: Path
):
    with planted(fault):
        if fault.in_preparation:
            models = Models("numpy", recordings.model, {})
        comparison = first_bug(kept, models, recordings)
        _, case = reduced(comparison, models, tmp_path)
        failing = replay(case, recordings.model)
    assert not failing.passed
    assert failing.stage in fault.stages
    assert failing.finding == comparison.verdict.finding
    pixels = "picture" in read_arrays(case)
    assert case.stat().st_size <= (LARGEST_WITH_PIXELS if pixels else LARGEST)
    sound = replay(case, recordings.model)
    assert sound.passed, str(sound)
    assert replay(case, recordings.model, "numpy-exact").passed


def negated_column() -> Fault:
    return next(fault for fault in FAULTS if fault.number == "16")


def test_the_written_test_runs_alone(
    kept: Kept, models: Models, recordings: Recordings, tmp_path: Path
):
    """It passes here, where nothing is wrong; it fails if the reference's output is changed."""
    with planted(negated_column()):
        test, case = reduced(first_bug(kept, models, recordings), models, tmp_path)
    assert len(test.read_text("utf-8").splitlines()) < 20
    assert run_pytest(test) == 0
    arrays = read_arrays(case)
    name = next(name for name in arrays if name.endswith(".jacobian"))
    arrays[name] = arrays[name] + np.float32(1)
    write_arrays(case, arrays)
    assert run_pytest(test) == 1


def run_pytest(test: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    root = Path(__file__).parents[3]
    environment = {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""}
    return subprocess.run(
        command, cwd=test.parent, env=environment, check=False, capture_output=True
    ).returncode


def test_what_replaying_says(kept: Kept, models: Models, recordings: Recordings, tmp_path: Path):
    with planted(negated_column()):
        _, case = reduced(first_bug(kept, models, recordings), models, tmp_path)
        failing = replay(case, recordings.model)
    assert str(failing).startswith("Jacobian (scale 0, rigid phase, iteration 0, landmark ")
    assert "units in the last place; rounding explains 8" in str(failing)
    assert str(replay(case, recordings.model)).endswith("agrees with the reference")
    stored = read_arrays(case)["candidate"]
    np.testing.assert_array_equal(stored[:, 2], -failing.wanted[:, 2])


def test_sound_fits_are_not_reduced(
    kept: Kept, models: Models, recordings: Recordings, tmp_path: Path
):
    case = kept.cases()[0]
    comparison = compare_fit(kept, case, models, recordings.images)
    assert reduce_bug(comparison, models.backend(case.setting), tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


def test_outcomes_are_not_reduced(
    kept: Kept, models: Models, recordings: Recordings, tmp_path: Path
):
    """No stage is wrong where only what a fit returns is."""
    case = kept.cases()[0]
    run = run_fit(kept.trace(case), case, models, recordings.images)
    moved = {**run.candidate.entries, "final.landmarks": run.candidate["final.landmarks"] + 1}
    changed = replace(run, candidate=Trace(moved))
    comparison = compare_run(changed, models, NoiseFloor(None))
    assert comparison.verdict.kind == "bug"
    assert reduce_bug(comparison, models.backend(case.setting), tmp_path / "none") is None


@pytest.mark.parametrize(
    "arrays",
    [{}, {"case": np.array("{")}, {"case": np.array("[]")}, {"case": np.zeros(0)},
     {"case": np.array('{"stage": "view"}')}],
    ids=["nothing", "no JSON", "no object", "no text", "incomplete"],
)  # fmt: skip
def test_what_is_no_case(arrays: dict[str, Any], recordings: Recordings, tmp_path: Path):
    write_arrays(tmp_path / "case.npz", arrays)
    with pytest.raises(TraceError, match=r"case\.npz: is no reduced case"):
        replay(tmp_path / "case.npz", recordings.model)
