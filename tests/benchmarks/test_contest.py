"""The scenarios, the eleven hypotheses, and measurements in processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measuring.comparison import AIMS
from measuring.contest import SCENARIOS, SEEKING, _timed
from measuring.engines import OpenFace, PyCLNF
from measuring.footage import Footage, footage
from measuring.footprint import can_tell
from measuring.seekers import OpenFaceSeeker, PyCLNFSeeker, seekers_on
from measuring.subprocesses import measured_alone
from measuring.workload import Face, workload


@pytest.fixture(scope="module")
def film() -> Iterator[Footage]:
    """What is embedded, wherever this runs."""
    with pytest.MonkeyPatch.context() as patch:
        without_openface(patch)
        yield footage()


def without_openface(patch: pytest.MonkeyPatch) -> None:
    patch.delenv("PYCLNF_OPENFACE_DATA", raising=False)
    patch.setattr("measuring.workload._OPENFACE_DATA", Path("nowhere"))


def test_every_aim_is_measured_and_everyone_can_do_every_task() -> None:
    assert {name for name, _ in AIMS} <= {scenario.name for scenario in SCENARIOS}
    for scenario in SCENARIOS:
        seeking = scenario.task in SEEKING
        kinds = (OpenFaceSeeker, PyCLNFSeeker) if seeking else (OpenFace, PyCLNF)
        assert all(callable(getattr(kind, scenario.task)) for kind in kinds)


def test_backends_that_no_scenario_names_take_part_where_they_may() -> None:
    engines = {"abacus": Stub(), "cython": Stub()}
    for scenario in SCENARIOS:
        timed = _timed(replace(scenario, rounds=1), engines, (1, 2, 3))
        assert list(timed) == (["cython", "abacus"] if scenario.open else ["cython"])
    assert {s.name for s in SCENARIOS if s.open} == {"one face", "batch of 8", "batch of 64"}


class Stub:
    """It takes no time, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []

    def fit(self, items: list[int]) -> None:
        self.given.append(items)

    fit_in_colour = fit_batch = fit_hypotheses = find = follow = fit


def test_frames_come_one_after_another() -> None:
    [tracking] = [scenario for scenario in SCENARIOS if scenario.task == "follow"]
    stub = Stub()
    _timed(replace(tracking, rounds=3, faces=4), {"cython": stub}, (1, 2, 3, 4, 5, 6))
    assert stub.given == [[1, 2, 3, 4], [1, 2, 3, 4], [5, 6, 1, 2], [3, 4, 5, 6]]


def test_an_engine_proves_itself(
    small_model: Path, faces: tuple[Face, ...], backend_name: str
) -> None:
    engine = PyCLNF(small_model, backend_name, cores=2)
    assert engine.verify(faces[0]) < 0.01
    with pytest.raises(AssertionError, match=backend_name):
        engine.verify(Face(**{**vars(faces[0]), "landmarks": faces[1].landmarks}))


def test_a_seeker_proves_itself(film: Footage, backend_name: str) -> None:
    if backend_name not in ("cython", "numpy"):
        pytest.skip(f"{backend_name} has no detector of its own, or is the definition")
    seeker = PyCLNFSeeker(film, backend_name, cores=2)
    assert seeker.verify(film) <= (0 if backend_name == "cython" else 1)
    still, seen = film.stills[0], film.frames[-1]
    moved = replace(film, stills=(replace(still, box=still.box + 1),))
    with pytest.raises(AssertionError, match="has no box"):
        seeker.verify(moved)
    if backend_name == "cython":
        wrong = (*film.frames[:-1], replace(seen, landmarks=seen.landmarks + 1))
        with pytest.raises(AssertionError, match=r"cython: 1\.4\d* px"):
            PyCLNFSeeker(film, "cython", 1).verify(replace(film, frames=wrong))


def test_backends_without_a_detector_of_their_own_seek_nothing(film: Footage) -> None:
    assert {*seekers_on(film, 1)} <= {"OpenFace", "cython", "numpy"}
    assert len(film.there_and_back) == 2 * len(film.frames) - 2
    assert film.there_and_back[-1] is film.frames[1]


def test_the_embedded_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    without_openface(monkeypatch)
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
