"""Parts and parameters from landmarks, by OpenFace and by pyclnf: equal in every bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.faces import draw_face
from support.model_files import add_part, write_small_model
from support.whole import fit_parts

from openface_bridge.openface import native_settings
from openface_bridge.pictures import read_picture
from pyclnf import CLNF, FaceFit, FitResult, FitSettings
from pyclnf.backends import available_backends, create_backend
from pyclnf.backends.base import Backend
from pyclnf.part_models import load_parts, settings_of

NAMES = ("inner", "left_eye", "right_eye", "left_eye_28", "right_eye_28", "mouth", "brow", "nose")
EXACT = [name for name in ("numpy-exact", "cython") if name in available_backends()]
SEVERAL = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

Load = Callable[[str, str], tuple[Any, CLNF]]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Manifest of a small model with a part of every name.

    It has more than four modes, since OpenCV multiplies smaller matrices in float32.
    """
    main = write_small_model(tmp_path_factory.mktemp("own"), n_modes=5)
    for place, name in enumerate(NAMES):
        landmarks = [(place + i) % 12 for i in range(7)]
        scales = (0.35, 0.5) if place % 2 and name != "inner" else (0.5,)
        add_part(main, name, landmarks, landmarks[::2], scales)
    return main


def differences(found: FitResult, expected: Any) -> list[str]:
    names = ("landmarks", "params_global", "params_local")
    return [name for name in names if getattr(found, name).tobytes() != expected[name].tobytes()]


def assert_whole(clnf: CLNF, model: Any, image: Any, box: Any, chosen: FitSettings) -> FaceFit:
    """Compare a fit with its parts, and return pyclnf's."""
    plain = native_settings(chosen)
    native = type(plain)(
        window_sizes=plain.window_sizes,
        sigma=plain.sigma,
        reg_factor=plain.reg_factor,
        weight_factor=plain.weight_factor,
        max_iterations=plain.max_iterations,
        refine_parts=True,
    )
    expected = model.fit(image, np.array(box, np.float32), native)
    found = fit_parts(clnf, image, box, chosen)
    assert not differences(found, expected)
    assert found.success == expected["success"]
    assert found.likelihood == pytest.approx(expected["likelihood"], abs=1e-6)
    for name, part in found.parts.items():
        assert not differences(part, expected["parts"][name]), name
        assert part.likelihood == pytest.approx(expected["parts"][name]["likelihood"], abs=1e-6)
    return found


def test_settings_of_every_name(bridge: Any, own: Path) -> None:
    model = bridge.Model(str(own))
    assert model.parts == list(NAMES)
    for name in NAMES:
        expected, found = model.settings_of_part(name), settings_of(name)
        assert list(found.window_sizes) == expected.window_sizes[: len(found.window_sizes)], name
        assert len(found.window_sizes) == len(expected.window_sizes)
        for field in ("sigma", "reg_factor", "weight_factor", "max_iterations"):
            assert np.float32(getattr(found, field)) == np.float32(getattr(expected, field)), name


@pytest.mark.parametrize("backend", EXACT)
@pytest.mark.parametrize(("scale", "fitted"), [(0.28, 0), (0.38, 4), (1.2, 8)])
def test_small_faces_and_large(
    bridge: Any, recorded_kernel: None, own: Path, scale: float, fitted: int, backend: str
) -> None:
    """Faces of which no part, those with coarse experts or all are fitted."""
    clnf, model = CLNF(own, backend=backend), bridge.Model(str(own))
    for seed in range(2):
        face = draw_face(seed, scale=scale)
        found = assert_whole(clnf, model, face.picture, face.box, FitSettings())
        assert sum(part.fitted for part in found.parts.values()) == fitted


@pytest.fixture(scope="module")
def real(
    bridge: Any, recorded_kernel: None, openface_data: Path
) -> dict[str, tuple[Any, list[Backend]]]:
    """OpenFace's general model and its parts, and the same in each exact backend."""
    path = openface_data / "model" / "main_clnf_general.txt"
    model = bridge.Model(str(path))
    pairs: dict[str, tuple[Any, list[Backend]]] = {"face": (model, [])}
    pairs |= {name: (model.part(name), []) for name in model.parts}
    for name in EXACT:
        backend = create_backend(name, path)
        pairs["face"][1].append(backend)
        for part in load_parts(backend):
            pairs[part.name][1].append(part.backend)
    return pairs


@pytest.mark.parametrize("name", ["face", "inner", "left_eye_28", "right_eye_28"])
@SEVERAL
@given(data=st.data())
def test_parameters_from_landmarks(
    real: dict[str, tuple[Any, list[Backend]]], name: str, data: st.DataObject
) -> None:
    model, backends = real[name]
    landmarks = _landmarks(backends[0], data.draw(st.integers(0, 2**20)))
    expected = model.parameters_from_landmarks(landmarks)
    for backend in backends:
        found = backend.parameters_from_landmarks(landmarks)
        assert found.global_.tobytes() == expected[0].tobytes()
        assert found.local.tobytes() == expected[1].tobytes()


def _landmarks(backend: Backend, seed: int) -> npt.NDArray[np.float32]:
    """Draw noisy landmarks of any shape and pose, some of which may be invisible."""
    rng, pdm = np.random.default_rng(seed), backend.detector.pdm
    local = rng.uniform(-2, 2, pdm.n_modes) * np.sqrt(pdm.eigenvalues)
    global_ = [rng.uniform(0.3, 4), *rng.uniform(-0.7, 0.7, 3), *rng.uniform(50, 500, 2)]
    exact = pdm.shape_2d(np.array(global_, np.float32), local.astype(np.float32))
    noise = rng.normal(0, rng.choice([0.01, 1, 4]), exact.shape)
    landmarks: npt.NDArray[np.float32] = exact + noise.astype(np.float32)
    if rng.random() < 0.5:
        landmarks[rng.permutation(len(landmarks))[: rng.integers(1, len(landmarks) - 5)], 0] = 0
    return landmarks


@pytest.mark.parametrize("backend", EXACT)
@pytest.mark.parametrize("setting", ["default", "weighted", "wild"])
@pytest.mark.parametrize("sample", ["sample1", "sample3", "sample4", "sample5"])
def test_real_faces(
    bridge: Any,
    recorded_kernel: None,
    openface_data: Path,
    loaded: Load,
    sample: str,
    setting: str,
    backend: str,
) -> None:
    faces = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))
    box = next(face["bbox"] for face in faces if face["image"] == f"{sample}.jpg")
    image = read_picture(openface_data / "samples" / f"{sample}.jpg")
    model, clnf = loaded("wild" if setting == "wild" else "general", backend)
    assert_whole(clnf, model, image, box, FitSettings.named(setting))


@pytest.fixture(scope="module")
def loaded(bridge: Any, openface_data: Path) -> Load:
    """Return a function that gives a model of OpenFace's to both, loaded once."""
    models: dict[str, Any] = {}
    detectors: dict[tuple[str, str], CLNF] = {}

    def load(kind: str, backend: str) -> tuple[Any, CLNF]:
        path = openface_data / "model" / f"main_clnf_{kind}.txt"
        if kind not in models:
            models[kind] = bridge.Model(str(path))
        if (kind, backend) not in detectors:
            detectors[kind, backend] = CLNF(path, backend=backend)
        return models[kind], detectors[kind, backend]

    return load
