"""Whole fits with SVR and CEN experts, on every backend."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.expert_files import write_model_of
from support.faces import draw_face

from pyclnf import CLNF, FitSettings
from pyclnf.backends import is_available

FACE = draw_face(1)
KINDS = ("SVR", "CEN")
OPTIONS: dict[str, dict[str, Any]] = {"SVR": {}, "CEN": {"neurons": (13, 5)}}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("kinds")
    return {kind: write_model_of(kind, folder / kind, **OPTIONS[kind]) for kind in KINDS}


@pytest.fixture(params=["numpy", "numpy-exact", "cython"])
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each backend that takes experts of all kinds."""
    if not is_available(request.param):
        pytest.skip(f"backend {request.param} is not built")
    name: str = request.param
    return name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("cuda_somewhere")
def test_backend_cuda_takes_ccnf_experts_only(models: dict[str, Path], kind: str):
    with pytest.raises(ValueError, match=rf"'cuda' .* CCNF experts only, .* {kind}; choose"):
        CLNF(models[kind], backend="cuda")


@cache
def load(manifest: Path, backend: str) -> CLNF:
    return CLNF(manifest, backend=backend)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_tells_its_kind_and_who_makes_its_maps(
    models: dict[str, Path], kind: str, backend_name: str, small_model: Path
):
    clnf = load(models[kind], backend_name)
    assert (clnf.experts, clnf.backend) == (kind, backend_name)
    assert clnf.response_backend == ("numpy-exact" if backend_name == "cython" else backend_name)
    usual = load(small_model, backend_name)
    assert (usual.experts, usual.response_backend) == ("CCNF", backend_name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setting", ["default", "weighted", "wild"])
def test_fits_find_the_face(models: dict[str, Path], kind: str, setting: str, backend_name: str):
    clnf = load(models[kind], backend_name)
    found = clnf.fit(FACE.picture, FACE.box, FitSettings.named(setting))
    assert found.success
    assert np.isfinite(found.likelihood)
    pdm = clnf._backend.detector.pdm
    before = pdm.pose(pdm.parameters_from_box(np.array(FACE.box, np.float32))).landmarks
    errors = [np.linalg.norm(each - FACE.landmarks, axis=1) for each in (before, found.landmarks)]
    assert np.median(errors[1]) < 0.5 * np.median(errors[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rotation", [(0.0, 0.0, 0.0), (0.0, -0.4, 0.0), (0.0, 0.4, 0.0)])
def test_backends_agree(models: dict[str, Path], kind: str, rotation: tuple[float, float, float]):
    settings = FitSettings(weight_factor=2.5)
    exact, rounded = (
        load(models[kind], name).fit(FACE.picture, FACE.box, settings, rotation=rotation)
        for name in ("numpy-exact", "numpy")
    )
    np.testing.assert_allclose(exact.landmarks, rounded.landmarks, atol=0.02)
    assert exact.view == rounded.view
    if is_available("cython"):
        compiled = load(models[kind], "cython").fit(
            FACE.picture, FACE.box, settings, rotation=rotation
        )
        assert compiled.landmarks.tobytes() == exact.landmarks.tobytes()
        assert compiled.likelihood == exact.likelihood
