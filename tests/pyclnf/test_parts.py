"""Parts of a face: where they start, whether they are fitted, and how the face gets them back."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from support.faces import draw_face, largest_distance
from support.model_files import add_part, write_small_model
from support.whole import fit_parts

from pyclnf import CLNF, FaceFit, FitResult, FitSettings
from pyclnf.backends import create_backend, is_available
from pyclnf.backends.base import Backend
from pyclnf.fitting import fit
from pyclnf.hypotheses import ROTATIONS
from pyclnf.part_models import load_parts
from pyclnf.parts import refine

SAMPLES = ("sample1", "sample3", "sample4", "sample5")
INNER, EYE = (4, 5, 6, 7, 8, 9, 10, 11), (0, 1, 2, 3, 4, 6)
EYE_SHARED = (0, 2, 3, 6)


@pytest.fixture(scope="module")
def with_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Manifest of the small model with two parts, one of which has landmarks of its own."""
    main = write_small_model(tmp_path_factory.mktemp("with_parts"))
    add_part(main, "inner", INNER)
    add_part(main, "left_eye_28", EYE, EYE_SHARED, scales=(0.35, 0.5))
    return main


def same_fit(one: FitResult, other: FitResult) -> bool:
    return (
        one.landmarks.tobytes() == other.landmarks.tobytes()
        and one.params_global.tobytes() == other.params_global.tobytes()
        and one.params_local.tobytes() == other.params_local.tobytes()
        and (one.likelihood, one.success, one.view) == (other.likelihood, other.success, other.view)
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_face_with_its_parts(with_parts: Path, backend_name: str, seed: int):
    clnf, face = CLNF(with_parts, backend=backend_name), draw_face(seed)
    alone = clnf.fit(face.picture, face.box)
    whole = fit_parts(clnf, face.picture, face.box)
    assert whole.refined
    assert list(whole.parts) == list(clnf.part_names) == ["inner", "left_eye_28"]
    for name, landmarks in (("inner", INNER), ("left_eye_28", EYE)):
        part = whole.parts[name]
        assert (part.fitted, part.success, part.failure) == (True, True, "")
        assert part.likelihood > -2
        assert largest_distance(part.landmarks, face.landmarks[list(landmarks)]) < 5
    assert not np.array_equal(whole.landmarks, alone.landmarks)
    assert largest_distance(whole.landmarks, face.landmarks) < 5
    assert whole.likelihood == alone.likelihood
    assert (whole.view, whole.success) == (alone.view, True)
    posed = clnf._backend.detector.pdm.shape_2d(whole.params_global, whole.params_local)
    assert posed.tobytes() == whole.landmarks.tobytes()


def drawn_face(backend: Backend, **changes: Any) -> tuple[Any, FitResult]:
    """Return a picture, and a fit of it whose fields are changed."""
    face = draw_face(4)
    image = backend.picture(face.picture)
    box = np.array(face.box, np.float32)
    start = backend.detector.pdm.parameters_from_box(box)
    found = fit(image, box, start, FitSettings(), backend)
    return image, FitResult(**{**vars(found), **changes})


def test_a_part_starts_from_the_landmarks_that_are_paired(with_parts: Path, backend_name: str):
    backend = create_backend(backend_name, with_parts)
    eye = load_parts(backend)[1]
    image, face = drawn_face(backend)
    found = refine(image, face, backend, [eye]).parts["left_eye_28"]
    known = np.zeros((6, 2), np.float32)
    for in_part, in_face in enumerate(EYE):
        if in_face in EYE_SHARED:
            known[in_part] = face.landmarks[in_face]
    start = eye.backend.parameters_from_landmarks(known)
    expected = fit(image, np.array((0, 0, 9, 9), np.float32), start, eye.settings, eye.backend)
    assert same_fit(found, expected)


def test_later_parts_prevail(with_parts: Path, backend_name: str):
    """Landmarks 4 and 6 belong to both: the face's parameters are those of the later part's."""
    backend = create_backend(backend_name, with_parts)
    parts = load_parts(backend)
    image, face = drawn_face(backend)
    for order in (parts, parts[::-1]):
        whole = refine(image, face, backend, order)
        landmarks = face.landmarks.copy()
        for part in order:
            for in_face, in_part in zip(part.in_face, part.in_part, strict=True):
                landmarks[in_face] = whole.parts[part.name].landmarks[in_part]
        expected = backend.parameters_from_landmarks(landmarks)
        assert whole.face.params_global.tobytes() == expected.global_.tobytes()
        assert whole.face.params_local.tobytes() == expected.local.tobytes()


@pytest.mark.parametrize(("scale", "fitted"), [(0.31, False), (0.315, False), (0.32, True)])
def test_only_large_faces_have_parts(with_parts: Path, scale: float, fitted: bool):
    """The parts' coarsest experts are of scale 0.35: 0.9 of that is 0.315."""
    backend = create_backend("numpy", with_parts)
    global_ = np.array((np.nextafter(np.float32(scale), np.float32(0)), 0, 0, 0, 9, 9), np.float32)
    image, face = drawn_face(backend, params_global=global_)
    whole = refine(image, face, backend, load_parts(backend))
    assert whole.refined is fitted
    assert {part.fitted for part in whole.parts.values()} == {fitted}
    if not fitted:
        assert whole.face is face
        inner = whole.parts["inner"]
        assert inner.failure == f"the face is too small: its scale is {scale:.3f}, at most 0.315"
        assert (inner.success, inner.likelihood) == (False, -10)
        assert largest_distance(inner.landmarks, face.landmarks[list(INNER)]) < 3


def test_parts_that_are_not_fitted_are_put_back_beside_one_that_is(tmp_path: Path):
    main = write_small_model(tmp_path)
    add_part(main, "inner", INNER, scales=(2.0,))
    add_part(main, "left_eye_28", EYE)
    backend = create_backend("numpy", main)
    image, face = drawn_face(backend)
    whole = refine(image, face, backend, load_parts(backend))
    assert [part.fitted for part in whole.parts.values()] == [False, True]
    landmarks = face.landmarks.copy()
    landmarks[list(INNER)] = whole.parts["inner"].landmarks
    landmarks[list(EYE)] = whole.parts["left_eye_28"].landmarks
    expected = backend.parameters_from_landmarks(landmarks)
    assert whole.face.params_local.tobytes() == expected.local.tobytes()


def test_landmarks_that_tell_a_part_nothing(with_parts: Path, backend_name: str):
    """A landmark whose x is exactly 0 does not count."""
    backend = create_backend(backend_name, with_parts)
    landmarks = drawn_face(backend)[1].landmarks.copy()
    landmarks[list(EYE_SHARED[1:]), 0] = 0
    image, face = drawn_face(backend, landmarks=landmarks)
    whole = refine(image, face, backend, load_parts(backend))
    lost = whole.parts["left_eye_28"]
    assert (lost.fitted, lost.success) == (False, False)
    assert lost.failure.startswith("landmarks: fewer than two are visible")
    assert np.isnan(lost.landmarks).all()
    assert whole.parts["inner"].fitted
    assert np.isfinite(whole.face.landmarks).all()


def test_a_model_without_parts(small_model: Path, backend_name: str):
    clnf, face = CLNF(small_model, backend=backend_name), draw_face(2)
    whole = fit_parts(clnf, face.picture, face.box)
    assert (clnf.part_names, dict(whole.parts), whole.refined) == ((), {}, False)
    assert same_fit(whole, clnf.fit(face.picture, face.box))


def test_settings_and_head_pose_are_the_faces(with_parts: Path):
    clnf, face = CLNF(with_parts, backend="numpy"), draw_face(1, scale=0.3)
    settings, rotation = FitSettings(weight_factor=2.5), (0.1, 0.3, 0.0)
    whole = fit_parts(clnf, face.picture, face.box, settings, rotation=rotation)
    assert not whole.refined
    assert same_fit(whole, clnf.fit(face.picture, face.box, settings, rotation=rotation))


def test_compiled_parts_are_the_exact_ones(with_parts: Path):
    if not is_available("cython"):
        pytest.skip("backend cython is not built")
    for seed in range(3):
        face = draw_face(seed)
        one, other = (
            fit_parts(CLNF(with_parts, backend=name), face.picture, face.box)
            for name in ("cython", "numpy-exact")
        )
        assert same_fit(one, other)
        assert all(same_fit(one.parts[name], other.parts[name]) for name in one.parts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bbox": (0, 0, -1, 5)}, "bbox: "),
        ({"image": np.zeros((0, 4), np.uint8)}, "image: "),
        ({"settings": "wild"}, "settings: "),
        ({"rotation": (0, 0)}, "rotation: "),
    ],
)
def test_bad_arguments(with_parts: Path, change: dict[str, Any], message: str):
    face = draw_face(0)
    with pytest.raises(ValueError, match=f"^{message}"):
        fit_parts(
            CLNF(with_parts, backend="numpy"), **{"image": face.picture, "bbox": face.box, **change}
        )


# ---- Recordings of the reference ----

Recorded = Callable[[str, str], tuple[npt.NDArray[Any], Any, dict[str, Any]]]


@pytest.fixture(scope="module")
def general(openface_data: Path) -> Callable[[str], CLNF]:
    """OpenFace's model in a backend, loaded once."""

    @cache
    def load(backend: str) -> CLNF:
        if not is_available(backend):
            pytest.skip(f"backend {backend} is not built")
        return CLNF(openface_data / "model" / "main_clnf_general.txt", backend=backend)

    return load


@pytest.fixture(scope="module")
def recorded(openface_data: Path) -> Recorded:
    """Return picture, box and the reference's outcome of a run."""
    faces = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))

    def of_face(sample: str, run: str) -> tuple[npt.NDArray[Any], Any, dict[str, Any]]:
        face = next(face for face in faces if face["image"] == f"{sample}.jpg")
        picture = cv2.imread(str(openface_data / "samples" / face["image"]))
        assert picture is not None
        return picture, face["bbox"], face["runs"][run]

    return of_face


def assert_recorded(found: FitResult, expected: dict[str, Any]) -> None:
    """Compare every number that was recorded with all its digits."""
    landmarks = np.array(expected["landmarks"], np.float32).reshape(2, -1).T
    np.testing.assert_array_equal(found.landmarks, landmarks)
    for name in ("params_global", "params_local"):
        np.testing.assert_array_equal(getattr(found, name), np.array(expected[name], np.float32))


def assert_whole(found: FaceFit, expected: dict[str, Any]) -> None:
    assert list(found.parts) == ["inner", "left_eye_28", "right_eye_28"]
    assert all(part.fitted for part in found.parts.values())
    for name, part in found.parts.items():
        assert_recorded(part, expected[f"part_{name}"])
    assert_recorded(found, expected)
    assert found.likelihood == pytest.approx(expected["likelihood"], abs=1e-8)


@pytest.mark.parametrize("backend", ["cython", "numpy-exact"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_exact_backends_give_every_recorded_bit(
    general: Callable[[str], CLNF], recorded: Recorded, sample: str, backend: str
):
    picture, box, expected = recorded(sample, "parts")
    assert_whole(fit_parts(general(backend), picture, box), expected)


@pytest.mark.parametrize("sample", SAMPLES)
def test_parts_of_the_likeliest_of_eleven_poses(
    general: Callable[[str], CLNF], recorded: Recorded, sample: str
):
    picture, box, expected = recorded(sample, "multi_view_parts_validated")
    clnf = general("cython")
    chosen = ROTATIONS[clnf.fit_hypotheses(picture, box).chosen]
    assert_whole(fit_parts(clnf, picture, box, rotation=chosen), expected)


@pytest.mark.parametrize("sample", SAMPLES)
def test_rounding_once_stays_close(
    general: Callable[[str], CLNF], recorded: Recorded, sample: str, openface_data: Path
):
    picture, box, expected = recorded(sample, "parts")
    found = fit_parts(general("numpy"), picture, box)
    reference = np.array(expected["landmarks"], np.float32).reshape(2, -1).T
    with np.load(openface_data / "golden" / "noise_floor.npz") as archive:
        alone = np.array(recorded(sample, "default")[2]["landmarks"], np.float32)
        reruns = [*archive[f"{sample}.default.blas"], *archive[f"{sample}.default.ulp"]]
    floor = max(largest_distance(rerun, alone.reshape(2, -1).T) for rerun in reruns)
    assert largest_distance(found.landmarks, reference) <= 2 * floor + 0.005
