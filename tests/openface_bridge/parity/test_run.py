"""Runs: which model, which picture, and what a fit's verdict is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from openface_bridge.parity.teacher_forced import StageResult
from support.divergence import diverging
from support.model_files import write_lines, write_small_model
from support.recordings import FACES, SETTINGS, Recordings
from support.traces import tiny_entries

from openface_bridge.parity.free_run import FreeRun
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.run import Comparison, Models, compare_all, compare_fit
from openface_bridge.parity.stages import STAGES
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace, TraceError
from pyclnf import FitSettings, ModelFileError

CASE = Case("anna", "default")


class Changed(Recorded):
    """Recordings with entries changed."""

    def __init__(self, original: Recorded, changes: dict[str, npt.NDArray[Any]]) -> None:
        self.original = original
        self.changes = changes

    def trace(self, case: Case) -> Trace:
        return Trace({**self.original.trace(case).entries, **self.changes}, "a source")

    def rerun_landmarks(self, case: Case) -> npt.NDArray[Any] | None:
        return self.original.rerun_landmarks(case)


# ---- Models ----


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Manifests as OpenFace names them, all of one model."""
    write_small_model(tmp_path, n_landmarks=5, n_modes=2, windows=(3,), support=3, scales=(0.25,))
    for name in ("main_clnf_general.txt", "main_clnf_wild.txt", "main.txt"):
        write_lines(tmp_path / name, ["LandmarkDetector clnf.txt"])
    return tmp_path


def test_wild_model_stands_beside_the_general_one(model_folder: Path):
    models = Models("numpy", model_folder / "main_clnf_general.txt", {})
    assert models.manifest("default").name == "main_clnf_general.txt"
    assert models.manifest("weighted").name == "main_clnf_general.txt"
    assert models.manifest("wild").name == "main_clnf_wild.txt"


def test_without_a_wild_model_the_one_there_is(model_folder: Path):
    (model_folder / "main_clnf_wild.txt").unlink()
    for name in ("main_clnf_general.txt", "main.txt"):
        models = Models("numpy", model_folder / name, {})
        assert models.manifest("wild") == model_folder / name


def test_models_of_one_setting_come_first(model_folder: Path):
    override = model_folder / "main.txt"
    models = Models("numpy", model_folder / "main_clnf_general.txt", {"wild": override})
    assert models.manifest("wild") == override
    assert models.manifest("default").name == "main_clnf_general.txt"


def test_no_model_for_a_setting(model_folder: Path):
    models = Models("numpy", None, {"wild": model_folder / "main.txt"})
    assert models.manifest("wild").name == "main.txt"
    with pytest.raises(TraceError, match="fits of setting 'default', but no model for it"):
        models.backend("default")


def test_models_are_loaded_once(model_folder: Path):
    models = Models("numpy-exact", model_folder / "main_clnf_general.txt", {})
    assert models.backend("default") is models.backend("weighted")
    assert models.backend("default") is not models.backend("wild")
    assert models.backend("default").name == "numpy-exact"


def test_missing_model(tmp_path: Path):
    with pytest.raises(ModelFileError):
        Models("numpy", tmp_path / "main.txt", {}).backend("default")


def test_unknown_backend(model_folder: Path):
    with pytest.raises(ValueError, match="backend: there is none called 'abacus'"):
        Models("abacus", model_folder / "main.txt", {}).backend("default")


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
    assert found.picture == recordings.images / "anna.png"
    assert found.passed
    assert found.within_floor
    assert found.schedule_equal
    assert found.free_run.success
    assert [result.stage for result in found.stages] == list(STAGES)
    reruns = reference.rerun_landmarks(CASE)
    assert reruns is not None
    assert found.floor == NoiseFloor.of(found.free_run.reference["final.landmarks"], reruns)


def made_up(px: float, floor: float | None, *, failing: bool = False, schedule: bool = True):
    entries = tiny_entries()
    moved = {**entries, "final.landmarks": entries["final.landmarks"].copy()}
    moved["final.landmarks"][:, 0] += px
    stage = STAGES[6]
    return Comparison(
        case=Case("face", "default"),
        picture=Path("face.png"),
        free_run=FreeRun(Trace(entries), Trace(moved), success=True),
        floor=NoiseFloor(floor),
        stages=[StageResult(stage, 2 * stage.limit if failing else stage.limit, None, 1, 0)],
        schedule_equal=schedule,
    )


@pytest.mark.parametrize(
    ("px", "floor", "within"),
    [(0.0, None, True), (0.0039, None, True), (0.0079, None, False), (0.0, 0.0, True),
     (0.5, 0.25, True), (0.5, 0.24, False), (np.nan, 100.0, False)],
)  # fmt: skip
def test_within_the_floor(px: float, floor: float | None, within: bool):
    comparison = made_up(px, floor)
    assert comparison.within_floor is within
    assert comparison.passed is within


def test_a_fit_passes_only_if_all_does():
    assert made_up(0.0, None).failed_stages == []
    failing = made_up(0.0, None, failing=True)
    assert [result.stage.name for result in failing.failed_stages] == ["mean shift"]
    assert failing.within_floor
    assert not failing.passed
    assert not made_up(0.0, None, schedule=False).passed


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


@pytest.mark.parametrize("name", ["reg_factor", "sigma", "weight_factor"])
def test_another_schedule(name: str, recordings: Recordings, reference: Recorded, models: Models):
    value = reference.trace(CASE)[f"scale1.{name}"] + np.float32(1e-3)
    changed = Changed(reference, {f"scale1.{name}": np.asarray(value)})
    found = compare_fit(changed, CASE, models, recordings.images)
    assert not found.schedule_equal
    assert not found.passed
    assert found.within_floor


def test_other_windows(
    recordings: Recordings, reference: Recorded, models: Models, monkeypatch: pytest.MonkeyPatch
):
    """They fail a fit, but do not keep its stages from being compared."""
    settings = FitSettings(window_sizes=(9, 7))
    monkeypatch.setattr(FitSettings, "named", lambda name: settings)
    found = compare_fit(reference, CASE, models, recordings.images)
    assert not found.schedule_equal
    assert not found.passed
    assert found.failed_stages == []


def test_candidates_that_diverge(recordings: Recordings, reference: Recorded, models: Models):
    with diverging():
        found = compare_fit(reference, CASE, models, recordings.images)
    assert not found.free_run.success
    assert not found.passed
    assert np.isfinite(found.free_run.max_px)
    assert [result.stage.name for result in found.failed_stages] == ["mean shift"]
    assert found.failed_stages[0].error == np.inf
