"""The detector as a user holds it, on the small model and drawn faces."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from support.faces import SHAPE, Face, draw_face, largest_distance
from support.model_files import ccnf_bytes, expert_at, small_ccnf, write_small_model

from pyclnf import CLNF, FitResult, FitSettings, ModelFileError
from pyclnf.backends import auto_order, is_available
from pyclnf.likelihood import UNEVALUATED

FACES = [draw_face(seed, scale) for seed, scale in enumerate([1.2, 0.9, 1.4, 1.1, 0.7])]
TOLERANCE = 3.0
"""px, about a pixel of the response maps. Fits start 10 to 30 px away."""


@functools.cache
def load(manifest: Path, name: str) -> CLNF:
    return CLNF(manifest, backend=name)


@pytest.fixture
def clnf(small_model: Path, backend_name: str) -> CLNF:
    return load(small_model, backend_name)


def assert_same(one: FitResult, other: FitResult) -> None:
    """Assert that two results have the same bits."""
    for name in ("landmarks", "params_global", "params_local"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.likelihood == other.likelihood
    assert (one.success, one.view, one.failure) == (other.success, other.view, other.failure)


# ---- Finding faces ----


@pytest.mark.parametrize("face", FACES)
def test_finds_the_blobs_of_a_face(clnf: CLNF, face: Face):
    result = clnf.fit(face.picture, face.box)
    assert result.success
    assert result.landmarks.shape == (12, 2)
    assert result.landmarks.dtype == np.float32
    start = clnf.fit(np.full_like(face.picture, 50), face.box)
    before = largest_distance(start.landmarks, face.landmarks)
    assert largest_distance(result.landmarks, face.landmarks) < TOLERANCE < before / 3
    assert result.likelihood > start.likelihood


def test_settings_of_the_reference(clnf: CLNF):
    for settings in (FitSettings.wild(), FitSettings.named("weighted")):
        result = clnf.fit(FACES[0].picture, FACES[0].box, settings)
        assert result.success
        assert largest_distance(result.landmarks, FACES[0].landmarks) < TOLERANCE


def test_a_box_that_is_off(clnf: CLNF):
    x, y, width, height = FACES[0].box
    box = (x + 8, y - 6, 1.1 * width, height)
    result = clnf.fit(FACES[0].picture, box)
    assert largest_distance(result.landmarks, FACES[0].landmarks) < TOLERANCE


@pytest.mark.parametrize("angles", [(0.0, -0.7, 0.0), (0.0, 0.0, 0.8), (0.4, 0.5, -0.5)])
def test_a_turned_head_needs_its_pose_to_start_from(clnf: CLNF, angles: tuple[float, float, float]):
    face = draw_face(2, angles=angles)
    nearly = tuple(0.9 * angle for angle in angles)
    result = clnf.fit(face.picture, face.box, rotation=nearly)  # type: ignore[arg-type]
    visible = slice(0, 8 if result.view else 12)
    assert largest_distance(result.landmarks[visible], face.landmarks[visible]) < TOLERANCE
    # The landmarks determine the pose less well than themselves.
    np.testing.assert_allclose(result.params_global[1:4], angles, atol=0.25)


def test_the_face_of_two_that_the_box_is_around(clnf: CLNF):
    left, right = draw_face(1, 0.8), draw_face(2, 0.8)
    both = np.concatenate([left.picture, right.picture], axis=1)
    shifted = (right.box[0] + SHAPE[1], *right.box[1:])
    for face, box, shift in [(left, left.box, 0), (right, shifted, SHAPE[1])]:
        result = clnf.fit(both, box)
        expected = face.landmarks + np.array([shift, 0])
        assert largest_distance(result.landmarks, expected) < TOLERANCE


def test_backends_agree(small_model: Path):
    for face in FACES:
        one, other = (
            load(small_model, name).fit(face.picture, face.box) for name in ("numpy", "numpy-exact")
        )
        # Sums that differ in a last bit move samples by 1/32 px, and kernels by 0.1 px.
        assert largest_distance(one.landmarks, other.landmarks) < 0.25
        assert one.likelihood == pytest.approx(other.likelihood, abs=0.02)


# ---- Pictures ----


def in_other_form(form: str, picture: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """Return the same picture in another dtype, layout or as colour."""
    forms: dict[str, Callable[[npt.NDArray[np.uint8]], npt.NDArray[Any]]] = {
        "uint16": lambda grey: grey.astype(np.uint16) << 8,
        "float32": lambda grey: (grey / 255).astype(np.float32),
        "float64": lambda grey: grey / 255.0,
        "colour": lambda grey: np.repeat(grey[:, :, None], 3, axis=2),
        "colour, float32": lambda grey: np.repeat(grey[:, :, None] / np.float32(255), 3, axis=2),
        "Fortran": lambda grey: np.asfortranarray(grey),
        "view": lambda grey: np.repeat(grey, 2, axis=1)[:, ::2],
    }
    return forms[form](picture)


@pytest.mark.parametrize(
    "form", ["uint16", "float32", "float64", "colour", "colour, float32", "Fortran", "view"]
)
def test_the_form_of_a_picture_does_not_matter(clnf: CLNF, form: str):
    face = FACES[1]
    expected = clnf.fit(face.picture, face.box)
    assert_same(clnf.fit(in_other_form(form, face.picture), face.box), expected)


def test_colours_are_read_as_blue_green_red(clnf: CLNF):
    face, rng = FACES[1], np.random.default_rng(0)
    colour = np.clip(face.picture[:, :, None] + rng.normal(0, 20, (*SHAPE, 3)), 0, 255)
    colour = np.rint(colour).astype(np.uint8)
    grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    result = clnf.fit(colour, face.box)
    assert_same(result, clnf.fit(grey, face.box))
    assert np.any(result.landmarks != clnf.fit(colour[:, :, ::-1], face.box).landmarks)


def test_a_fit_leaves_its_arguments_alone(clnf: CLNF):
    for form in ("uint16", "float64", "colour"):
        picture = in_other_form(form, FACES[0].picture)
        kept, box = picture.copy(), np.array(FACES[0].box)
        picture.setflags(write=False)
        box.setflags(write=False)
        clnf.fit(picture, box)
        np.testing.assert_array_equal(picture, kept)
        np.testing.assert_array_equal(box, FACES[0].box)


@pytest.mark.parametrize("level", [0, 50, 128, 255])
def test_a_flat_picture(clnf: CLNF, level: int):
    result = clnf.fit(np.full(SHAPE, level, np.uint8), FACES[0].box)
    assert np.isfinite(result.landmarks).all()
    assert np.isfinite(result.likelihood)
    assert result.success


@pytest.mark.parametrize("seed", range(4))
def test_heavy_noise(clnf: CLNF, seed: int):
    noise = np.random.default_rng(seed).integers(0, 256, (*SHAPE, 3), np.uint8)
    result = clnf.fit(noise, FACES[0].box, FitSettings.wild())
    assert np.isfinite(result.landmarks).all()
    assert np.isfinite(result.params_global).all()
    limits = 3.001 * np.sqrt([400, 220, 121, 66.55])
    assert np.all(abs(result.params_local) <= limits)


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ((1, 1), (0, 0, 1, 1)),
        ((1, 1), (-50, -50, 100, 100)),
        ((3, 200), (50, -70, 100, 150)),
        (SHAPE, (-90, -80, 150, 150)),
        (SHAPE, (299, 259, 150, 150)),
        (SHAPE, (0, 0, 1e-30, 1e-30)),
        (SHAPE, (0, 0, 1e-19, 1e-19)),
        (SHAPE, (0, 0, 1e-6, 200)),
        (SHAPE, (-1e5, -1e5, 1e6, 1e6)),
    ],
)
def test_odd_pictures_and_boxes(
    clnf: CLNF, shape: tuple[int, int], box: tuple[float, float, float, float]
):
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    result = clnf.fit(picture, box, FitSettings(max_iterations=2))
    assert np.isfinite(result.landmarks).all()
    assert np.isfinite(result.params_global).all()
    assert result.success == (result.params_global[0] >= 0.25)
    assert bool(result.failure) != result.success


def test_a_face_that_is_too_small(clnf: CLNF):
    face = draw_face(1, 0.2)
    result = clnf.fit(face.picture, face.box)
    assert not result.success
    assert "too small" in result.failure
    assert np.isfinite(result.landmarks).all()


# ---- Repeated and parallel ----


def test_fits_do_not_depend_on_those_before(clnf: CLNF, small_model: Path, backend_name: str):
    fresh = CLNF(small_model, backend=backend_name)
    face = FACES[2]
    expected = fresh.fit(face.picture, face.box)
    clnf.fit(FACES[0].picture, FACES[0].box, FitSettings.wild())
    for _ in range(2):
        assert_same(clnf.fit(face.picture, face.box), expected)


def test_threads_within_a_fit(clnf: CLNF):
    face = FACES[1]
    expected = clnf.fit(face.picture, face.box)
    for threads in (1, 2, 3, None):
        assert_same(clnf.fit(face.picture, face.box, threads=threads), expected)


@pytest.mark.parametrize("threads", [0, -1, 1.5, True])
def test_threads_that_cannot_be(clnf: CLNF, threads: Any):
    with pytest.raises(ValueError, match="threads: expected a positive number or None"):
        clnf.fit(FACES[1].picture, FACES[1].box, threads=threads)


def test_threads_share_a_detector(small_model: Path, backend_name: str):
    one_by_one, shared = (CLNF(small_model, backend=backend_name) for _ in range(2))
    expected = [one_by_one.fit(face.picture, face.box) for face in FACES]
    # The threads meet an unprepared detector: Sigma and kernels are made while they run.
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda face: shared.fit(face.picture, face.box), FACES * 2))
    for result, alone in zip(found, expected * 2, strict=True):
        assert_same(result, alone)


# ---- Arguments ----


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"image": np.zeros((0, 3), np.uint8)}, "image"),
        ({"image": np.zeros((9, 9), np.int32)}, "image"),
        ({"image": np.full((9, 9), np.nan)}, "image"),
        ({"bbox": (1, 2, 3)}, "bbox"),
        ({"bbox": (900, 900, 20, 20)}, "bbox"),
        ({"bbox": (1, 2, -3, 4)}, "bbox"),
        ({"rotation": (0, np.nan, 0)}, "rotation"),
        ({"rotation": (0, 0)}, "rotation"),
        ({"rotation": (0, 0, 3.2)}, "rotation"),
        ({"rotation": "abc"}, "rotation"),
        ({"rotation": 0.5}, "rotation"),
        ({"settings": "wild"}, "settings"),
        ({"settings": FitSettings(window_sizes=(0, 0, 11))}, "settings"),
    ],
)
def test_errors_name_the_argument(clnf: CLNF, arguments: dict[str, Any], name: str):
    usual = {"image": FACES[0].picture, "bbox": FACES[0].box}
    with pytest.raises(ValueError, match=f"^{name}: "):
        clnf.fit(**{**usual, **arguments})


# ---- Models ----


def test_what_a_detector_tells_about_itself(clnf: CLNF, backend_name: str):
    assert (clnf.n_landmarks, clnf.n_modes) == (12, 4)
    assert clnf.backend == backend_name


def test_auto_tells_what_it_chose(small_model: Path):
    there = [name for name in auto_order() if is_available(name)]
    assert CLNF(small_model).backend == CLNF(small_model, backend="auto").backend == there[0]
    assert CLNF(str(small_model)).n_landmarks == 12


def test_unknown_backend(small_model: Path):
    with pytest.raises(ValueError, match=r"'abacus'; choose one of auto, .*cython, numpy"):
        CLNF(small_model, backend="abacus")


def test_missing_model(tmp_path: Path, backend_name: str):
    with pytest.raises(ModelFileError, match=r"nowhere\.txt: expected a file"):
        CLNF(tmp_path / "nowhere.txt", backend=backend_name)


def test_missing_model_file(tmp_path: Path):
    manifest = write_small_model(tmp_path)
    (tmp_path / "patch_experts" / "ccnf_0.35.txt").unlink()
    with pytest.raises(ModelFileError, match=r"ccnf_0\.35\.txt"):
        CLNF(manifest)


def with_hidden_view(folder: Path) -> Path:
    """Write a model in whose second view no landmark is visible."""
    manifest = write_small_model(folder)
    for scale in (0.25, 0.35):
        patches = small_ccnf(scale)
        hidden = patches.visibility.copy()
        hidden[1] = False
        nobody = (None,) * 12
        changed = type(patches)(
            patches.scale,
            patches.view_centers,
            hidden,
            patches.sigma_components,
            (patches.experts[0], nobody),
        )
        (folder / "patch_experts" / f"ccnf_{scale:.2f}.txt").write_bytes(ccnf_bytes(changed))
    return manifest


def test_a_view_in_which_nothing_is_visible(tmp_path: Path, backend_name: str):
    clnf = CLNF(with_hidden_view(tmp_path), backend=backend_name)
    turned = draw_face(2, angles=(0.0, -0.5, 0.0))
    result = clnf.fit(turned.picture, turned.box, rotation=(0.0, -0.5, 0.0))
    assert result.view == 1
    assert np.isfinite(result.landmarks).all()
    assert not result.success
    assert "no landmark is visible in view 1 of scale 0" in result.failure
    assert result.likelihood == UNEVALUATED
    seen = clnf.fit(FACES[0].picture, FACES[0].box)
    assert largest_distance(seen.landmarks, FACES[0].landmarks) < TOLERANCE


@pytest.mark.parametrize("alpha", [0.0, -5.0])
def test_experts_without_a_sigma_fail_a_fit(tmp_path: Path, backend_name: str, alpha: float):
    manifest = write_small_model(tmp_path, scales=(0.25,), n_betas=1)
    patches = small_ccnf(0.25, n_betas=1)
    expert = expert_at(patches)
    expert.alphas.setflags(write=True)
    expert.alphas[:], expert.betas[:] = alpha, 0
    (tmp_path / "patch_experts" / "ccnf_0.25.txt").write_bytes(ccnf_bytes(patches))
    clnf = CLNF(manifest, backend=backend_name)
    for settings in (FitSettings(), FitSettings(window_sizes=(5,))):
        result = clnf.fit(FACES[0].picture, FACES[0].box, settings)
        assert np.isfinite(result.landmarks).all()
        assert not result.success


def test_fits_leave_no_memory_behind(small_model: Path, backend_name: str):
    if backend_name == "cuda":
        pytest.skip("its memory is the device's: tests/pyclnf/backends/cuda/test_batch.py")
    clnf, face = CLNF(small_model, backend=backend_name), draw_face(0)

    def fit_some() -> tuple[int, int]:
        for _ in range(8):
            clnf.fit(face.picture, face.box)
        gc.collect()
        return tracemalloc.get_traced_memory()

    clnf.fit(face.picture, face.box)  # whatever is kept is made now
    tracemalloc.start()
    try:
        before, _ = fit_some()
        after, peak = fit_some()
    finally:
        tracemalloc.stop()
    assert after - before < 500
    if backend_name == "cython":  # pictures and results; what kernels work in is kept
        assert peak - before < 20 * face.picture.size


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copies_are_what_was_given(
    clnf: CLNF, copied: Callable[[CLNF], CLNF], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    expected = clnf.fit(FACES[0].picture, FACES[0].box)
    monkeypatch.chdir(tmp_path)
    other = copied(clnf)
    assert other is not clnf
    assert (other.backend, other.manifest) == (clnf.backend, clnf.manifest)
    assert_same(other.fit(FACES[0].picture, FACES[0].box), expected)


def test_a_copy_keeps_the_cache(small_model: Path, tmp_path: Path):
    clnf = CLNF(small_model, backend="numpy", cache=tmp_path)
    pickle.loads(pickle.dumps(clnf)).prepare()
    assert list(tmp_path.iterdir())


@pytest.mark.parametrize("picture", [None, "face.jpg", Path("face.jpg")])
def test_pictures_that_nobody_has_read(clnf: CLNF, picture: Any):
    with pytest.raises(ValueError, match=r"image: .*read the picture first"):
        clnf.fit(picture, FACES[0].box)
