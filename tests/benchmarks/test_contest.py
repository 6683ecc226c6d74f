"""The scenarios, the eleven hypotheses, and measurements in processes of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measuring.comparison import AIMS
from measuring.contest import SCENARIOS, _timed
from measuring.engines import OpenFace, PyCLNF
from measuring.footprint import can_tell
from measuring.subprocesses import measured_alone
from measuring.workload import Face, Workload, workload


def test_every_aim_is_measured_and_every_engine_can_do_every_task() -> None:
    assert {name for name, _ in AIMS} <= {scenario.name for scenario in SCENARIOS}
    for scenario in SCENARIOS:
        assert all(callable(getattr(engine, scenario.task)) for engine in (OpenFace, PyCLNF))


def test_backends_that_no_scenario_names_take_part_where_they_may(
    faces: tuple[Face, ...],
) -> None:
    class Stub:
        def fit(self, faces: Any) -> None:
            """Take no time."""

        fit_in_colour = fit_batch = fit_hypotheses = fit

    engines: dict[str, Any] = {"abacus": Stub(), "cython": Stub()}
    work = Workload("made up", Path("main.txt"), faces)
    for scenario in SCENARIOS:
        timed = _timed(replace(scenario, rounds=1), engines, work)
        assert list(timed) == (["cython", "abacus"] if scenario.open else ["cython"])
    assert {s.name for s in SCENARIOS if s.open} == {"one face", "batch of 8", "batch of 64"}


def test_an_engine_proves_itself(
    small_model: Path, faces: tuple[Face, ...], backend_name: str
) -> None:
    engine = PyCLNF(small_model, backend_name, cores=2)
    assert engine.verify(faces[0]) < 0.01
    with pytest.raises(AssertionError, match=backend_name):
        engine.verify(Face(**{**vars(faces[0]), "landmarks": faces[1].landmarks}))


def test_the_embedded_faces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PYCLNF_OPENFACE_DATA", raising=False)
    monkeypatch.setattr("measuring.workload._OPENFACE_DATA", tmp_path / "nowhere")
    found = workload()
    assert "embedded" in found.title
    assert all(face.grey.ndim == 2 and face.noise_floor > 0 for face in found.faces)
    assert [face.name for face in found.batch(5)] == [
        *(face.name for face in found.faces),
        found.faces[0].name,
    ]


def test_named_data_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYCLNF_OPENFACE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="no such folder"):
        workload()


@pytest.mark.skipif(not can_tell(), reason="this system does not tell a process's memory")
def test_memory_is_told_step_by_step(
    small_model: Path, faces: tuple[Face, ...], tmp_path: Path
) -> None:
    pictures: dict[str, Any] = {face.name: face.grey for face in faces}
    np.savez(tmp_path / "faces.npz", boxes=np.stack([face.box for face in faces]), **pictures)
    arguments = (str(small_model), str(tmp_path / "faces.npz"), "--backend", "numpy")
    steps = measured_alone("footprint", *arguments)
    assert next(iter(steps)) == "Python"
    assert 5 < steps["Python"] < steps["pyclnf imported"] < steps["most at any time"] < 500


def test_a_failure_is_told() -> None:
    with pytest.raises(RuntimeError, match=r"measuring\.contest --cores 4096: .*cores"):
        measured_alone("contest", "--cores", "4096")
