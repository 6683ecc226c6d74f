from __future__ import annotations

import functools
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from support import naive
from support.faces import PDM as DATA
from support.faces import draw_face

from pyclnf.backends import create_backend
from pyclnf.backends.base import Backend, SamplingBackend
from pyclnf.experts.area_of_interest import PaddedImage, sample_areas
from pyclnf.model import read_ccnf, read_manifest
from pyclnf.pdm import Parameters
from pyclnf.responses import Responses

FACE = draw_face(1)
IMAGE = PaddedImage.of(FACE.picture)
FRONTAL, SIDEWAYS = (0.1, -0.2, 0.15), (0.05, -0.5, -0.1)


@functools.cache
def load(name: str, manifest: Path) -> Backend:
    return create_backend(name, manifest)


@pytest.fixture
def backend(backend_name: str, small_model: Path) -> Backend:
    return load(backend_name, small_model)


def parameters(angles: tuple[float, float, float] = FRONTAL) -> Parameters:
    local = np.array([25, -12, 8, -5], np.float32)
    return Parameters(np.array([1.2, *angles, 150, 130], np.float32), local)


def respond(
    backend: Backend,
    chosen: Parameters,
    scale: int = 1,
    window_size: int = 7,
    image: PaddedImage = IMAGE,
) -> Responses:
    return backend.responses(image, backend.detector.pdm.pose(chosen), scale, window_size)


def landmarks_of(chosen: Parameters) -> npt.NDArray[np.float64]:
    return naive.landmarks(DATA, chosen.global_, chosen.local)


@pytest.mark.parametrize(("angles", "view"), [(FRONTAL, 0), (SIDEWAYS, 1), ((0.0, 0.5, 0.0), 0)])
@pytest.mark.parametrize("scale", [0, 1])
def test_view(backend: Backend, angles: tuple[float, float, float], view: int, scale: int):
    found = respond(backend, parameters(angles), scale)
    assert found.view == view
    assert found.visible.tolist() == [True] * 8 + [view == 0] * 4
    assert (found.confidences > 0).tolist() == found.visible.tolist()


@pytest.mark.parametrize(("scale", "patch_scale"), [(0, 0.25), (1, 0.35)])
def test_similarity_leads_to_the_current_shape_upright(
    backend: Backend, scale: int, patch_scale: float
):
    chosen = parameters()
    found = respond(backend, chosen, scale)
    upright = patch_scale * naive.points_3d(DATA, chosen.local)[:, :2]
    expected = naive.similarity(landmarks_of(chosen), upright)
    np.testing.assert_allclose(found.image_to_reference, expected, atol=1e-6)
    np.testing.assert_allclose(found.reference_to_image, np.linalg.inv(expected), atol=2e-5)
    # The mean shape's would be another one.
    mean = patch_scale * naive.points_3d(DATA, 0 * chosen.local)[:, :2]
    assert abs(naive.similarity(landmarks_of(chosen), mean) - expected).max() > 1e-3


def test_maps_are_taken_around_the_landmarks(backend: Backend):
    chosen = parameters()
    found = respond(backend, chosen)
    np.testing.assert_allclose(found.base_landmarks, landmarks_of(chosen), atol=1e-4)
    expected = sample_areas(IMAGE, found.base_landmarks, found.reference_to_image, 7 + 10)
    np.testing.assert_array_equal(found.areas, expected)


@pytest.mark.parametrize("window_size", [7, 5])  # with edge features and without
def test_maps_from_areas(backend: Backend, small_model: Path, window_size: int):
    found = respond(backend, parameters(SIDEWAYS), 0, window_size)
    paths = read_manifest(small_model).detector.ccnf
    patches, last = read_ccnf(paths[0]), read_ccnf(paths[-1])
    components = last.sigma_components.get(window_size)
    for area, response, expert in zip(found.areas, found.maps, patches.experts[1], strict=True):
        if expert is None:
            assert not response.any()
            assert not area.any()
        else:
            expected = naive.response_map(area, expert, components)
            np.testing.assert_allclose(response, expected, atol=3e-5 * expected.max())


def test_shapes(backend: Backend):
    found = respond(backend, parameters(SIDEWAYS), 1, 9)
    assert found.areas.shape == (12, 19, 19)
    assert found.maps.shape == (12, 9, 9)
    assert found.maps.dtype == found.areas.dtype == found.confidences.dtype == np.float32
    assert found.maps.min() >= 0


def test_outside_the_picture(backend: Backend):
    far = Parameters(np.array([1.2, *FRONTAL, -5000, 9000], np.float32), parameters().local)
    found = respond(backend, far)
    assert not found.areas.any()
    # Nothing to see is the same everywhere, but for the map's borders.
    assert np.isfinite(found.maps).all()
    np.testing.assert_allclose(found.maps, found.maps[:, ::-1, ::-1], rtol=1e-4)


def test_backends_agree(small_model: Path):
    one, other = (
        respond(load(name, small_model), parameters()) for name in ("numpy", "numpy-exact")
    )
    np.testing.assert_array_equal(one.areas, other.areas)
    np.testing.assert_array_equal(one.image_to_reference, other.image_to_reference)
    np.testing.assert_allclose(one.maps, other.maps, atol=1e-5 * other.maps.max())
    assert np.any(one.maps != other.maps)


@pytest.mark.parametrize("angles", [FRONTAL, SIDEWAYS])
def test_maps_may_come_later(backend: Backend, angles: tuple[float, float, float]):
    if not hasattr(backend, "sampled"):
        pytest.skip(f"backend {backend.name} leaves its maps to nobody else")
    chosen = parameters(angles)
    expected = respond(backend, chosen, 1, 7)
    posed = backend.detector.pdm.pose(chosen)
    sampled = cast(SamplingBackend, backend).sampled(IMAGE, posed, 1, 7)
    visible = expected.visible
    assert sampled.areas.tobytes() == expected.areas[visible].tobytes()
    found = sampled.with_maps(expected.maps[visible])
    assert vars(found).keys() == vars(expected).keys()
    for name, value in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), value, strict=True)
