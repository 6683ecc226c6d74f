"""The whole face detector, on random networks, in every backend."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.networks import connection, convolution, write_face_detector

from pyclnf import ModelFileError
from pyclnf.backends import is_available
from pyclnf.detection import MTCNN, CascadeSettings, Detections, find_boxes
from pyclnf.model.layers import Connection
from pyclnf.model.network_file import Pooling


@pytest.fixture(scope="module")
def detector(face_detector: Path, backend_name: str, lenient: CascadeSettings) -> MTCNN:
    return MTCNN(face_detector, backend_name, lenient)


@pytest.fixture(scope="module")
def expected(face_detector: Path, lenient: CascadeSettings, blotches: np.ndarray) -> Detections:
    return MTCNN(face_detector, "numpy-exact", lenient).detect(blotches)


def assert_same(found: Detections, expected: Detections) -> None:
    np.testing.assert_array_equal(found.boxes, expected.boxes)
    np.testing.assert_array_equal(found.confidences, expected.confidences)


def test_faces(detector: MTCNN, blotches: np.ndarray, expected: Detections):
    found = detector.detect(blotches)
    assert len(found) == len(expected) > 3
    assert found.boxes.dtype == found.confidences.dtype == np.float32
    assert (np.diff(found.confidences) <= 0).all()
    np.testing.assert_allclose(found.boxes, expected.boxes, rtol=0, atol=0.01)
    np.testing.assert_allclose(found.confidences, expected.confidences, rtol=0, atol=1e-5)
    largest = found.largest()
    assert largest is not None
    assert largest[2] == found.boxes[:, 2].max()


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_no_level_of_instructions_decides_a_bit(
    monkeypatch: pytest.MonkeyPatch,
    face_detector: Path,
    lenient: CascadeSettings,
    blotches: np.ndarray,
    expected: Detections,
    level: str,
):
    if not is_available("cython"):
        pytest.skip("the kernels are not built")
    from pyclnf.kernels.levels import VARIABLE, available_levels

    if level not in available_levels():
        pytest.skip(f"no {level} here")
    monkeypatch.setenv(VARIABLE, level)
    assert_same(MTCNN(face_detector, "cython", lenient).detect(blotches), expected)


def test_many_threads(detector: MTCNN, blotches: np.ndarray):
    pictures = [blotches, blotches[:70, :80]] * 2
    alone = [detector.detect(picture) for picture in pictures[:2]] * 2
    with ThreadPoolExecutor(4) as pool:
        for found, expected in zip(pool.map(detector.detect, pictures), alone, strict=True):
            assert_same(found, expected)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_any_kind_of_picture(detector: MTCNN, blotches: np.ndarray, dtype: Any):
    other = (blotches.astype(np.uint16) << 8) if dtype is np.uint16 else (blotches / dtype(255))
    assert_same(detector.detect(other.astype(dtype)), detector.detect(blotches))


def test_grey_pictures_are_colourless_ones(detector: MTCNN, blotches: np.ndarray):
    grey = blotches[:, :, 1]
    assert_same(detector.detect(grey), detector.detect(np.stack([grey] * 3, axis=2)))


def test_any_layout_in_memory(detector: MTCNN, blotches: np.ndarray):
    alone = detector.detect(blotches)
    for view in (blotches[::-1][::-1], np.asfortranarray(blotches)):
        assert_same(detector.detect(view), alone)
    kept = blotches.copy()
    kept.setflags(write=False)
    assert_same(detector.detect(kept), alone)


@pytest.mark.parametrize("shape", [(59, 500, 3), (500, 59), (1, 1), (1, 70_000, 3)])
def test_pictures_smaller_than_a_face(detector: MTCNN, shape: tuple[int, ...]):
    found = detector.detect(np.full(shape, 128, np.uint8))
    assert found.boxes.shape == (0, 4)
    assert found.confidences.shape == (0,)
    assert found.largest() is None


def test_a_picture_without_contrast(detector: MTCNN):
    assert np.isfinite(detector.detect(np.zeros((60, 300), np.uint8)).boxes).all()


@pytest.mark.parametrize("image", [np.zeros((0, 5, 3), np.uint8), np.zeros((80, 80, 4)), None])
def test_what_is_no_picture(detector: MTCNN, image: Any):
    with pytest.raises(ValueError, match=r"^image: "):
        detector.detect(image)


def test_smaller_faces(face_detector: Path, backend_name: str, blotches: np.ndarray):
    settings = CascadeSettings(smallest_face=30, thresholds=(0.55, 0.2, 0.2))
    found = MTCNN(face_detector, backend_name, settings).detect(blotches[:70, :80])
    exact = MTCNN(face_detector, "numpy-exact", settings).detect(blotches[:70, :80])
    assert len(found) == len(exact) > 0
    np.testing.assert_allclose(found.boxes, exact.boxes, rtol=0, atol=0.01)


def test_a_detector_is_a_detector(detector: MTCNN, blotches: np.ndarray):
    found = detector.detect(blotches)
    np.testing.assert_array_equal(detector(blotches), found.boxes)
    np.testing.assert_array_equal(find_boxes(detector, blotches), found.boxes)


@pytest.mark.parametrize("size", [1e3, 1e9, 3e38])
def test_networks_out_of_all_measure(
    tmp_path: Path, backend_name: str, blotches: np.ndarray, size: float
):
    # Corrections that throw boxes out of the picture, turn them inside out, or overflow.
    rng = np.random.default_rng(0)
    head = connection(rng, 4, 6)
    wild = Connection(np.sign(head.weights) * np.float32(size), head.biases)
    proposal = (convolution(rng, 3, 4, 11, 11), Pooling(2, 2, 2, 2), wild)
    detector = MTCNN(write_face_detector(tmp_path, proposal), backend_name)
    assert np.isfinite(detector.detect(blotches).boxes).all()


def test_backends(face_detector: Path):
    best = "cython" if is_available("cython") else "numpy"
    assert MTCNN(str(face_detector)).backend == best
    assert MTCNN(face_detector, "numpy-exact").backend == "numpy-exact"
    with pytest.raises(ValueError, match=r"^backend: there is none called 'other'"):
        MTCNN(face_detector, "other")


def test_missing_files(tmp_path: Path):
    with pytest.raises(ModelFileError, match="expected a file, found none"):
        MTCNN(tmp_path / "MTCNN_detector.txt")


def test_nothing_optional_is_imported():
    code = "import pyclnf.detection, sys; sys.stdout.write(' '.join(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(finished.stdout.split())
    assert "pyclnf.detection.mtcnn" in loaded
    assert loaded.isdisjoint({"cv2", "scipy", "pyclnf.kernels", "openface_bridge"})


def test_copies_are_what_was_given(
    detector: MTCNN, blotches: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for other in (copy.deepcopy(detector), pickle.loads(pickle.dumps(detector))):
        assert (other.backend, other.settings) == (detector.backend, detector.settings)
        assert_same(other.detect(blotches), detector.detect(blotches))
