"""Runs on disk: all comes back, and what cannot be a run's is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.comparing import changed
from support.model_files import write_small_model
from support.recordings import Recordings

from openface_bridge.parity.run import Comparison, FitRun, Models, compare_run
from openface_bridge.parity.store import read_run, write_run
from openface_bridge.reference import Case
from openface_bridge.trace import (
    PROVENANCE,
    Trace,
    TraceError,
    read_trace,
    write_arrays,
    write_trace,
)

CASE = Case("anna", "default")
FILES = ("trace_anna_default.npz", "forced_anna_default.npz")


@pytest.fixture
def run(comparisons: dict[Case, Comparison]) -> FitRun:
    return comparisons[CASE].run


@pytest.fixture
def folder(run: FitRun, tmp_path: Path) -> Path:
    """A run of one fit."""
    path = tmp_path / "new" / "run"
    write_run(path, run)
    return path


@pytest.fixture
def read(run: FitRun, models: Models, recordings: Recordings) -> Any:
    """Read the run of the one fit."""
    return lambda folder, reference=run.reference, models=models: read_run(
        folder, reference, CASE, models, recordings.images
    )


def retell(folder: Path, **changes: Any) -> None:
    """Change what a run says of itself; what is None is left out."""
    path = folder / FILES[0]
    trace = read_trace(path)
    told = {**(trace.provenance or {}), **changes}
    kept = {name: value for name, value in told.items() if value is not None}
    write_trace(path, Trace({**trace.entries, PROVENANCE: np.array(json.dumps(kept))}))


def test_all_comes_back(read: Any, run: FitRun, folder: Path):
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    found = read(folder)
    for name in ("case", "picture", "backend", "manifest", "reference", "success"):
        assert getattr(found, name) == getattr(run, name)
    for entries, expected in (
        (found.forced, run.forced),
        (found.candidate.entries, run.candidate.entries),
    ):
        assert entries.keys() - {PROVENANCE} == expected.keys()
        for name in expected:
            assert entries[name].dtype == expected[name].dtype
            assert entries[name].tobytes() == expected[name].tobytes(), name


def test_a_run_that_was_stored_is_judged_alike(
    read: Any, folder: Path, comparisons: dict[Case, Comparison], exact_models: Models
):
    """Whatever backend the comparison itself uses."""
    expected = comparisons[CASE]
    found = compare_run(read(folder, models=exact_models), exact_models, expected.floor)
    assert found.verdict == expected.verdict
    assert (found.forced, found.free) == (expected.forced, expected.free)
    assert found.run.backend == "numpy"


def test_failed_fits_stay_failed(read: Any, run: FitRun, tmp_path: Path):
    write_run(tmp_path, replace(run, success=False))
    assert read(tmp_path).success is False


def test_runs_are_replaced(read: Any, run: FitRun, folder: Path):
    write_run(folder, replace(run, backend="another"))
    assert read(folder).backend == "another"
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


# ---- What cannot be compared ----


def test_another_reference(read: Any, run: FitRun, folder: Path):
    other = changed(run.reference, "scale0.rigid.0.mean_shift", 1e-6)
    with pytest.raises(TraceError, match=r"was not made from .*; run the candidate again"):
        read(folder, other)


@pytest.mark.parametrize("version", [1, 3, "2", None])
def test_another_schema(version: Any, read: Any, folder: Path):
    retell(folder, schema_version=version)
    with pytest.raises(TraceError, match=f"has schema version {version}, expected 2"):
        read(folder)


@pytest.mark.parametrize("name", ["backend", "reference_sha256", "forced_sha256", "success"])
def test_traces_that_are_no_runs(name: str, read: Any, folder: Path):
    retell(folder, **{name: None})
    with pytest.raises(TraceError, match=f"is no candidate's run: it lacks {name}"):
        read(folder)


def test_recordings_are_no_runs(read: Any, folder: Path, recordings: Recordings):
    shutil.copy(recordings.traces / FILES[0], folder)
    with pytest.raises(TraceError, match="has schema version None"):
        read(folder)


def test_stages_of_another_run(read: Any, run: FitRun, folder: Path, tmp_path: Path):
    """As they lie beside each other when writing was interrupted between the two files."""
    name = next(iter(run.forced))
    forced = {**run.forced, name: run.forced[name] + 1}
    write_run(tmp_path / "other", replace(run, forced=forced))
    shutil.copy(tmp_path / "other" / FILES[1], folder)
    with pytest.raises(TraceError, match=rf"{FILES[1]}: is not of the run in .*{FILES[0]}"):
        read(folder)


def test_stages_that_were_left_out(read: Any, run: FitRun, tmp_path: Path):
    """They would not be compared, and what is not compared passes."""
    write_run(tmp_path, run)
    fewer = dict(list(run.forced.items())[1:])
    write_arrays(tmp_path / FILES[1], fewer)
    with pytest.raises(TraceError, match="is not of the run"):
        read(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_missing_files(name: str, read: Any, folder: Path):
    (folder / name).unlink()
    with pytest.raises(TraceError, match=name):
        read(folder)


@pytest.mark.parametrize("keep", [0, 100, -30])
@pytest.mark.parametrize("name", FILES)
def test_truncated_files(name: str, keep: int, read: Any, folder: Path):
    path = folder / name
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TraceError, match=name):
        read(folder)


def test_another_model(read: Any, folder: Path, tmp_path: Path):
    other = Models("numpy", write_small_model(tmp_path, n_landmarks=9), {})
    with pytest.raises(TraceError, match="has 12 landmarks"):
        read(folder, models=other)


# ---- What is there already ----


@pytest.mark.parametrize("after", [0, 1])
def test_nothing_is_lost_when_writing_fails(
    after: int, read: Any, run: FitRun, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """A file is replaced when complete; half a run is refused, not compared."""
    before = {name: (folder / name).read_bytes() for name in FILES}
    original, written = np.lib.format.write_array, []

    def fail(*arguments: Any, **options: Any) -> None:
        written.append(arguments)
        if len(written) > after * len(run.forced) + 3:
            raise OSError("no space left on device")
        original(*arguments, **options)

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    changes = {name: array + 1 for name, array in run.forced.items()}
    with pytest.raises(OSError, match="no space"):
        write_run(folder, replace(run, forced=changes))
    monkeypatch.undo()
    assert (folder / FILES[0]).read_bytes() == before[FILES[0]]
    if after:
        with pytest.raises(TraceError, match="is not of the run"):
            read(folder)
    else:
        assert (folder / FILES[1]).read_bytes() == before[FILES[1]]
        assert read(folder).success


def test_folders_that_cannot_be_made(run: FitRun, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write_run(tmp_path / "file", run)
    assert (tmp_path / "file").read_bytes() == b""
