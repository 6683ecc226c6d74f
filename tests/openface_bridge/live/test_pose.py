"""Head poses and landmarks in space: OpenFace's and pyclnf's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.vectors import float32, local_parameters

from pyclnf.backends import create_backend
from pyclnf.pdm import PointDistributionModel
from pyclnf.pnp import project
from pyclnf.pose import CameraIntrinsics, RelativeTo, head_pose, landmarks_3d
from pyclnf.rotation import euler_to_matrix

Face = tuple[Any, Any, Any]
"""Global and local parameters, landmarks."""

MANY = settings(max_examples=300, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def both(bridge: Any, recorded_kernel: None, openface_data: Any) -> tuple[Any, Any]:
    """OpenFace's own model, loaded by both."""
    path = openface_data / "model" / "main_clnf_general.txt"
    return bridge.Model(str(path)), create_backend("numpy-exact", path).detector.pdm


@st.composite
def faces(draw: st.DrawFn, pdm: PointDistributionModel) -> tuple[Face, CameraIntrinsics]:
    """Draw parameters, landmarks about there, and a camera; the head is 0.4 to 5 m away."""
    focal = draw(float32(450, 1500))
    scale = focal / draw(float32(400, 5000))
    angles = [draw(float32(-1.2, 1.2)) for _ in range(3)]
    place = [draw(float32(0, 640)), draw(float32(0, 480))]
    global_ = np.array([scale, *angles, *place], np.float32)
    local = draw(local_parameters(pdm.eigenvalues))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    landmarks = pdm.shape_2d(global_, local)
    landmarks = landmarks + rng.normal(0, draw(float32(0, 4)), landmarks.shape).astype(np.float32)
    return (global_, local, landmarks), CameraIntrinsics(focal, focal, 320, 240)


def numbers(camera: CameraIntrinsics) -> tuple[float, ...]:
    return camera.fx, camera.fy, camera.cx, camera.cy


def misfit_of(
    face: Any, pdm: PointDistributionModel, camera: CameraIntrinsics
) -> Callable[[Any, Any], float]:
    """Return what tells how far from its landmarks a camera sees a face in some pose, px."""
    _, local, landmarks = face
    matrix = np.array(((camera.fx, 0, 320), (0, camera.fy, 240), (0, 0, 1)))
    shape = pdm.shape_3d(local).T.astype(np.float64)

    def misfit(translation: Any, euler: Any) -> float:
        rotation = euler_to_matrix(euler).astype(np.float64)
        seen = project(shape, matrix, rotation, translation.astype(np.float64))
        return float(np.sqrt(((seen - landmarks) ** 2).sum()))

    return misfit


@pytest.mark.parametrize("relative_to", ["world", "camera"])
@MANY
@given(data=st.data())
def test_head_poses(both: tuple[Any, Any], relative_to: RelativeTo, data: st.DataObject) -> None:
    model, pdm = both
    face, camera = data.draw(faces(pdm))
    found = head_pose(*face, pdm, camera, relative_to=relative_to)
    towards_camera = relative_to == "camera"
    expected = model.head_pose(*face, *numbers(camera), towards_camera=towards_camera)
    near = np.allclose(found.translation, expected[:3], rtol=0, atol=1e-4 * found.translation[2])
    if not (near and np.allclose(found.rotation, expected[3:], rtol=0, atol=1e-3)):
        # OpenFace's search ends after 20 steps, or when one changes less than a float32 can show;
        # for a shape at all of its limits, in a corner of the picture, that is before the end.
        ours, theirs = head_pose(*face, pdm, camera), model.head_pose(*face, *numbers(camera))
        misfit = misfit_of(face, pdm, camera)
        assert misfit(ours.translation, ours.rotation) < misfit(*np.split(theirs, 2))


@MANY
@given(data=st.data())
def test_no_head_pose_fits_worse(both: tuple[Any, Any], data: st.DataObject) -> None:
    model, pdm = both
    face, camera = data.draw(faces(pdm))
    misfit = misfit_of(face, pdm, camera)
    expected = model.head_pose(*face, *numbers(camera))
    found = head_pose(*face, pdm, camera)
    # Both are rounded to float32: so many px it may cost.
    assert misfit(found.translation, found.rotation) <= misfit(*np.split(expected, 2)) + 1e-3


@MANY
@given(data=st.data())
def test_landmarks_in_space_have_the_same_bits(both: tuple[Any, Any], data: st.DataObject) -> None:
    model, pdm = both
    face, camera = data.draw(faces(pdm))
    expected = model.landmarks_3d(*face, *numbers(camera))
    assert landmarks_3d(*face, pdm, camera).tobytes() == expected.tobytes()


def test_bad_arguments(bridge: Any, small: Any) -> None:
    global_, local = np.array((1, 0, 0, 0, 9, 9), np.float32), np.zeros(5, np.float32)
    landmarks = small.shape_2d(global_, local)
    assert small.landmarks_3d(global_, local, landmarks, 500, 500, 320, 240).shape == (16, 3)
    for camera in [(0, 500, 320, 240), (500, -1, 320, 240), (500, 500, float("nan"), 240)]:
        with pytest.raises(ValueError, match="must be finite"):
            small.landmarks_3d(global_, local, landmarks, *camera)
    with pytest.raises(ValueError, match="landmarks: expected shape"):
        small.landmarks_3d(global_, local, landmarks[:-1], 500, 500, 320, 240)
