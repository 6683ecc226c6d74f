"""The reference's own scatter, and what it allows a candidate."""

from __future__ import annotations

import numpy as np
import pytest

from openface_bridge.parity.noise_floor import NoiseFloor, landmark_errors
from openface_bridge.trace import TraceError

LANDMARKS = np.array([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]], np.float32)


def test_errors_are_distances():
    moved = LANDMARKS + np.array([[3.0, 4.0], [0.0, 0.0], [-5.0, 12.0]], np.float32)
    np.testing.assert_array_equal(landmark_errors(moved, LANDMARKS), [5.0, 0.0, 13.0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_errors_of_what_is_not_finite(value: float):
    lost = LANDMARKS.copy()
    lost[1, 0] = value
    np.testing.assert_array_equal(landmark_errors(lost, LANDMARKS), [0, np.inf, 0])
    np.testing.assert_array_equal(landmark_errors(LANDMARKS, lost), [0, np.inf, 0])


def test_small_distances_between_large_numbers():
    far = LANDMARKS + np.float32(4000)
    moved = np.nextafter(far, np.float32(1e6))
    expected = np.hypot(*np.spacing(far).T.astype(np.float64))
    np.testing.assert_allclose(landmark_errors(moved, far), expected, rtol=1e-12)


@pytest.mark.parametrize("reruns", [None, np.zeros((0, 3, 2), np.float32)])
def test_without_reruns(reruns: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None):
    floor = NoiseFloor.of(LANDMARKS, reruns)
    assert (floor.landmarks, floor.px) == (None, None)
    assert floor.limit_px == 0.005
    assert floor.multiple(1.0) is None


def test_largest_displacement_of_any_landmark_in_any_rerun():
    reruns = np.stack([LANDMARKS] * 4)
    reruns[1, 2] += (0.3, 0.4)
    reruns[3, 0] += (0.25, 0.0)
    floor = NoiseFloor.of(LANDMARKS, reruns)
    assert floor.px == pytest.approx(0.5, abs=1e-5)
    assert floor.limit_px == pytest.approx(1.005, abs=2e-5)


def test_every_landmark_has_its_own():
    reruns = np.stack([LANDMARKS] * 3)
    reruns[0, 0] += (3.0, 4.0)
    reruns[1, 0] -= (6.0, 8.0)
    reruns[2, 2] += (0.0, 0.5)
    floor = NoiseFloor.of(LANDMARKS, reruns)
    assert floor.landmarks is not None
    assert floor.landmarks.tolist() == [10.0, 0.0, 0.5]
    assert floor.px == 10.0
    assert (floor.multiple(25.0), floor.multiple(0.0)) == (2.5, 0.0)
    assert floor.multiple(np.inf) == np.inf


def test_reruns_alike():
    floor = NoiseFloor.of(LANDMARKS, np.stack([LANDMARKS] * 2))
    assert floor.px == 0.0
    assert floor.limit_px == 0.005
    assert floor.multiple(0.1) is None  # of nothing


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_lost_landmarks_allow_nothing(value: float):
    lost = LANDMARKS.copy()
    lost[1, 0] = value
    for landmarks, reruns in ((lost, LANDMARKS[None]), (LANDMARKS, lost[None]), (lost, lost[None])):
        assert NoiseFloor.of(landmarks, reruns).landmarks is None


@pytest.mark.parametrize(("px", "limit"), [(0.0, 0.005), (0.2, 0.405), (3.6, 7.205)])
def test_limit(px: float, limit: float):
    assert NoiseFloor(np.array([px / 2, px, 0.0])).limit_px == pytest.approx(limit)


def test_reruns_of_another_model():
    with pytest.raises(TraceError, match=r"reruns have shape \(4, 2\), their fit \(3, 2\)"):
        NoiseFloor.of(LANDMARKS, np.zeros((5, 4, 2), np.float32))
