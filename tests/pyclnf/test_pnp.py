from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from pyclnf.pnp import project, refine_pose
from pyclnf.typing import Float64Array

CAMERA = np.array(((480.0, 0, 320), (0, 500, 240), (0, 0, 1)))
RNG = np.random.default_rng(0)
POINTS = RNG.normal(0, 50, (20, 3))
TRUTH = (Rotation.from_euler("XYZ", (0.3, -0.4, 0.2)).as_matrix(), np.array((60.0, -30.0, 500.0)))


def start() -> tuple[Float64Array, Float64Array]:
    return np.eye(3), np.array((0.0, 0.0, 450.0))


def test_projection():
    expected = [
        (480 * x / z + 320, 500 * y / z + 240) for x, y, z in POINTS @ TRUTH[0].T + TRUTH[1]
    ]
    np.testing.assert_allclose(project(POINTS, CAMERA, *TRUTH), expected)


def test_exact_points_are_found_exactly():
    rotation, translation = refine_pose(POINTS, project(POINTS, CAMERA, *TRUTH), CAMERA, *start())
    np.testing.assert_allclose(rotation, TRUTH[0], atol=1e-10)
    np.testing.assert_allclose(translation, TRUTH[1], atol=1e-7)


@pytest.mark.parametrize("noise", [0.5, 5.0, 30.0])
def test_the_minimum_is_another_optimiser_s(noise: float):
    seen = project(POINTS, CAMERA, *TRUTH) + np.random.default_rng(1).normal(0, noise, (20, 2))

    def residuals(pose: Float64Array) -> Float64Array:
        turned = Rotation.from_rotvec(pose[:3]).as_matrix()
        return (project(POINTS, CAMERA, turned, pose[3:]) - seen).ravel()

    first = np.concatenate((Rotation.from_matrix(TRUTH[0]).as_rotvec(), TRUTH[1]))
    best = least_squares(residuals, first, xtol=1e-14, ftol=1e-14, gtol=1e-14, x_scale="jac")
    rotation, translation = refine_pose(POINTS, seen, CAMERA, *start())
    np.testing.assert_allclose(rotation, Rotation.from_rotvec(best.x[:3]).as_matrix(), atol=1e-6)
    np.testing.assert_allclose(translation, best.x[3:], atol=1e-3)


def test_rotations_stay_rotations():
    seen = project(POINTS, CAMERA, *TRUTH) + 3.0
    rotation, _ = refine_pose(POINTS, seen, CAMERA, *start())
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_a_start_in_the_camera_gives_nothing():
    rotation, translation = refine_pose(
        POINTS * (1, 1, 0), np.zeros((20, 2)), CAMERA, np.eye(3), np.zeros(3)
    )
    assert np.isnan(rotation).all()
    assert np.isnan(translation).all()


def test_points_in_one_place_end_somewhere():
    seen = np.tile((300.0, 200.0), (20, 1))
    rotation, translation = refine_pose(np.zeros((20, 3)), seen, CAMERA, *start())
    assert np.isfinite(rotation).all()
    x, y, z = translation
    assert (480 * x / z + 320, 500 * y / z + 240) == pytest.approx((300, 200))
