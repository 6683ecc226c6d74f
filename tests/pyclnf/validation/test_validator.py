from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.backends import Plant, made_up
from support.model_files import draw_blobs
from support.validators import reference_shape, small_validator, validator_bytes

from pyclnf import ModelFileError
from pyclnf.backends import BackendUnavailableError, choose_backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey
from pyclnf.typing import Float32Array
from pyclnf.validation import SUCCESS_BOUNDARY, Validator
from pyclnf.validation.convolution import rounded_once
from pyclnf.validation.network import Network
from pyclnf.validation.normalisation import normalised
from pyclnf.validation.validator import certainty
from pyclnf.validation.warp import PiecewiseAffineWarp

DATA = small_validator()
UPRIGHT = np.zeros(3, np.float32)
coordinates = st.one_of(
    st.floats(-300, 500, width=32), st.floats(width=32), st.just(np.float32(3e38))
)


@pytest.fixture
def validator(backend_name: str) -> Validator:
    return Validator(DATA, backend=backend_name)


def face(x: float = 110.0, y: float = 95.0, scale: float = 4.0) -> tuple[Any, Float32Array]:
    """Return a picture of a face, and its landmarks."""
    landmarks = (reference_shape(12, 0.0, 22.0) * scale + (x, y)).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 6, (200, 220))
    picture = draw_blobs(landmarks, scale / 6, (200, 220)) + noise
    return picture.clip(0, 255).round().astype(np.uint8), landmarks


def expected_scores(picture: Any, landmarks: Float32Array, view: int) -> Float32Array:
    """Return the scores without the crop, which must not matter inside the picture."""
    data = DATA.views[view]
    values = PiecewiseAffineWarp(data.warp)(PaddedImage.of(picture), landmarks)
    maps = np.zeros(data.warp.mask.T.shape, np.float32)
    maps[data.warp.mask.T] = normalised(values, data.mean, data.deviation)
    return Network(data.layers, rounded_once)(np.ascontiguousarray(maps.T))


def test_scores_of_a_face(validator: Validator):
    picture, landmarks = face(64.0, 80.0)  # whole numbers: cropping does not round
    found = validator.scores(picture, landmarks, UPRIGHT)
    assert found is not None
    expected = expected_scores(picture, landmarks, 0)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    certain = validator.check(picture, landmarks, UPRIGHT)
    assert certain == pytest.approx((7 - int(np.argmax(expected)) - 0.5) / 7)


def test_mean_and_deviation_come_column_by_column(validator: Validator):
    _, landmarks = face()
    view = DATA.views[0]
    features = np.zeros(view.warp.mask.shape, np.float32)
    pixel = 0
    height, width = view.warp.mask.shape
    for x in range(width):
        for y in range(height):
            if view.warp.mask[y, x]:
                features[y, x] = -view.mean[pixel] / view.deviation[pixel]
                pixel += 1
    expected = Network(view.layers, rounded_once)(features)
    # Of one grey value, nothing is left but what is subtracted.
    found = validator.scores(np.full((200, 220), 90, np.uint8), landmarks, UPRIGHT)
    assert found is not None
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_certainties_differ(validator: Validator):
    picture, landmarks = face()
    jitter = np.random.default_rng(2).normal(0, 25, (40, *landmarks.shape)).astype(np.float32)
    found = [validator.check(picture, points, UPRIGHT) for points in landmarks + jitter]
    assert len(set(found)) >= 3
    for value in found:
        assert 7 * value + 0.5 == pytest.approx(round(7 * value + 0.5))


@pytest.mark.parametrize(
    ("degrees", "view"), [(0, 0), (-14, 0), (-16, 1), (-80, 1), (16, 2), (14, 0), (90, 2)]
)
def test_the_nearest_view_judges(validator: Validator, degrees: float, view: int):
    picture, landmarks = face()
    rotation = np.array((0, np.radians(degrees), 0), np.float32)
    assert validator.view(rotation) == view
    found = validator.scores(picture, landmarks, rotation)
    assert found is not None
    np.testing.assert_allclose(found, expected_scores(picture, landmarks, view), atol=2e-6)


@pytest.mark.parametrize("classes", [2, 7, 30])
def test_certainty_of_each_class(classes: int):
    scores = np.zeros(classes, np.float32)
    for best in range(classes):
        scores[best] = best + 1
        assert certainty(scores) == pytest.approx((classes - best - 0.5) / classes, abs=1e-7)
    assert certainty(np.zeros(classes, np.float32)) == np.float32(1 - 0.5 / classes)


def test_scores_that_are_no_numbers_stand_for_no_certainty():
    assert certainty(np.full(7, np.nan, np.float32)) == 0
    assert certainty(np.array([0, 1, np.nan], np.float32)) == 0


def test_certainty_is_a_float32():
    assert certainty(np.arange(30, 0, -1, dtype=np.float32)) == float(np.float32(0.983333349))


def test_padded_and_bare_pictures(validator: Validator):
    picture, landmarks = face()
    expected = validator.check(picture, landmarks, UPRIGHT)
    assert validator.check(PaddedImage.of(picture), landmarks, UPRIGHT) == expected
    strided = np.repeat(np.repeat(picture, 2, 0), 3, 1)[::2, ::3]
    assert validator.check(strided, landmarks.tolist(), UPRIGHT.tolist()) == expected


def test_backends_agree(backend_name: str):
    picture, landmarks = face()
    exact, other = (Validator(DATA, backend=name) for name in ("numpy-exact", backend_name))
    rng = np.random.default_rng(1)
    for _ in range(10):
        points = landmarks + rng.normal(0, 8, landmarks.shape).astype(np.float32)
        expected = exact.scores(picture, points, UPRIGHT)
        found = other.scores(picture, points, UPRIGHT)
        assert expected is not None
        assert found is not None
        if backend_name == "numpy":
            np.testing.assert_allclose(found, expected, atol=2e-6)
        else:
            assert found.tobytes() == expected.tobytes()


def test_a_quarter_of_the_face_in_the_picture(validator: Validator):
    picture, landmarks = face(0.0, 0.0)
    shown = validator.scores(picture, landmarks, UPRIGHT)
    assert shown is not None
    np.testing.assert_allclose(shown, expected_scores(picture, landmarks, 0), atol=2e-6)


def test_the_last_row_and_column_do_not_count(validator: Validator):
    _, landmarks = face(214.0, 194.0, 1.0)
    picture = np.random.default_rng(0).integers(0, 256, (200, 220), np.uint8)
    blank = picture.copy()
    blank[-1], blank[:, -1] = 0, 0
    found = validator.scores(picture, landmarks, UPRIGHT)
    assert found is not None
    np.testing.assert_allclose(found, expected_scores(blank, landmarks, 0), atol=2e-6)
    assert not np.allclose(found, expected_scores(picture, landmarks, 0), atol=2e-6)


@pytest.mark.parametrize("place", [(-80, 50), (300, 50), (50, -80), (50, 300), (-9e8, 3e38)])
def test_faces_outside_the_picture(validator: Validator, place: tuple[float, float]):
    picture, landmarks = face(*place)
    assert validator.scores(picture, landmarks, UPRIGHT) is None
    assert validator.check(picture, landmarks, UPRIGHT) == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_no_face(validator: Validator, value: float):
    picture, landmarks = face()
    landmarks[3, 1] = value
    assert validator.check(picture, landmarks, UPRIGHT) == 0.0
    landmarks[3, 1] = 50
    assert validator.check(picture, landmarks, (0, value, 0)) == 0.0


@given(st.lists(st.tuples(coordinates, coordinates), min_size=12, max_size=12))
def test_any_landmarks(places: list[tuple[float, float]]):
    picture, _ = face()
    landmarks = np.array(places, np.float32)
    found = [Validator(DATA, backend=name) for name in ("auto", "numpy")]
    for validator in found:
        assert 0.0 <= validator.check(picture, landmarks, UPRIGHT) <= 1.0


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 2), (3, 3), (4, 50)])
def test_tiny_pictures(validator: Validator, shape: tuple[int, int]):
    _, landmarks = face(0.0, 0.0)
    picture = np.full(shape, 200, np.uint8)
    enough = min(shape) > 2  # quirk: the last row and column do not count
    assert (validator.scores(picture, landmarks, UPRIGHT) is not None) == enough


def test_landmarks_in_one_place(validator: Validator):
    picture, landmarks = face()
    landmarks[:] = (50, 60)
    assert 0.0 < validator.check(picture, landmarks, UPRIGHT) < 1.0


@pytest.mark.parametrize(
    ("picture", "landmarks", "rotation", "message"),
    [
        (np.zeros((9, 9, 3), np.uint8), np.zeros((12, 2)), UPRIGHT, "grey: expected shape"),
        (np.zeros((9, 9), np.float32), np.zeros((12, 2)), UPRIGHT, "grey: .*uint8"),
        (np.zeros((9, 9), np.uint8), np.zeros((11, 2)), UPRIGHT, r"landmarks: .*\(12, 2\)"),
        (np.zeros((9, 9), np.uint8), np.zeros((2, 12)), UPRIGHT, "landmarks: expected shape"),
        (np.zeros((9, 9), np.uint8), np.zeros((12, 2)), np.zeros(2), "rotation: expected three"),
    ],
)
def test_bad_arguments(picture: Any, landmarks: Any, rotation: Any, message: str):
    with pytest.raises(ValueError, match=message):
        Validator(DATA, backend="numpy").check(picture, landmarks, rotation)


def test_loading(tmp_path: Path):
    path = tmp_path / "validator.txt"
    path.write_bytes(validator_bytes(DATA))
    picture, landmarks = face()
    expected = Validator(DATA).check(picture, landmarks, UPRIGHT)
    assert Validator.load(str(path)).check(picture, landmarks, UPRIGHT) == expected
    with pytest.raises(ModelFileError, match=r"missing\.txt"):
        Validator.load(tmp_path / "missing.txt")


def test_backend_names():
    assert Validator(DATA).backend == choose_backend("auto")
    with pytest.raises(ValueError, match="none called 'abacus'"):
        Validator(DATA, backend="abacus")


def test_backend_names_without_kernels(not_built: None):
    assert Validator(DATA).backend == "numpy"
    with pytest.raises(BackendUnavailableError, match="was not compiled"):
        Validator(DATA, backend="cython")


def test_a_backend_without_networks(planted: Plant):
    planted(made_up("abacus", auto_from=1))
    expected = Validator(DATA).backend
    assert Validator(DATA, backend="abacus").backend == expected != "abacus"


def test_checks_in_several_threads(validator: Validator):
    picture, landmarks = face()
    shapes = [landmarks + np.float32(3 * step) for step in range(-10, 11)]
    expected = [validator.check(picture, shape, UPRIGHT) for shape in shapes]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda shape: validator.check(picture, shape, UPRIGHT), 3 * shapes))
    assert found == 3 * expected


@pytest.fixture(scope="session")
def real_path(openface_data: Path) -> Path:
    return openface_data / "model/detection_validation/validator_cnn.txt"


def agrees(validator: Validator, picture: Path, recorded: dict[str, Any]) -> bool:
    """Tell whether certainty and success are the recorded ones."""
    landmarks = np.array(recorded["landmarks"], np.float32).reshape(2, -1).T
    image = cv2.imread(str(picture))
    assert image is not None
    found = validator.check(to_grey(image), landmarks, recorded["params_global"][1:4])
    certain, success = np.float32(recorded["certainty"]), bool(recorded["success"])
    return np.float32(found) == certain and (found > SUCCESS_BOUNDARY) == success


def test_recorded_pictures(openface_data: Path, real_path: Path, backend_name: str):
    validator = Validator.load(real_path, backend=backend_name)
    for entry in json.loads((openface_data / "golden/results.json").read_text("utf-8")):
        picture = openface_data / "samples" / entry["image"]
        assert agrees(validator, picture, entry["runs"]["multi_view_parts_validated"])


def test_recorded_sequence(openface_data: Path, real_path: Path):
    validator = Validator.load(real_path)
    recorded = openface_data / "golden/sequence_template_parts_validated.json"
    frames = sorted((openface_data / "samples/sequence").iterdir())
    entries = json.loads(recorded.read_text("utf-8"))
    assert len(frames) == len(entries)
    for frame, entry in zip(frames, entries, strict=True):
        assert agrees(validator, frame, entry), frame.name
