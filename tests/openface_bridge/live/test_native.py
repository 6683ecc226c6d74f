"""The compiled bridge: what it offers, what it refuses."""

from __future__ import annotations

import ast
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openface_bridge.pictures import read_picture
from pyclnf import ModelFileError
from pyclnf.backends import create_backend

RUNS: dict[str, dict[str, Any]] = {
    "default": {},
    "weighted": {"weight_factor": 2.5},
    "parts": {"refine_parts": True},
    "multi_view": {"multi_view": True},
    "multi_view_parts_validated": {"multi_view": True, "refine_parts": True, "validate": True},
    "wild": {
        "window_sizes": [15, 13, 11, 11],
        "sigma": 1.25,
        "reg_factor": 35.0,
        "weight_factor": 2.5,
        "max_iterations": 10,
    },
}
STUB = Path(__file__).resolve().parents[3] / "openface_bridge" / "_native.pyi"
DETECTOR = Path("model", "mtcnn_detector", "MTCNN_detector.txt")


def float32(values: Any) -> Any:
    return np.asarray(values, np.float32)


def assert_same(found: Any, recorded: Any) -> None:
    """Compare an outcome with a recorded one, bit for bit."""
    for name in ("params_global", "params_local"):
        assert found[name].tobytes() == float32(recorded[name]).tobytes(), name
    assert found["landmarks"].T.tobytes() == float32(recorded["landmarks"]).tobytes()
    for name in ("likelihood", "certainty", "view", "success"):
        if name in recorded:
            assert float32(found[name]) == float32(recorded[name]), name


# ---- On OpenFace's own model ----


@pytest.fixture(scope="module")
def models(bridge: Any, recorded_kernel: None, openface_data: Path) -> Callable[[str], Any]:
    """Models by run."""
    names = ("general", "wild")
    loaded = {n: bridge.Model(str(openface_data / "model" / f"main_clnf_{n}.txt")) for n in names}
    return lambda run: loaded["wild" if run == "wild" else "general"]


@pytest.mark.parametrize("run", RUNS)
def test_recorded_runs_come_out_bit_for_bit(
    bridge: Any, models: Callable[[str], Any], openface_data: Path, run: str
) -> None:
    model = models(run)
    for face in json.loads((openface_data / "golden" / "results.json").read_text("utf-8")):
        image = read_picture(openface_data / "samples" / face["image"])
        recorded = face["runs"][run]
        found = model.fit_in_image(image, float32(face["bbox"]), bridge.Settings(**RUNS[run]))
        assert_same(found, recorded)
        for name, part in found["parts"].items():
            if f"part_{name}" in recorded:
                assert_same(part, recorded[f"part_{name}"])
        shape = (found["params_global"], found["params_local"], found["landmarks"])
        pose = model.head_pose(*shape, 500, 500, 320, 240)
        assert pose.tobytes() == float32(recorded["pose_500_500_320_240"]).tobytes()


@pytest.mark.parametrize("run", ["default", "multi_view", "multi_view_parts_validated"])
def test_a_model_that_is_never_reset_fits_the_same(
    bridge: Any, recorded_kernel: None, openface_data: Path, run: str
) -> None:
    manifest = openface_data / "model" / "main_clnf_general.txt"
    fitter = bridge.ImageFitter(str(manifest), bridge.Settings(**RUNS[run]))
    faces = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))
    for face in (*faces, *faces):
        image = read_picture(openface_data / "samples" / face["image"])
        assert_same(fitter.fit(image, float32(face["bbox"])), face["runs"][run])


def test_recorded_detections_come_out_bit_for_bit(
    bridge: Any, recorded_kernel: None, openface_data: Path
) -> None:
    detector = bridge.FaceDetector(str(openface_data / DETECTOR))
    for face in json.loads((openface_data / "golden" / "results.json").read_text("utf-8")):
        boxes, confidences = detector.detect(
            read_picture(openface_data / "samples" / face["image"])
        )
        found = {
            box.tobytes(): confidence for box, confidence in zip(boxes, confidences, strict=True)
        }
        assert found[float32(face["bbox"]).tobytes()] == float32(face["mtcnn_confidence"])
    assert len(detector.detect(np.zeros((59, 200, 3), np.uint8))[0]) == 0


@pytest.mark.parametrize(
    ("recording", "options"),
    [
        ("sequence_template", {}),
        ("sequence_template_parts_validated", {"refine_parts": True, "validate": True}),
    ],
)
def test_recorded_sequences_come_out_bit_for_bit(
    bridge: Any, recorded_kernel: None, openface_data: Path, recording: str, options: dict[str, Any]
) -> None:
    model = openface_data / "model" / "main_clnf_general.txt"
    settings = bridge.Settings(use_face_template=True, **options)
    tracker = bridge.Tracker(str(model), str(openface_data / DETECTOR), settings)
    frames = sorted((openface_data / "samples" / "sequence").iterdir())
    recorded = json.loads((openface_data / "golden" / f"{recording}.json").read_text("utf-8"))
    for path, frame in zip(frames, recorded, strict=True):
        assert_same(tracker.track(read_picture(path)), frame)


def test_parts_and_validator(models: Callable[[str], Any], openface_data: Path) -> None:
    model = models("parts")
    assert model.parts == ["inner", "left_eye_28", "right_eye_28"]
    inner = model.part("inner")
    assert (inner.n_landmarks, inner.n_modes, inner.n_scales) == (51, 32, 1)
    assert model.settings_of_part("inner").window_sizes == [9]
    with pytest.raises(ValueError, match="'nose'"):
        model.part("nose")
    image = read_picture(openface_data / "samples" / "sample4.jpg")
    upright = np.zeros(3, np.float32)
    good = model.shape_2d(float32([1, 0, 0, 0, 200, 200]), np.zeros(34, np.float32))
    assert 0 <= model.validate(image, upright, good) <= 1


# ---- On a small model of our own ----


def test_what_the_process_computes_with(bridge: Any) -> None:
    system = bridge.system()
    assert system["blas_kernel"]
    assert system["blas_threads"] >= 1
    assert system["opencv"][0] in "34"


def test_shapes_of_everything(small: Any, blobs: tuple[Any, Any]) -> None:
    n, m = small.n_landmarks, small.n_modes
    global_, local = float32([1, 0, 0, 0, 100, 100]), np.zeros(m, np.float32)
    assert small.mean_shape.shape == small.shape_3d(local).shape == (3, n)
    assert small.components.shape == (3 * n, m)
    assert small.eigenvalues.shape == small.clamped(local).shape == (m,)
    assert small.jacobian(global_, local, rigid=True).shape == (2 * n, 6)
    assert small.jacobian(global_, local, rigid=False).shape == (2 * n, 6 + m)
    responses = small.responses(blobs[0], global_, local, 9, 1)
    assert responses.response_maps.shape == (n, 9, 9)
    assert responses.areas_of_interest.shape == (n, 19, 19)
    assert small.visibility(1, responses.view).shape == (n,)
    assert small.view_centers(0).shape == (2, 3)
    similarity = small.similarity(global_, local, 1)
    assert np.array_equal(similarity[0], responses.image_to_reference)
    assert np.array_equal(similarity[1], responses.reference_to_image)


def test_arrays_are_laid_out_as_promised(
    bridge: Any, small: Any, small_model: Path, blobs: tuple[Any, Any]
) -> None:
    """C-contiguous, each element its own: once, the first element came repeated, at stride 0."""
    image, box = blobs
    global_ = small.parameters_from_box(box)
    local = np.sqrt(small.eigenvalues)
    outcome = small.fit(image, box, bridge.Settings())
    rectangle = small.bounding_box(global_, local)
    arrays = [
        *(global_, rectangle, small.mean_shape, small.components, small.eigenvalues),
        *(small.shape_2d(global_, local), small.shape_3d(local), small.clamped(local)),
        *(small.jacobian(global_, local, rigid=False), *small.similarity(global_, local, 0)),
        *small.updated(global_, local, np.ones(6 + small.n_modes, np.float32)),
        *(outcome["landmarks"], outcome["params_global"], outcome["params_local"]),
        small.responses(image, global_, local, 11, 0).response_maps,
    ]
    for array in arrays:
        assert array.dtype == np.float32
        assert array.flags.c_contiguous, array.strides
        assert array.flags.owndata
    pdm = create_backend("numpy-exact", small_model).detector.pdm
    expected = pdm.parameters_from_box(box)
    assert np.allclose(global_, expected.global_, rtol=1e-5)
    shape = small.shape_2d(global_, local)
    assert np.allclose(rectangle[:2], shape.min(axis=0), atol=1e-3)
    assert np.allclose(rectangle[2:], np.ptp(shape, axis=0), atol=1e-3)


def test_parameters_come_back_from_their_landmarks(small: Any) -> None:
    global_ = float32([1.3, 0.2, -0.3, 0.1, 150, 120])
    local = 0.5 * np.sqrt(small.eigenvalues)
    shape = small.shape_2d(global_, local)
    found = small.shape_2d(*small.parameters_from_landmarks(shape))
    assert np.abs(found - shape).max() < 0.5
    low, high = shape.min(axis=0), shape.max(axis=0)
    assert np.allclose(small.bounding_box(global_, local), [*low, *(high - low)])


@pytest.mark.parametrize("options", [{}, {"multi_view": True, "weight_factor": 2.5}])
def test_a_fitter_remembers_no_face(
    bridge: Any, small: Any, small_model: Path, blobs: tuple[Any, Any], options: dict[str, Any]
) -> None:
    image, box = blobs
    settings = bridge.Settings(**options)
    fitter = bridge.ImageFitter(str(small_model), settings)
    coloured = np.ascontiguousarray(np.stack((image, image // 2, 255 - image), axis=2))
    for picture in (image, coloured, image[::-1].copy(), image):
        found, expected = fitter.fit(picture, box), small.fit_in_image(picture, box, settings)
        for name in ("landmarks", "params_global", "params_local"):
            assert found[name].tobytes() == expected[name].tobytes(), name
        assert {found[k] == expected[k] for k in ("likelihood", "success", "view")} == {True}


def test_one_iteration_is_a_phase_of_one(bridge: Any, small: Any, blobs: tuple[Any, Any]) -> None:
    local = np.zeros(small.n_modes, np.float32)
    global_ = small.parameters_from_box(blobs[1])
    responses = small.responses(blobs[0], global_, local, 11, 0)
    plan = small.plan(bridge.Settings(), 0)
    small.reset()
    step = small.iterate(responses, plan, global_, local, rigid=False)
    phase = small.phase(responses, plan, global_, local, rigid=False, max_iterations=1)
    assert np.array_equal(step.params_global_out, phase[0])
    assert np.array_equal(step.params_local_out, phase[1])
    assert step.likelihood == phase[2]
    made = bridge.Responses(
        small,
        scale=0,
        view=responses.view,
        base_shape=responses.base_shape,
        image_to_reference=responses.image_to_reference,
        reference_to_image=responses.reference_to_image,
        response_maps=responses.response_maps,
    )
    same = small.iterate(made, plan, global_, local, rigid=False)
    assert np.array_equal(same.change, step.change)
    shift = small.mean_shift(
        responses.response_maps, step.offsets, sigma=plan.sigma, scale=0, view=responses.view
    )
    assert np.array_equal(shift, step.mean_shift)
    assert np.array_equal(small.map_offsets(responses, step.shape), step.offsets)


def test_positions_that_are_not_finite(bridge: Any, small: Any, blobs: tuple[Any, Any]) -> None:
    local = np.zeros(small.n_modes, np.float32)
    responses = small.responses(blobs[0], GLOBAL, local, 11, 0)
    plan = small.plan(bridge.Settings(), 0)
    huge = float32([3e38, 0, 0, 0, 0, 0])
    with pytest.raises(RuntimeError, match="not finite"):
        small.iterate(responses, plan, huge, local, rigid=True)
    with pytest.raises(RuntimeError, match="not finite"):
        small.phase(responses, plan, huge, local, rigid=True, max_iterations=2)


GLOBAL = float32([1, 0, 0, 0, 100, 100])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(6), "params_global: must be float32"),
        (np.zeros(5, np.float32), r"params_global: expected shape \(6,\), got \(5,\)"),
        (np.zeros((6, 1), np.float32), r"params_global: expected shape \(6,\), got \(6, 1\)"),
        (np.zeros(12, np.float32)[::2], "params_global: must be C-contiguous"),
        (float32([np.nan, 0, 0, 0, 0, 0]), "params_global: must be finite"),
        (float32([1, 0, 0, 0, np.inf, 0]), "params_global: must be finite"),
    ],
)
def test_arrays_are_checked(small: Any, array: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small.shape_2d(array, np.zeros(small.n_modes, np.float32))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((0, 0), np.uint8), "image: is empty"),
        (np.zeros((0, 5, 3), np.uint8), "image: is empty"),
        (np.zeros((5, 5)), "image: must be uint8"),
        (np.zeros((5, 5, 4), np.uint8), r"image: expected shape \(H, W\) or \(H, W, 3\)"),
        (np.zeros((10, 10), np.uint8)[::2], "image: must be C-contiguous"),
    ],
)
def test_pictures_are_checked(
    bridge: Any, small: Any, small_model: Path, image: Any, message: str
) -> None:
    box = float32([1, 1, 50, 50])
    for fit in (small.fit, small.fit_in_image):
        with pytest.raises(ValueError, match=message):
            fit(image, box, bridge.Settings())
    with pytest.raises(ValueError, match=message):
        bridge.ImageFitter(str(small_model), bridge.Settings()).fit(image, box)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([np.nan, 0, 50, 50], "box: must be finite"),
        ([0, 0, 0, 50], "box: width and height must be positive"),
        ([0, 0, -5, 50], "box: width and height must be positive"),
        ([0, 0, 1e9, 50], "box: no coordinate may exceed"),
        ([0, 0, 50], r"box: expected shape \(4,\)"),
    ],
)
def test_boxes_are_checked(
    bridge: Any, small: Any, small_model: Path, box: list[float], message: str
) -> None:
    image = np.zeros((80, 80), np.uint8)
    for fit in (small.fit, small.fit_in_image):
        with pytest.raises(ValueError, match=message):
            fit(image, float32(box), bridge.Settings())
    with pytest.raises(ValueError, match=message):
        bridge.ImageFitter(str(small_model), bridge.Settings()).fit(image, float32(box))


def test_numbers_are_checked(
    bridge: Any, small: Any, small_model: Path, blobs: tuple[Any, Any]
) -> None:
    local = np.zeros(small.n_modes, np.float32)
    with pytest.raises(ValueError, match="scale: expected 0 to 2, got 3"):
        small.view_index(GLOBAL, 3)
    with pytest.raises(ValueError, match="scale: expected 0 to 2, got -1"):
        small.responses(blobs[0], GLOBAL, local, 11, -1)
    with pytest.raises(ValueError, match="window_size: expected an odd number"):
        small.responses(blobs[0], GLOBAL, local, 10, 0)
    with pytest.raises(ValueError, match="window_size"):
        bridge.Settings(window_sizes=[65])
    with pytest.raises(ValueError, match="sigma"):
        bridge.Settings(sigma=float("nan"))
    with pytest.raises(ValueError, match="no scale of this model has a window"):
        small.fit(*blobs, bridge.Settings(window_sizes=[0, 0, 0, 11]))
    with pytest.raises(ValueError, match="no scale of this model has a window"):
        bridge.ImageFitter(str(small_model), bridge.Settings(window_sizes=[0, 0, 0, 11]))
    with pytest.raises(ValueError, match="this model has no validator"):
        small.fit(*blobs, bridge.Settings(validate=True))
    maps = np.ones((small.n_landmarks, 11, 11), np.float32)
    offsets = np.full((small.n_landmarks, 2), np.nan, np.float32)
    with pytest.raises(ValueError, match="offsets: must be finite"):
        small.mean_shift(maps, offsets, sigma=1.5, scale=0, view=0)


def test_models_that_cannot_be_read(bridge: Any, small_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="expected a file"):
        bridge.Model(str(tmp_path / "missing.txt"))
    with pytest.raises(ModelFileError):
        bridge.Model(str(small_model.parent / "pdms" / "pdm.txt"))
    with pytest.raises(ModelFileError):
        bridge.FaceDetector(str(small_model))
    with pytest.raises(ModelFileError):
        bridge.Tracker(str(small_model), str(tmp_path / "missing.txt"), bridge.Settings())


def test_what_openface_prints_is_logged(
    bridge: Any,
    small_model: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.INFO, "openface_bridge.openface"):
        bridge.Model(str(small_model))
    assert any("Reading the PDM module" in message for message in caplog.messages)
    assert capfd.readouterr().out == ""


def test_two_threads_fit_two_models(
    bridge: Any, small: Any, small_model: Path, blobs: tuple[Any, Any]
) -> None:
    expected = small.fit(*blobs, bridge.Settings())["landmarks"]
    found: list[Any] = []

    def fit() -> None:
        model = bridge.Model(str(small_model))
        found.extend(model.fit(*blobs, bridge.Settings())["landmarks"] for _ in range(5))

    threads = [threading.Thread(target=fit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 10
    assert all(np.array_equal(landmarks, expected) for landmarks in found)


def test_threads_share_a_model(bridge: Any, small: Any, blobs: tuple[Any, Any]) -> None:
    expected = small.fit(*blobs, bridge.Settings())["landmarks"]
    found: list[Any] = []

    def fit() -> None:
        found.extend(small.fit(*blobs, bridge.Settings())["landmarks"] for _ in range(5))

    threads = [threading.Thread(target=fit) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(landmarks, expected) for landmarks in found)


def stub_names() -> dict[str, set[str]]:
    """Return the public names of the stub: functions and classes, and the classes' members."""
    tree = ast.parse(STUB.read_text("utf-8"))
    found: dict[str, set[str]] = {"": set()}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[""].add(node.name)
        if isinstance(node, ast.ClassDef) and "TypedDict" not in map(ast.unparse, node.bases):
            members = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
            found[node.name] = {name for name in members if name != "__init__"}
    return found


def test_the_bridge_is_found_in_a_clone(bridge: Any) -> None:
    """There the sources come before the installed package."""
    code = "from openface_bridge import native; print(native.__file__, native.native().__file__)"
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=STUB.parents[1], capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    sources, extension = finished.stdout.split()
    assert Path(sources).parent == STUB.parent
    assert Path(extension).samefile(bridge.__file__)


def test_the_stub_mirrors_the_module(bridge: Any) -> None:
    stub = stub_names()
    public = {name for name in vars(bridge) if not name.startswith("_")}
    assert public == stub.pop("") | set(stub)
    for name, members in stub.items():
        own = {member for member in vars(getattr(bridge, name)) if not member.startswith("_")}
        assert own == members, name
