from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.model_files import small_pdm

from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.backends import create_backend
from pyclnf.pdm import PointDistributionModel
from pyclnf.pnp import project
from pyclnf.pose import CameraIntrinsics, RelativeTo, head_pose, landmarks_3d
from pyclnf.rotation import euler_to_matrix
from pyclnf.typing import Float32Array

PDM = PointDistributionModel(small_pdm(), ReferenceOrder())
CAMERA = CameraIntrinsics(520.0, 510.0, 310.0, 250.0)
MATRIX = np.array(((520, 0, 310), (0, 510, 250), (0, 0, 1)), np.float64)
LOCAL = np.array((12.0, -8.0, 5.0, 2.0), np.float32)
angles = st.floats(-0.875, 0.875, width=32)


def seen_at(translation: Any, euler: Any) -> tuple[Float32Array, Float32Array]:
    """Return weak-perspective parameters and true landmarks of a head somewhere in space."""
    rotation = euler_to_matrix(np.array(euler, np.float32))
    shape = PDM.shape_3d(LOCAL).T.astype(np.float64)
    moved = np.array(translation, np.float64)
    landmarks = project(shape, MATRIX, rotation.astype(np.float64), moved)
    x, y, z = translation
    start = (520 / z, *euler, 520 * x / z + 310, 510 * y / z + 250)
    return np.array(start, np.float32), landmarks.astype(np.float32)


@given(
    euler=st.tuples(angles, angles, angles),
    place=st.tuples(st.floats(-200, 200), st.floats(-150, 150), st.floats(350, 2000)),
)
def test_round_trip(euler: tuple[float, ...], place: tuple[float, ...]):
    params, landmarks = seen_at(place, euler)
    found = head_pose(params, LOCAL, landmarks, PDM, CAMERA)
    assert found.translation.dtype == found.rotation.dtype == np.float32
    # Landmarks are rounded to float32: 3e-5 px, on a head of 40 px at the least.
    np.testing.assert_allclose(found.translation, place, rtol=1e-5, atol=2e-5 * place[2])
    np.testing.assert_allclose(found.rotation, euler, atol=1e-4)


def test_any_start_nearby_leads_there():
    params, landmarks = seen_at((80.0, -40.0, 600.0), (0.3, -0.5, 0.2))
    rng = np.random.default_rng(0)
    for _ in range(20):
        start = (params * rng.uniform(0.9, 1.1, 6)).astype(np.float32)
        start[1:4] += rng.normal(0, 0.1, 3).astype(np.float32)
        found = head_pose(start, LOCAL, landmarks, PDM, CAMERA)
        np.testing.assert_allclose(found.translation, (80, -40, 600), atol=1e-2)
        np.testing.assert_allclose(found.rotation, (0.3, -0.5, 0.2), atol=2e-5)


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.2, -0.3, 0.1)])
@pytest.mark.parametrize("place", [(0, 0, 500), (250, 0, 500), (-200, 150, 700), (0, -300, 600)])
def test_rotation_relative_to_the_camera(place: tuple[float, ...], turn: tuple[float, ...]):
    x, y, z = place
    # The reference's own idea of it: about y as if y were not there, about x likewise.
    away = np.array((np.arctan2(y, np.hypot(x, z)), -np.arctan2(x, np.hypot(y, z)), 0))
    facing = euler_to_matrix(away.astype(np.float32)).T.astype(np.float64)
    rotation = facing @ euler_to_matrix(np.array(turn, np.float32))
    shape = PDM.shape_3d(LOCAL).T.astype(np.float64)
    seen = project(shape, MATRIX, rotation, np.array(place, np.float64)).astype(np.float32)
    params, _ = seen_at(place, (0, 0, 0))
    found = head_pose(params, LOCAL, seen, PDM, CAMERA, relative_to="camera")
    np.testing.assert_allclose(found.rotation, turn, atol=1e-5)
    world = head_pose(params, LOCAL, seen, PDM, CAMERA, relative_to="world")
    np.testing.assert_array_equal(found.translation, world.translation)
    if x and not any(turn):
        # Where it is on the right, it looks to the left of the picture.
        assert np.sign(world.rotation[1]) == np.sign(x)


def test_signs():
    """Of what the module says: down, to the left, clockwise."""
    nose = np.array((0.0, 0.0, -30.0))
    down, left, clockwise = (
        euler_to_matrix(np.array(euler, np.float32)).astype(np.float64)
        for euler in ((0.3, 0, 0), (0, 0.3, 0), (0, 0, 0.3))
    )
    assert (down @ nose)[1] > 0
    assert (left @ nose)[0] < 0
    assert (clockwise @ (1.0, 0.0, 0.0))[1] > 0  # what is right goes down


def test_landmarks_in_space():
    params, _ = seen_at((60.0, 20.0, 700.0), (0.1, 0.4, -0.2))
    landmarks = PDM.shape_2d(params, LOCAL)
    found = landmarks_3d(params, LOCAL, landmarks, PDM, CAMERA)
    assert found.shape == (12, 3)
    assert found.dtype == np.float32
    turned = euler_to_matrix(params[1:4]).astype(np.float64) @ PDM.shape_3d(LOCAL)
    np.testing.assert_allclose(found[:, 2], 520 / params[0] + turned[2], rtol=1e-6)
    # Each lies where the camera sees it.
    back = project(found.astype(np.float64), MATRIX, np.eye(3), np.zeros(3))
    np.testing.assert_allclose(back, landmarks, atol=1e-3)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), (500.0, 500.0, 320.0, 240.0)),
        ((1280, 720), (875.0, 875.0, 640.0, 360.0)),
        ((401, 301), (313.411458, 313.411458, 200.5, 150.5)),
    ],
)
def test_estimated_cameras(size: tuple[int, int], expected: tuple[float, ...]):
    camera = CameraIntrinsics.estimated(*size)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx(expected, rel=1e-7)


def test_cameras_that_make_no_sense():
    for name, value in [("fx", 0.0), ("fy", -1.0), ("fx", np.nan), ("cy", np.inf), ("cx", 1e39)]:
        numbers = {"fx": 500.0, "fy": 500.0, "cx": 0.0, "cy": 0.0, name: value}
        with pytest.raises(ValueError, match=name):
            CameraIntrinsics(**numbers)
    for size, name in (((0, 480), "width"), ((640, -1), "height"), ((640, np.inf), "height")):
        with pytest.raises(ValueError, match=f"^{name}: must be from 1 to"):
            CameraIntrinsics.estimated(*size)
    with pytest.raises(FrozenInstanceError):
        CAMERA.fx = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("argument", "value"),
    [(0, np.zeros(5)), (1, np.zeros(3)), (2, np.zeros((2, 12))), (2, np.zeros((11, 2)))],
)
def test_shapes_that_do_not_fit(argument: int, value: Any):
    params, landmarks = seen_at((0, 0, 600), (0, 0, 0))
    given = [params, LOCAL, landmarks]
    given[argument] = value
    with pytest.raises(ValueError, match="expected shape"):
        head_pose(given[0], given[1], given[2], PDM, CAMERA)
    with pytest.raises(ValueError, match="expected shape"):
        landmarks_3d(given[0], given[1], given[2], PDM, CAMERA)


def test_relative_to_something_else():
    params, landmarks = seen_at((0, 0, 600), (0, 0, 0))
    with pytest.raises(ValueError, match="relative_to: must be"):
        head_pose(params, LOCAL, landmarks, PDM, CAMERA, relative_to="moon")  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_a_scale_that_tells_nothing(scale: float):
    params, landmarks = seen_at((0, 0, 600), (0, 0, 0))
    params[0] = scale
    pose = head_pose(params, LOCAL, landmarks, PDM, CAMERA)
    assert np.isnan(pose.translation).all()
    assert np.isnan(pose.rotation).all()
    assert np.isnan(landmarks_3d(params, LOCAL, landmarks, PDM, CAMERA)).all()


def test_landmarks_that_are_not_numbers():
    params, landmarks = seen_at((0, 0, 600), (0, 0, 0))
    landmarks[4, 0] = np.nan
    assert np.isnan(head_pose(params, LOCAL, landmarks, PDM, CAMERA).rotation).all()
    assert np.isnan(landmarks_3d(params, LOCAL, landmarks, PDM, CAMERA)).all()


@pytest.mark.parametrize("relative_to", ["world", "camera"])
@given(
    values=st.lists(st.floats(width=32), min_size=30, max_size=30),
    scale=st.floats(2.0**-100, 2.0**100, width=32),
)
def test_anything_gives_a_pose_or_nothing(
    relative_to: RelativeTo, values: list[float], scale: float
):
    params = np.array((scale, *values[:5]), np.float32)
    landmarks = np.array(values[6:], np.float32).reshape(12, 2)
    pose = head_pose(params, LOCAL, landmarks, PDM, CAMERA, relative_to=relative_to)
    assert pose.translation.shape == pose.rotation.shape == (3,)
    for numbers in (pose.translation, pose.rotation):
        assert np.isfinite(numbers).all() or np.isnan(numbers).all()
    assert np.isfinite(pose.translation).all() or np.isnan(pose.rotation).all()
    landmarks_3d(params, LOCAL, landmarks, PDM, CAMERA)


def test_recorded_poses(openface_data: Path):
    """Every face and run, of both models."""
    camera = CameraIntrinsics(500, 500, 320, 240)
    pdms = {
        name: create_backend("numpy", openface_data / f"model/main_clnf_{name}.txt").detector.pdm
        for name in ("general", "wild")
    }
    for face in json.loads((openface_data / "golden/results.json").read_text("utf-8")):
        for run, recorded in face["runs"].items():
            landmarks = np.array(recorded["landmarks"], np.float32).reshape(2, -1).T
            params = recorded["params_global"], recorded["params_local"]
            pdm = pdms["wild" if run == "wild" else "general"]
            found = head_pose(*params, landmarks, pdm, camera)
            expected = np.array(recorded["pose_500_500_320_240"], np.float32)
            np.testing.assert_allclose(found.translation, expected[:3], atol=1e-4)
            np.testing.assert_allclose(found.rotation, expected[3:], atol=1e-6)
