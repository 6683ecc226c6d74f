"""Where a head is and how it is turned, and its landmarks in space.

Conventions: the camera looks along z from the origin; x points to the right of the picture, y down,
z away from the camera; lengths are millimetres, if the model's are (OpenFace's are). Rotations are
Euler angles rx, ry, rz in radians, R = Rx · Ry · Rz, of points in columns: a positive rx turns the
face down, a positive ry to the left of the picture, a positive rz clockwise as seen in it. All zero
is a face that looks along -z, upright.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from pyclnf.arguments import instance, number, real_numbers, shown
from pyclnf.arithmetic.elementary import atan2f
from pyclnf.pdm import PointDistributionModel
from pyclnf.pnp import refine_pose
from pyclnf.rotation import axis_angle_to_matrix, euler_to_matrix, matrix_to_euler
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["CameraIntrinsics", "HeadPose", "RelativeTo", "head_pose", "landmarks_3d"]

RelativeTo = Literal["world", "camera"]
"""What a head's rotation is measured against, see :func:`head_pose`."""

_LARGEST_SIDE = 2**31
_NOWHERE = np.full((3, 3), np.nan, np.float32), np.full(3, np.nan, np.float32)


@dataclass(frozen=True, slots=True)
class CameraIntrinsics:
    """A pinhole camera without distortion.

    Attributes
    ----------
    fx, fy : float
        Focal lengths, px.
    cx, cy : float
        Where its axis meets the picture, px.

    Raises
    ------
    ValueError
        Naming the argument, if a number is not finite in float32, or a focal length not positive.
    """

    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        largest = float(np.finfo(np.float32).max)
        for name in ("fx", "fy", "cx", "cy"):
            number(name, getattr(self, name), -largest, largest)
        for name in ("fx", "fy"):
            if not np.float32(getattr(self, name)) > 0:
                raise ValueError(f"{name}: must be positive, got {getattr(self, name)!r}")

    @classmethod
    def estimated(cls, width: int, height: int) -> CameraIntrinsics:
        """Return what the reference assumes of an unknown camera's picture.

        Its axis meets the middle, width / 2 and height / 2; its focal lengths are the mean of what
        500 px at 640 x 480 becomes when the width, and when the height, is scaled.

        Raises
        ------
        ValueError
            Naming the argument, if width or height is not from 1 to 2**31 px.
        """
        for name, value in (("width", width), ("height", height)):
            number(name, value, 1, _LARGEST_SIDE)
        five_hundred, two = np.float32(500), np.float32(2)
        by_width = five_hundred * (np.float32(width) / np.float32(640))
        by_height = five_hundred * (np.float32(height) / np.float32(480))
        focal = float((by_width + by_height) / two)
        return cls(focal, focal, float(np.float32(width) / two), float(np.float32(height) / two))


@dataclass(frozen=True, slots=True, eq=False)
class HeadPose:
    """Where a head is and how it is turned.

    Attributes
    ----------
    translation : (3,) float32
        Origin of the model's frame, in the middle of the head, in the camera's space; mm.
    rotation : (3,) float32
        rx, ry, rz, radians; NaN at exactly half a turn, which has no such angles.
    """

    translation: Float32Array
    rotation: Float32Array


def head_pose(
    params_global: npt.ArrayLike,
    params_local: npt.ArrayLike,
    landmarks: npt.ArrayLike,
    pdm: PointDistributionModel,
    camera: CameraIntrinsics,
    *,
    relative_to: RelativeTo = "world",
) -> HeadPose:
    """Return a head's pose from what a fit found.

    The model's shape, rigid, is moved to where a camera sees it on the landmarks: the squared
    distances in the picture are minimised. So perspective is made up for, which the fit ignores.

    Parameters
    ----------
    params_global : (6,)
        scale, rx, ry, rz, tx, ty: where the search begins.
    params_local : (m,)
        Give the head's shape.
    landmarks : (n, 2)
        px.
    pdm : PointDistributionModel
    camera : CameraIntrinsics
    relative_to : {"world", "camera"}
        ``"world"``: the rotation is against the camera's axes (OpenFace's ``GetPose``, and what its
        programs write). ``"camera"``: against the line from the camera to the head, so that a head
        that faces the camera has none wherever it is (``GetPoseWRTCamera``).

    Returns
    -------
    HeadPose
        All NaN where it cannot be told: of a scale that is not positive, anything that is not
        finite, or numbers beyond what a picture can have.

    Raises
    ------
    ValueError
        Naming the argument, if an array has another shape or `relative_to` another value.
    """
    if not isinstance(relative_to, str) or relative_to not in get_args(RelativeTo):
        raise ValueError(f"relative_to: must be 'world' or 'camera', got {shown(relative_to)}")
    face = _Face.of(params_global, params_local, landmarks, pdm, camera)
    rotation, translation = _found(face, pdm, camera) if face.is_usable else _NOWHERE
    if not np.isfinite(translation).all():
        return HeadPose(_NOWHERE[1].copy(), _NOWHERE[1].copy())
    if relative_to == "camera":
        rotation = _towards(translation) @ rotation
    return HeadPose(translation, matrix_to_euler(rotation))


def landmarks_3d(
    params_global: npt.ArrayLike,
    params_local: npt.ArrayLike,
    landmarks: npt.ArrayLike,
    pdm: PointDistributionModel,
    camera: CameraIntrinsics,
) -> Float32Array:
    """Return landmarks in the camera's space.

    Each lies on its line of sight, at a depth of fx / scale plus the shape's own (Baltrušaitis,
    Robinson and Morency, 3D constrained local model for rigid and non-rigid facial tracking, CVPR
    2012, eq. 10).

    Parameters
    ----------
    params_global, params_local, landmarks, pdm, camera
        As :func:`head_pose` takes them.

    Returns
    -------
    (n, 3) float32
        x, y, z in mm; all NaN if the scale is not positive or anything is not finite.

    Raises
    ------
    ValueError
        Naming the argument, if an array has another shape.
    """
    face = _Face.of(params_global, params_local, landmarks, pdm, camera)
    if not face.is_usable:
        return np.full((pdm.n_landmarks, 3), np.nan, np.float32)
    focal, centre = _focal_and_centre(camera)
    row = euler_to_matrix(face.global_[1:4])[2].astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        own = (row @ pdm.shape_3d(face.local).astype(np.float64)).astype(np.float32)
        depth = focal[0] / face.global_[0] + own
        sideways = depth[:, None] * ((face.landmarks - centre) / focal)
    return np.column_stack((sideways, depth))


@dataclass(frozen=True, slots=True, eq=False)
class _Face:
    """A fit's outcome in float32; it and what looks at it are checked."""

    global_: Float32Array
    local: Float32Array
    landmarks: Float32Array

    @classmethod
    def of(
        cls,
        params_global: npt.ArrayLike,
        params_local: npt.ArrayLike,
        landmarks: npt.ArrayLike,
        pdm: PointDistributionModel,
        camera: CameraIntrinsics,
    ) -> _Face:
        instance("pdm", pdm, PointDistributionModel)
        instance("camera", camera, CameraIntrinsics)
        return cls(
            _checked("params_global", params_global, (6,)),
            _checked("params_local", params_local, (pdm.n_modes,)),
            _checked("landmarks", landmarks, (pdm.n_landmarks, 2)),
        )

    @property
    def is_usable(self) -> bool:
        """Whether everything is finite and the scale positive."""
        arrays = (self.global_, self.local, self.landmarks)
        return all(np.isfinite(array).all() for array in arrays) and self.global_[0] > 0


def _checked(name: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> Float32Array:
    with np.errstate(over="ignore"):
        array = real_numbers(name, values, f"numbers of shape {shape}").astype(np.float32)
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    return array


def _found(
    face: _Face, pdm: PointDistributionModel, camera: CameraIntrinsics
) -> tuple[Float32Array, Float32Array]:
    """Return a head's rotation, (3, 3), and translation."""
    with np.errstate(over="ignore", invalid="ignore"):
        rotation, translation = refine_pose(
            pdm.shape_3d(face.local).T.astype(np.float64),
            face.landmarks.astype(np.float64),
            _matrix(camera),
            # *Quirk:* the search begins with the Euler angles taken as axis and angle.
            axis_angle_to_matrix(face.global_[1:4]).astype(np.float64),
            _weak_perspective_translation(face.global_, camera).astype(np.float64),
        )
        return rotation.astype(np.float32), translation.astype(np.float32)


def _focal_and_centre(camera: CameraIntrinsics) -> tuple[Float32Array, Float32Array]:
    """Return focal lengths and centre, (x, y) each."""
    focal = np.array((camera.fx, camera.fy), np.float32)
    return focal, np.array((camera.cx, camera.cy), np.float32)


def _matrix(camera: CameraIntrinsics) -> Float64Array:
    """Return a camera's matrix, (3, 3) float64 of float32 numbers."""
    rows = ((camera.fx, 0, camera.cx), (0, camera.fy, camera.cy), (0, 0, 1))
    return np.array(rows, np.float32).astype(np.float64)


def _weak_perspective_translation(
    params_global: Float32Array, camera: CameraIntrinsics
) -> Float32Array:
    """Return where a head is if all of it is equally far away, (3,)."""
    focal, centre = _focal_and_centre(camera)
    depth = focal[0] / params_global[0]
    x, y = (params_global[4:] - centre) / focal * depth
    return np.array((x, y, depth), np.float32)


def _towards(translation: Float32Array) -> Float32Array:
    """Return the rotation that a head there has from facing the camera's plane to the camera."""
    x, y, z = (float(v) for v in translation)
    rx = atan2f(np.float32(y), np.float32(math.hypot(x, z)))
    ry = -atan2f(np.float32(x), np.float32(math.hypot(y, z)))
    return euler_to_matrix(np.array((rx, ry, 0), np.float32))
