from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.faces import draw_face

from pyclnf import CLNF, FitResult, FitSettings, TraceRecorder
from pyclnf.nu_rlms import Iteration
from pyclnf.pdm import Parameters
from pyclnf.responses import Responses
from pyclnf.scale_plan import ScalePlan, plan_scale

FACE = draw_face(1)
SETTINGS = FitSettings(window_sizes=(9, 7), weight_factor=2.5, max_iterations=3)
N, M = 12, 4

# Names of a trace's entries in `design/PARITY.md`, and their shapes.
START = {"bbox": (4,), "init.params_global": (6,)}
SCALE = {
    **dict.fromkeys(("window_size", "view", "reg_factor", "sigma", "weight_factor"), ()),
    "similarity_image_to_reference": (2, 2),
    "similarity_reference_to_image": (2, 2),
    "base_shape": (N, 2),
    "areas_of_interest": (N, "window + 10", "window + 10"),
    "response_maps": (N, "window", "window"),
}
ITERATION = {
    "params_global": (6,),
    "params_local": (M,),
    "shape": (N, 2),
    "offset_x": (N,),
    "offset_y": (N,),
    "mean_shift": (N, 2),
    "jacobian": (2 * N, "columns"),
    "params_global_out": (6,),
    "params_local_out": (M,),
}
FINAL = {
    "final.params_global": (6,),
    "final.params_local": (M,),
    "final.landmarks": (N, 2),
    "final.likelihood": (1,),
}


class Log:
    """An observer that writes down what it is told, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.result: FitResult | None = None

    def on_start(self, bbox: npt.NDArray[np.float32], parameters: Parameters) -> None:
        self.calls.append(("start", bbox.tolist(), parameters.local.tolist()))

    def on_scale(self, plan: ScalePlan, responses: Responses) -> None:
        self.calls.append(("scale", plan.scale, plan))

    def on_iteration(self, scale: int, phase: str, index: int, iteration: Iteration) -> None:
        self.calls.append(("iteration", scale, phase, index))

    def on_finish(self, result: FitResult) -> None:
        self.calls.append(("finish",))
        self.result = result


@pytest.fixture(scope="module")
def clnf(small_model: Path) -> CLNF:
    return CLNF(small_model)


def record(clnf: CLNF, **options: bool) -> tuple[dict[str, npt.NDArray[Any]], FitResult]:
    recorder = TraceRecorder(**options)
    result = clnf.fit(FACE.picture, FACE.box, SETTINGS, recorder)
    return recorder.trace, result


def test_calls_come_in_order(clnf: CLNF):
    log = Log()
    result = clnf.fit(FACE.picture, FACE.box, SETTINGS, log)
    box = np.array(FACE.box, np.float32).tolist()
    assert log.calls[0] == ("start", box, [0.0] * M)
    assert log.calls[-1] == ("finish",)
    assert log.result is result
    expected: list[tuple[Any, ...]] = []
    for scale in (0, 1):
        expected.append(("scale", scale, plan_scale(SETTINGS, scale, (0.25, 0.35))))
        for phase in ("rigid", "nonrigid"):
            count = sum(call[:3] == ("iteration", scale, phase) for call in log.calls)
            assert 1 <= count <= 3
            expected += [("iteration", scale, phase, index) for index in range(count)]
    assert log.calls[1:-1] == expected


def test_a_fit_that_fails_is_told_to_the_end(clnf: CLNF):
    log = Log()
    small = draw_face(1, 0.2)
    result = clnf.fit(small.picture, small.box, SETTINGS, log)
    assert not result.success
    assert log.result is result
    assert [call for call in log.calls if call[0] == "scale"][-1][1] == 0


def test_an_observer_changes_nothing(backend_name: str, small_model: Path):
    clnf = CLNF(small_model, backend=backend_name)
    alone = clnf.fit(FACE.picture, FACE.box, SETTINGS)
    for observer in (Log(), TraceRecorder(areas_of_interest=True, normal_equations=True)):
        observed = clnf.fit(FACE.picture, FACE.box, SETTINGS, observer)
        for name in ("landmarks", "params_global", "params_local"):
            np.testing.assert_array_equal(getattr(observed, name), getattr(alone, name))
        assert observed.likelihood == alone.likelihood
        assert (observed.view, observed.success) == (alone.view, alone.success)


def expected_shapes(trace: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return the schema, for the scales and iterations that a trace has."""
    shapes: dict[str, tuple[Any, ...]] = {**START, **FINAL}
    iterations = {found[0] for name in trace if (found := re.match(r".*rigid\.\d+", name))}
    for scale, window in enumerate(SETTINGS.window_sizes):
        sizes: dict[Any, int] = {"window": window, "window + 10": window + 10}
        for name, shape in SCALE.items():
            shapes[f"scale{scale}.{name}"] = tuple(sizes.get(side, side) for side in shape)
    for prefix in iterations:
        columns = 6 if ".rigid." in prefix else 6 + M
        for name, shape in ITERATION.items():
            sides = tuple(columns if side == "columns" else side for side in shape)
            shapes[f"{prefix}.{name}"] = sides
    return shapes


def test_a_trace_has_the_names_and_shapes_of_the_schema(clnf: CLNF):
    trace, _ = record(clnf, areas_of_interest=True)
    shapes = {name: array.shape for name, array in trace.items()}
    assert shapes == expected_shapes(trace)
    assert {"scale0.rigid.0.shape", "scale1.nonrigid.0.shape"} <= set(trace)
    kinds = {name: array.dtype for name, array in trace.items() if array.dtype != np.float32}
    whole = {f"scale{scale}.{name}" for scale in (0, 1) for name in ("view", "window_size")}
    assert set(kinds) == whole
    assert set(kinds.values()) == {np.dtype(np.int32)}


def test_optional_entries(clnf: CLNF):
    short, _ = record(clnf)
    assert not [name for name in short if "areas" in name or "hessian" in name]
    full, _ = record(clnf, areas_of_interest=True, normal_equations=True)
    added = set(full) - set(short)
    assert {name.split(".")[-1] for name in added} == {
        *("areas_of_interest", "hessian", "right_hand_side", "change")
    }
    assert full["scale0.rigid.0.hessian"].shape == (6, 6)
    assert full["scale0.nonrigid.0.right_hand_side"].shape == (6 + M,)
    assert full["scale0.nonrigid.0.change"].shape == (6 + M,)
    for name in short:
        np.testing.assert_array_equal(full[name], short[name])


def test_the_rotation_that_a_fit_starts_from(clnf: CLNF):
    recorder, rotation = TraceRecorder(), (0.1, -0.3, 0.05)
    clnf.fit(FACE.picture, FACE.box, SETTINGS, recorder, rotation)
    np.testing.assert_array_equal(recorder.trace["rotation"], np.array(rotation, np.float32))
    clnf.fit(FACE.picture, FACE.box, SETTINGS, recorder)
    assert "rotation" not in recorder.trace


def test_a_trace_hangs_together(clnf: CLNF):
    trace, result = record(clnf, normal_equations=True)
    np.testing.assert_array_equal(trace["bbox"], np.array(FACE.box, np.float32))
    np.testing.assert_array_equal(
        trace["scale0.rigid.0.params_global"], trace["init.params_global"]
    )
    np.testing.assert_array_equal(trace["scale0.rigid.0.shape"], trace["scale0.base_shape"])
    np.testing.assert_array_equal(trace["final.landmarks"], result.landmarks)
    assert trace["final.likelihood"][0] == np.float32(result.likelihood)
    steps = [name.rsplit(".", 1)[0] for name in trace if name.endswith(".params_global_out")]
    for before, after in itertools.pairwise(steps):
        for name in ("params_global", "params_local"):
            np.testing.assert_array_equal(trace[f"{after}.{name}"], trace[f"{before}.{name}_out"])
    np.testing.assert_array_equal(
        trace["final.params_local"], trace[f"{steps[-1]}.params_local_out"]
    )
    for step in steps:
        left = trace[f"{step}.hessian"].astype(np.float64) @ trace[f"{step}.change"]
        right = trace[f"{step}.right_hand_side"]
        np.testing.assert_allclose(left, right, atol=1e-3 * abs(right).max())


def test_a_recorder_may_be_used_again(clnf: CLNF):
    recorder = TraceRecorder()
    clnf.fit(FACE.picture, FACE.box, FitSettings(), recorder)
    clnf.fit(FACE.picture, FACE.box, FitSettings(window_sizes=(9,)), recorder)
    assert not [name for name in recorder.trace if name.startswith("scale1")]


def test_kept_arrays_do_not_change_later(clnf: CLNF):
    trace, _ = record(clnf, areas_of_interest=True, normal_equations=True)
    kept = {name: array.copy() for name, array in trace.items()}
    other = draw_face(4)
    clnf.fit(other.picture, other.box, SETTINGS)
    for name, array in trace.items():
        np.testing.assert_array_equal(array, kept[name])
