"""Faces that OpenFace finds as it runs, and those of pyclnf."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.networks import (
    output_layers,
    proposal_layers,
    refinement_layers,
    write_face_detector,
)

from openface_bridge.pictures import read_picture
from pyclnf.backends import is_available
from pyclnf.detection import MTCNN

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "data" / "pictures"
BACKENDS = ("numpy", "numpy-exact", "cython")


def assert_same_faces(theirs: Any, detector: MTCNN, picture: np.ndarray) -> int:
    """Compare the faces in one picture; return how many there are."""
    boxes, confidences = theirs.detect(picture)
    found = detector.detect(picture)
    if detector.backend == "numpy":
        np.testing.assert_allclose(found.boxes, boxes, rtol=0, atol=0.01)
        np.testing.assert_allclose(found.confidences, confidences, rtol=0, atol=1e-5)
    else:
        np.testing.assert_array_equal(found.boxes, boxes)
        np.testing.assert_array_equal(found.confidences, confidences)
    return len(found)


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest, recorded_kernel: None) -> str:
    name: str = request.param
    if not is_available(name):
        pytest.skip(f"backend {name} is not built")
    return name


@pytest.fixture(scope="module")
def pair(bridge: Any, backend: str, openface_data: Path) -> tuple[Any, MTCNN]:
    """OpenFace's detector and ours, on its own networks."""
    path = openface_data / "model" / "mtcnn_detector" / "MTCNN_detector.txt"
    return bridge.FaceDetector(str(path)), MTCNN(path, backend)


def test_sample_pictures(pair: tuple[Any, MTCNN], openface_data: Path):
    assert_same_faces_in_all(pair, openface_data / "samples", "*.jpg")


def test_a_video(pair: tuple[Any, MTCNN], openface_data: Path):
    assert_same_faces_in_all(pair, openface_data / "samples" / "sequence", "*.jpg")


def test_embedded_pictures(pair: tuple[Any, MTCNN]):
    assert_same_faces_in_all(pair, FIXTURES, "*.png")


def assert_same_faces_in_all(pair: tuple[Any, MTCNN], folder: Path, names: str) -> None:
    """Compare the faces in the pictures of a folder; in some of them where that takes long."""
    pictures = sorted(folder.glob(names))
    some = pictures if pair[1].backend == "cython" else pictures[:: len(pictures) // 3]
    faces = sum(assert_same_faces(*pair, read_picture(path)) for path in some)
    assert faces > len(some) / 2


def test_grey_pictures(pair: tuple[Any, MTCNN], openface_data: Path):
    picture = read_picture(openface_data / "samples" / "sample1.jpg")
    assert assert_same_faces(*pair, np.ascontiguousarray(picture[:, :, 1])) > 0


def test_many_faces(pair: tuple[Any, MTCNN], openface_data: Path):
    names = ("sample1", "sample3")
    tiles = [read_picture(openface_data / "samples" / f"{name}.jpg") for name in names]
    small = [tile[::2, ::2] for tile in tiles]
    picture = np.vstack([np.hstack(small), np.hstack(small[::-1])])
    assert assert_same_faces(*pair, np.ascontiguousarray(picture)) >= 4


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(bridge: Any, backend: str, tmp_path: Path, seed: int):
    layers = (proposal_layers(seed), refinement_layers(seed), output_layers(seed))
    path = write_face_detector(tmp_path, *layers)
    theirs, ours = bridge.FaceDetector(str(path)), MTCNN(path, backend)
    rng = np.random.default_rng(seed)
    for shape in ((60, 60), (61, 97), (150, 83)):
        coarse = rng.integers(0, 256, (shape[0] // 4 + 1, shape[1] // 4 + 1, 3), np.uint8)
        picture = coarse.repeat(4, axis=0).repeat(4, axis=1)[: shape[0], : shape[1]]
        assert_same_faces(theirs, ours, np.ascontiguousarray(picture))
