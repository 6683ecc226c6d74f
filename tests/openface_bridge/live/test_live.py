"""Stepped fits, and the live reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openface_bridge.live import N_MOVES, Live, moved_boxes
from openface_bridge.manifests import Manifests
from openface_bridge.openface import native_settings
from openface_bridge.pictures import read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case, Reference
from openface_bridge.starts import Start
from openface_bridge.stepping import Kept, SteppingError, stepped_fit
from openface_bridge.trace import TraceError
from pyclnf import FitSettings

RECORDED = [
    Case(face, setting)
    for face in ("sample1", "sample3", "sample4", "sample5")
    for setting in ("default", "weighted", "wild")
]


@pytest.fixture(scope="module")
def real(bridge: Any, recorded_kernel: None, openface_data: Path) -> tuple[Live, Recorded]:
    """OpenFace on the recorded faces, and the recordings."""
    recorded = Recorded(openface_data / "golden")
    samples = {path.stem: path for path in (openface_data / "samples").glob("*.jpg")}
    starts = {c.face: Start.of(recorded.trace(c)) for c in RECORDED if c.setting == "default"}
    manifests = Manifests(openface_data / "model" / "main_clnf_general.txt")
    live = Live(manifests, samples, starts, ("default", "weighted", "wild"), kernels=("Nehalem",))
    return live, recorded


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case.face}-{case.setting}")
def test_recorded_traces_come_out_bit_for_bit(real: tuple[Live, Recorded], case: Case) -> None:
    trace, recorded = real[0].trace(case), real[1].trace(case)
    more = {name for name in trace.entries if name.endswith((".change", ".right_hand_side"))}
    assert set(trace.entries) == {*recorded.entries, *more, "provenance"}
    for name, expected in recorded.entries.items():
        found = trace[name]
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape), name
        assert found.tobytes() == expected.tobytes(), name


def test_reruns_are_the_recorded_kernel_and_box_moves(
    real: tuple[Live, Recorded], openface_data: Path
) -> None:
    case = Case("sample1", "default")
    reruns = real[0].rerun_landmarks(case)
    assert reruns is not None
    assert reruns.shape == (N_MOVES + 1, 68, 2)
    with np.load(openface_data / "golden" / "noise_floor.npz") as recorded:
        kernels = recorded["blas_kernels"].tolist()
        assert np.array_equal(
            reruns[-1], recorded["sample1.default.blas"][kernels.index("Nehalem")]
        )
    final = real[1].trace(case)["final.landmarks"]
    assert 0 < np.abs(reruns - final).max() < 1


def live_on(
    small_model: Path, blobs: tuple[Any, Any], folder: Path, **options: Any
) -> tuple[Live, Case]:
    """Make a live reference on the small model's picture."""
    import cv2

    picture = folder / "blobs.png"
    cv2.imwrite(str(picture), blobs[0])
    live = Live(Manifests(small_model), {"blobs": picture}, {"blobs": Start(blobs[1])}, **options)
    return live, Case("blobs", "default")


def test_live_is_a_reference_with_normal_equations(
    small: Any, small_model: Path, blobs: tuple[Any, Any], tmp_path: Path
) -> None:
    live, case = live_on(small_model, blobs, tmp_path, hessians=True)
    reference: Reference = live
    assert reference.cases() == [case]
    assert "OpenFace" in reference.description
    trace = reference.trace(case)
    for step in trace.steps:
        hessian = trace[f"{step.prefix}.hessian"].astype(np.float64)
        change = np.linalg.solve(hessian, trace[f"{step.prefix}.right_hand_side"])
        assert np.allclose(change, trace[f"{step.prefix}.change"], rtol=1e-2, atol=1e-3)


def test_the_fit_finds_the_blobs(small: Any, blobs: tuple[Any, Any]) -> None:
    trace = stepped_fit(small, blobs[0], Start(blobs[1]), FitSettings())
    assert trace.scales == [0, 1, 2]
    start = small.shape_2d(trace["init.params_global"], np.zeros(small.n_modes, np.float32))
    assert np.abs(trace["final.landmarks"] - start).max() > 1


@pytest.mark.parametrize(
    "settings",
    [
        FitSettings(weight_factor=2.5),
        FitSettings(window_sizes=(11, 0, 7)),
        FitSettings(window_sizes=(9,), max_iterations=1),
        FitSettings(window_sizes=(11, 11, 11), sigma=1.2, max_iterations=10),
    ],
)
def test_stepping_proves_itself_with_any_settings(
    small: Any, blobs: tuple[Any, Any], settings: FitSettings
) -> None:
    trace = stepped_fit(small, blobs[0], Start(blobs[1]), settings)
    assert len(trace.scales) == np.count_nonzero(settings.window_sizes[:3])


def test_a_fit_does_not_depend_on_the_ones_before(small: Any, blobs: tuple[Any, Any]) -> None:
    image, start = blobs[0], Start(blobs[1])
    first = stepped_fit(small, image, start, FitSettings())
    stepped_fit(small, image, start, FitSettings(sigma=3.0))
    again = stepped_fit(small, image, start, FitSettings())
    for name, expected in first.entries.items():
        assert again[name].tobytes() == expected.tobytes(), name


def test_a_small_face_ends_early(small: Any, blobs: tuple[Any, Any]) -> None:
    start = Start(np.array([50, 50, 12, 12], np.float32))
    trace = stepped_fit(small, blobs[0], start, FitSettings())
    assert trace.scales == [0]


def test_a_flat_picture_is_fitted_or_refused(small: Any) -> None:
    flat = np.full((200, 200), 128, np.uint8)
    start = Start(np.array([20, 20, 150, 150], np.float32))
    trace = stepped_fit(small, flat, start, FitSettings())
    assert np.isfinite(trace["final.landmarks"]).all()


class Dishonest:
    """A model whose plain fits end a hair beside its stepped ones."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def fit(self, *arguments: Any) -> Any:
        outcome = self._model.fit(*arguments)
        outcome["landmarks"] = np.nextafter(outcome["landmarks"], np.float32(np.inf))
        return outcome


def test_a_plain_fit_that_ends_elsewhere_is_an_error(small: Any, blobs: tuple[Any, Any]) -> None:
    dishonest: Any = Dishonest(small)
    with pytest.raises(SteppingError, match="stepped and plain fit differ in landmarks"):
        stepped_fit(dishonest, blobs[0], Start(blobs[1]), FitSettings())


TURNED = np.array([0.1, -0.4, 0.05], np.float32)


def test_a_fit_may_start_from_a_head_pose(bridge: Any, small: Any, blobs: tuple[Any, Any]) -> None:
    image, box = blobs
    trace = stepped_fit(small, image, Start(box, TURNED), FitSettings())
    assert trace["rotation"].tobytes() == TURNED.tobytes()
    assert trace["init.params_global"][1:4].tobytes() == TURNED.tobytes()
    plain = small.fit(image, box, bridge.Settings(), TURNED)
    assert trace["final.landmarks"].tobytes() == plain["landmarks"].tobytes()
    upright = stepped_fit(small, image, Start(box), FitSettings())
    assert "rotation" not in upright
    assert not np.array_equal(upright["init.params_global"], trace["init.params_global"])


def test_a_plain_fit_from_elsewhere_is_no_proof(small: Any, blobs: tuple[Any, Any]) -> None:
    class Upright(Dishonest):
        def fit(self, image: Any, box: Any, settings: Any, rotation: Any) -> Any:
            return self._model.fit(image, box, settings)

    forgetful: Any = Upright(small)
    with pytest.raises(SteppingError, match="stepped and plain fit differ"):
        stepped_fit(forgetful, blobs[0], Start(blobs[1], TURNED), FitSettings())


def test_reruns_start_from_the_head_pose(
    bridge: Any, small_model: Path, blobs: tuple[Any, Any], tmp_path: Path
) -> None:
    kernel = bridge.system()["blas_kernel"]
    live, case = live_on(small_model, blobs, tmp_path, kernels=(kernel,))
    live.starts["blobs"] = Start(blobs[1], TURNED)
    final = live.trace(case)["final.landmarks"]
    by_kernel = live.kernel_landmarks([case])
    assert by_kernel[kernel][case].tobytes() == final.tobytes()
    model, settings = bridge.Model(str(small_model)), native_settings(FitSettings())
    moved = moved_boxes(blobs[1], case)
    expected = [model.fit(blobs[0], box, settings, TURNED)["landmarks"] for box in moved]
    assert live.moved_landmarks(case).tobytes() == np.stack(expected).tobytes()


def test_lean_traces_leave_out_what_is_large(small: Any, blobs: tuple[Any, Any]) -> None:
    start = Start(blobs[1])
    full = stepped_fit(small, blobs[0], start, FitSettings())
    lean = stepped_fit(small, blobs[0], start, FitSettings(), keep=Kept(lean=True))
    left_out = full.entries.keys() - lean.entries.keys()
    assert left_out == {
        *(f"scale{scale}.areas_of_interest" for scale in full.scales),
        *(f"{step.prefix}.jacobian" for step in full.steps if step.index > 0),
    }
    for name, array in lean.entries.items():
        assert array.tobytes() == full[name].tobytes(), name
    for step in lean.steps:
        assert f"{step.prefix}.right_hand_side" in lean
        assert f"{step.prefix}.change" in lean
        assert f"{step.prefix}.hessian" not in full


def test_live_needs_pictures_and_known_settings(
    bridge: Any, small_model: Path, blobs: tuple[Any, Any], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="no setting is called 'strange'"):
        live_on(small_model, blobs, tmp_path, settings=("strange",))
    with pytest.raises(TraceError, match="'nobody' has a box but no picture"):
        Live(Manifests(small_model), {}, {"nobody": Start(blobs[1])})


def test_moved_boxes_are_one_ulp_away_and_always_the_same() -> None:
    box = np.array([10.5, 0.0, 100.25, 90.0], np.float32)
    boxes = moved_boxes(box, Case("a", "default"))
    again = moved_boxes(box, Case("a", "default"))
    assert len(boxes) == N_MOVES
    for moved, same in zip(boxes, again, strict=True):
        assert moved.dtype == np.float32
        assert np.array_equal(moved, same)
        assert not np.array_equal(moved, box)
        assert (np.abs(moved - box) <= np.spacing(np.maximum(box, 1))).all()


def test_settings_are_handed_over(bridge: Any) -> None:
    settings = native_settings(FitSettings.wild())
    assert settings.window_sizes == [15, 13, 11, 11]
    assert (settings.sigma, settings.reg_factor, settings.max_iterations) == (1.25, 35.0, 10)
    assert not settings.refine_parts


def test_pictures_are_read_as_they_are_fitted(openface_data: Path) -> None:
    pixels = read_picture(openface_data / "samples" / "sample1.jpg")
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
