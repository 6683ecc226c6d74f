"""OpenFace's validator and pyclnf's: view, warp, every layer, certainty."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.model_files import small_pdm, write_small_model
from support.validators import add_validator, small_validator

from openface_bridge.pictures import read_picture
from pyclnf.backends import is_available
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey
from pyclnf.model import ValidatorData, read_validator
from pyclnf.model.validator_network import Activation, Kind
from pyclnf.typing import ByteArray, Float32Array
from pyclnf.validation import Validator
from pyclnf.validation.convolutions import convolutions
from pyclnf.validation.network import step_of
from pyclnf.validation.warp import PiecewiseAffineWarp

OFF = np.array(((0, 0, 0), (0.1, 3, 1), (0.3, 15, 4), (0.3, 90, 15)), np.float64)
"""How far faces are off: standard deviations of log size, of place and of each landmark, px."""

EXACT = ("numpy-exact", "cython")
"""Backends whose scores are OpenFace's in every bit."""


@dataclass(frozen=True)
class Both:
    """The same validator, loaded by both; and faces: picture, landmarks, rotation."""

    openface: Any
    path: Path
    data: ValidatorData
    faces: list[tuple[ByteArray, Float32Array, Float32Array]]

    def some(self, count: int, seed: int) -> list[tuple[ByteArray, Float32Array, Float32Array]]:
        """Return faces whose landmarks and rotations are off, some by far."""
        rng = np.random.default_rng(seed)
        found = []
        for index in range(count):
            picture, landmarks, rotation = self.faces[index % len(self.faces)]
            middle = landmarks.mean(axis=0)
            size, shift, jitter = rng.choice(OFF)
            points = (landmarks - middle) * np.exp(rng.normal(0, size)) + middle
            points += rng.normal(0, shift, 2) + rng.normal(0, jitter, landmarks.shape)
            turned = rotation + rng.normal(0, 0.4, 3)
            found.append((picture, points.astype(np.float32), turned.astype(np.float32)))
        return found


@pytest.fixture(scope="module")
def own(bridge: Any, recorded_kernel: None, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A validator of our own: odd sizes, three groups of triangles, a sigmoid."""
    manifest = write_small_model(tmp_path_factory.mktemp("validated"))
    path = add_validator(manifest, small_validator())
    picture = np.random.default_rng(0).integers(0, 256, (240, 260), np.uint8)
    mean = np.ascontiguousarray(small_pdm().mean_shape.reshape(3, -1)[:2].T)
    face = (picture, mean + np.array((130, 120), np.float32), np.zeros(3, np.float32))
    return Both(bridge.Model(str(manifest)), path, read_validator(path), [face])


@pytest.fixture(scope="module")
def real(bridge: Any, recorded_kernel: None, openface_data: Path) -> Both:
    """OpenFace's own validator, and its own fits."""
    path = openface_data / "model/detection_validation/validator_cnn.txt"
    faces = []
    for face in json.loads((openface_data / "golden/results.json").read_text("utf-8")):
        run = face["runs"]["multi_view_parts_validated"]
        landmarks = np.array(run["landmarks"], np.float32).reshape(2, -1).T.copy()
        rotation = np.array(run["params_global"][1:4], np.float32)
        picture = to_grey(read_picture(openface_data / "samples" / face["image"]))
        faces.append((picture, landmarks, rotation))
    model = bridge.Model(str(openface_data / "model/main_clnf_general.txt"))
    return Both(model, path, read_validator(path), faces)


@pytest.fixture(params=["own", "real"])
def both(request: pytest.FixtureRequest) -> Both:
    found: Both = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["numpy", *EXACT])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if not is_available(name):
        pytest.skip(f"backend {name} is not built")
    return name


def test_views(both: Both) -> None:
    validator = Validator(both.data, backend="numpy")
    rotations = np.random.default_rng(0).uniform(-1.5, 1.5, (300, 3)).astype(np.float32)
    for rotation in rotations:
        assert validator.view(rotation) == both.openface.validator_view(rotation)


def test_warps_have_the_same_bits(both: Both) -> None:
    for index, (picture, landmarks, _) in enumerate(both.some(60, 1)):
        view = index % len(both.data.views)
        warp = PiecewiseAffineWarp(both.data.views[view].warp)
        expected = both.openface.validator_warp(picture, view, landmarks).T[warp.mask]
        assert warp(PaddedImage.of(picture), landmarks).tobytes() == expected.tobytes()


def test_layers_have_the_same_bits(both: Both, backend: str) -> None:
    """Each on what OpenFace's layer before gives."""
    _, prepare = convolutions(backend)
    rng = np.random.default_rng(2)
    for view, data in enumerate(both.data.views):
        maps = rng.normal(0, 1, (1, *data.warp.mask.shape)).astype(np.float32)
        maps *= data.warp.mask
        for index, layer in enumerate(data.layers):
            expected = both.openface.validator_layer(view, index, maps)
            given = maps if expected.shape[2] > 1 or len(maps) > 1 else maps.ravel()
            found = step_of(layer, prepare)(given)
            if layer == Activation(Kind.SIGMOID):
                # OpenCV's exponential scales its argument in float32: its rounding, absolute in the
                # exponent, is relative in the result.
                tolerance = 1.2e-7 * max(1.0, float(np.abs(maps).max()))
                np.testing.assert_allclose(found, expected, rtol=tolerance)
            elif backend in EXACT:
                np.testing.assert_array_equal(found.ravel(), expected.ravel())
            else:
                largest = np.abs(expected).max()
                np.testing.assert_allclose(found.ravel(), expected.ravel(), atol=1e-5 * largest)
            maps = expected


def test_certainties(both: Both, backend: str) -> None:
    validator = Validator.load(both.path, backend=backend)
    seen = set()
    for picture, landmarks, rotation in both.some(40 if backend == "numpy-exact" else 300, 3):
        expected = np.float32(both.openface.validate(picture, rotation, landmarks))
        assert np.float32(validator.check(picture, landmarks, rotation)) == expected
        seen.add(float(expected))
    assert len(seen) >= 3


@pytest.mark.parametrize("place", [(-150, 0), (-60, 40), (300, 0), (0, 400), (0, 170)])
def test_faces_that_leave_the_picture(both: Both, place: tuple[int, int]) -> None:
    validator = Validator(both.data)
    picture, landmarks, rotation = both.faces[0]
    moved = landmarks + np.array(place, np.float32)
    expected = np.float32(both.openface.validate(picture, rotation, moved))
    assert np.float32(validator.check(picture, moved, rotation)) == expected


def test_landmarks_in_one_place(both: Both) -> None:
    validator = Validator(both.data)
    picture, landmarks, rotation = both.faces[0]
    together = np.full_like(landmarks, 60)
    expected = np.float32(both.openface.validate(picture, rotation, together))
    assert np.float32(validator.check(picture, together, rotation)) == expected


def test_bad_arguments(own: Both, small: Any) -> None:
    picture, landmarks, rotation = own.faces[0]
    maps = np.zeros((1, *own.data.views[0].warp.mask.shape), np.float32)
    with pytest.raises(ValueError, match="view: must be from 0 to 2"):
        own.openface.validator_warp(picture, 3, landmarks)
    with pytest.raises(ValueError, match="view: must be"):
        own.openface.validator_layer(-1, 0, maps)
    with pytest.raises(ValueError, match="layer: must be from 0 to 8"):
        own.openface.validator_layer(0, 9, maps)
    with pytest.raises(ValueError, match="maps: not as many"):
        own.openface.validator_layer(0, 0, np.concatenate((maps, maps)))
    with pytest.raises(ValueError, match="maps: smaller than a kernel"):
        own.openface.validator_layer(0, 0, maps[:, :2])
    with pytest.raises(ValueError, match="maps: not of the size"):
        own.openface.validator_layer(0, 6, maps)
    with pytest.raises(ValueError, match="maps: there are none"):
        own.openface.validator_layer(0, 1, maps[:0])
    with pytest.raises(ValueError, match="maps: must be finite"):
        own.openface.validator_layer(0, 1, np.full_like(maps, np.nan))
    with pytest.raises(ValueError, match="no validator"):
        small.validator_view(rotation)
