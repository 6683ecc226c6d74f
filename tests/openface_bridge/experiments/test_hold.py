"""Fits with held parameters: pyclnf alone; OpenFace is in ``live/``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.recordings import record

from openface_bridge.experiments.engines import Candidate
from openface_bridge.experiments.hold import DivergenceError, held_fit
from openface_bridge.experiments.hold_table import held_steps, write_table
from openface_bridge.experiments.parameters import Held
from openface_bridge.stepwise import Stepped
from openface_bridge.trace import Step, Trace
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey
from pyclnf.pdm import Parameters
from pyclnf.settings import FitSettings

SETTINGS = FitSettings()


def fitted(
    backend: Backend, picture: Any, box: Any, *held: str, settings: FitSettings = SETTINGS
) -> Trace:
    engine = Candidate(backend, picture, settings)
    return held_fit(engine, box, settings, Held.parsed(held, backend.detector.pdm.n_modes))


@pytest.fixture(scope="module")
def held_trace(backend: Backend, picture: Any, recorded: Trace) -> Trace:
    """A fit with scale and second mode held."""
    return fitted(backend, picture, recorded["bbox"], "scale=1.3", "q1=2")


def test_with_nothing_held_it_is_the_fit_itself(backend: Backend, picture: Any, recorded: Trace):
    trace = fitted(backend, picture, recorded["bbox"])
    assert trace.steps == recorded.steps
    for name, expected in recorded.entries.items():
        assert trace[name].tobytes() == expected.tobytes(), name
        assert trace[name].dtype == expected.dtype, name


@pytest.mark.parametrize("setting", ["weighted", "wild"])
def test_so_it_is_in_other_settings(setting: str, backend: Backend, picture: Any, recorded: Trace):
    settings = FitSettings.named(setting)
    trace = fitted(backend, picture, recorded["bbox"], settings=settings)
    plain = record(PaddedImage.of(to_grey(picture)), recorded["bbox"], setting, backend)
    for name, expected in plain.entries.items():
        assert trace[name].tobytes() == expected.tobytes(), name


def test_every_iteration_starts_from_what_is_held(held_trace: Trace, recorded: Trace):
    assert held_trace["init.params_global"][0] == np.float32(1.3)
    for step in held_trace.steps:
        assert held_trace[f"{step.prefix}.params_global"][0] == np.float32(1.3)
        assert held_trace[f"{step.prefix}.params_local"][1] == 2
    assert held_trace["final.params_global"][0] == np.float32(1.3)
    assert held_trace["final.params_local"][1] == 2
    assert not np.array_equal(held_trace["final.landmarks"], recorded["final.landmarks"])


def test_what_is_not_held_goes_on_from_where_it_was(held_trace: Trace):
    for step in held_trace.steps:
        following = Step(step.scale, step.nonrigid, step.index + 1)
        if following in held_trace.steps:
            out = held_trace[f"{step.prefix}.params_global_out"]
            then = held_trace[f"{following.prefix}.params_global"]
            assert np.array_equal(out[1:], then[1:])
            assert out[0] != then[0]


def test_maps_are_made_where_the_held_shape_is(held_trace: Trace, backend: Backend):
    start = held_trace["scale0.rigid.0.params_global"], held_trace["scale0.rigid.0.params_local"]
    expected = backend.detector.pdm.shape_2d(*start)
    assert np.array_equal(held_trace["scale0.base_shape"], expected)


def test_everything_held_stands_still(backend: Backend, picture: Any, recorded: Trace):
    names = ("scale=1.2", "rx=0", "ry=0.1", "rz=0", "tx=150", "ty=130")
    local = [f"q{mode}=0" for mode in range(backend.detector.pdm.n_modes)]
    trace = fitted(backend, picture, recorded["bbox"], *names, *local)
    assert [step.index for step in trace.steps] == [0, 0, 0, 0]


def test_a_small_face_ends_the_fit(backend: Backend, picture: Any, recorded: Trace):
    trace = fitted(backend, picture, recorded["bbox"], "scale=0.2")
    assert trace.scales == [0]
    assert trace["final.likelihood"][0] != -10


def test_the_trace_tells_what_was_held(held_trace: Trace):
    assert held_trace.provenance == {
        "engine": "pyclnf, backend numpy-exact",
        "held": {"scale": 1.3, "q1": 2.0},
    }


def test_diverging_fits(backend: Backend, picture: Any, recorded: Trace):
    class Diverging(Candidate):
        def at_scale(self, scale: int, parameters: Parameters) -> Any:
            found = super().at_scale(scale, parameters)
            iterate = found.iterate

            def diverge(parameters: Parameters, *, rigid: bool) -> Stepped:
                step = iterate(parameters, rigid=rigid)
                lost = Parameters(step.parameters.global_ * np.float32(np.nan), parameters.local)
                return Stepped(lost, step.likelihood, step.entries)

            found.iterate = diverge  # type: ignore[method-assign]
            return found

    with pytest.raises(DivergenceError, match=r"scale0\.rigid\.0: the parameters ceased"):
        held_fit(Diverging(backend, picture, SETTINGS), recorded["bbox"], SETTINGS, Held())


# ---- The table ----


def test_the_table_sets_engines_side_by_side(held_trace: Trace, recorded: Trace, tmp_path: Path):
    held = Held.parsed(["scale=1.3", "q1=2"], 4)
    steps = held_steps({"one": held_trace, "other": recorded}, held)
    assert [(row.engine, row.step) for row in steps[:2]] == [
        ("one", Step(0, False, 0)), ("other", Step(0, False, 0)),
    ]  # fmt: skip
    assert len(steps) == len(held_trace.steps) + len(recorded.steps)
    for row in steps:
        trace = held_trace if row.engine == "one" else recorded
        out = trace[f"{row.step.prefix}.params_global_out"]
        assert row.pulls["scale"] == float(out[0] - np.float32(1.3))
        assert list(row.pulls) == ["scale", "q1"]
    assert steps[0].apart_px == 0
    first = held_trace["scale0.rigid.0.shape"], recorded["scale0.rigid.0.shape"]
    assert steps[1].apart_px == pytest.approx(np.hypot(*(first[1] - first[0]).T).max())
    path = tmp_path / "table.csv"
    write_table(path, steps)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["pull_q1"]) for row in rows] == pytest.approx(
        [row.pulls["q1"] for row in steps]
    )
    assert {row["engine"] for row in rows} == {"one", "other"}
    assert float(rows[0]["scale"]) == pytest.approx(1.3)
    assert (rows[-1]["at_scale"], rows[-1]["phase"]) == ("1", "nonrigid")


def test_iterations_that_only_one_engine_did(recorded: Trace):
    last = recorded.steps[-1]
    shorter = {
        name: entry for name, entry in recorded.entries.items()
        if not name.startswith(f"{last.prefix}.")
    }  # fmt: skip
    steps = held_steps({"one": Trace(shorter), "other": recorded}, Held())
    assert (steps[-1].engine, steps[-1].step) == ("other", last)
    assert np.isnan(steps[-1].apart_px)
    assert steps[-2].apart_px == 0
