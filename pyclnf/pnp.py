"""The pose of a known shape from where a camera sees its points (perspective n-point problem).

Levenberg's and Marquardt's method on the squared distances in the picture, in float64. It is run
until it stands still, so the result hardly depends on the way there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pyclnf.typing import Float64Array

__all__ = ["project", "refine_pose"]

_MOST_STEPS = 200
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-12, 1e12
_STANDSTILL = 1e-9
"""Of an update: radians, or relative to the distance from the camera."""


def refine_pose(
    points: Float64Array,
    seen: Float64Array,
    camera: Float64Array,
    rotation: Float64Array,
    translation: Float64Array,
) -> tuple[Float64Array, Float64Array]:
    """Return the rotation and translation that fit best, downhill from a start.

    Parameters
    ----------
    points : (n, 3)
        Of the shape, in its own frame.
    seen : (n, 2)
        Where they are in the picture, px.
    camera : (3, 3)
        Its matrix.
    rotation : (3, 3)
        Where to start.
    translation : (3,)
        Where to start, in units of the shape.

    Returns
    -------
    rotation : (3, 3)
    translation : (3,)
        NaN, both, if the start cannot be seen: a point of it lies at a depth of 0.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        best = _refined(points, seen, camera, rotation, translation)
    if not np.isfinite(best.cost):
        return np.full((3, 3), np.nan), np.full(3, np.nan)
    return best.rotation, best.translation


def _refined(
    points: Float64Array,
    seen: Float64Array,
    camera: Float64Array,
    rotation: Float64Array,
    translation: Float64Array,
) -> _Pose:
    """Return the pose that fits best, or the start if nothing can be told there."""
    best = _Pose.at(points, seen, camera, rotation, translation)
    if not np.isfinite(best.cost):
        return best
    damping = _FIRST_DAMPING
    hessian, gradient = best.normal_equations(camera)
    for _ in range(_MOST_STEPS):
        step = _damped_solution(hessian, gradient, damping)
        turned, moved = _turn(step[:3]) @ best.rotation, best.translation + step[3:]
        trial = _Pose.at(points, seen, camera, turned, moved)
        if trial.cost <= best.cost:
            best, damping = trial, max(damping / 10, _LEAST_DAMPING)
            hessian, gradient = best.normal_equations(camera)
        else:
            damping *= 10
        if _is_still(step, best.translation) or damping > _MOST_DAMPING:
            break
    return best


def project(
    points: Float64Array, camera: Float64Array, rotation: Float64Array, translation: Float64Array
) -> Float64Array:
    """Return where a camera sees (n, 3) points of a posed shape: (n, 2) px."""
    return _projected(rotation @ points.T + translation[:, None], camera).T


@dataclass(frozen=True, slots=True, eq=False)
class _Pose:
    """A pose and what it comes to."""

    rotation: Float64Array
    translation: Float64Array
    turned: Float64Array
    """The shape's points, turned, (3, n)."""
    apart: Float64Array
    """From where they should be seen to where they are, (2, n) px."""
    cost: float

    @classmethod
    def at(
        cls,
        points: Float64Array,
        seen: Float64Array,
        camera: Float64Array,
        rotation: Float64Array,
        translation: Float64Array,
    ) -> _Pose:
        turned = rotation @ points.T
        apart = seen.T - _projected(turned + translation[:, None], camera)
        return cls(rotation, translation, turned, apart, float((apart * apart).sum()))

    def normal_equations(self, camera: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Return JᵀJ and Jᵀ·apart for a small turn on the left and a move, (6, 6) and (6,)."""
        u, v, w = self.turned
        x, y, z = self.turned + self.translation[:, None]
        per_x, per_y = camera[0, 0] / z, camera[1, 1] / z
        x_per_z, y_per_z = -per_x * x / z, -per_y * y / z
        none = np.zeros_like(z)
        # A turn about an axis moves a point by the axis' cross product with it.
        columns = np.array(
            (
                (x_per_z * v, y_per_z * v - per_y * w),
                (per_x * w - x_per_z * u, -y_per_z * u),
                (-per_x * v, per_y * u),
                (per_x, none),
                (none, per_y),
                (x_per_z, y_per_z),
            )
        ).reshape(6, -1)
        return columns @ columns.T, columns @ self.apart.ravel()


def _projected(points: Float64Array, camera: Float64Array) -> Float64Array:
    """Return where a camera sees (3, n) points, (2, n) px."""
    focal, centre = np.diag(camera)[:2, None], camera[:2, 2:]
    seen: Float64Array = focal * (points[:2] / points[2]) + centre
    return seen


def _damped_solution(hessian: Float64Array, gradient: Float64Array, damping: float) -> Float64Array:
    """Return the update of some damping, relative to the diagonal (Marquardt's)."""
    # Scaled so that its diagonal is 1 + damping: rotations and millimetres are no longer apart.
    scales = 1.0 / np.sqrt(np.maximum(np.diag(hessian), np.finfo(np.float64).tiny))
    scaled = hessian * scales[:, None] * scales
    scaled.flat[:: len(scaled) + 1] += damping
    solution: Float64Array = np.linalg.solve(scaled, gradient * scales) * scales
    return solution


def _is_still(step: Float64Array, translation: Float64Array) -> bool:
    """Tell whether an update hardly moves anything."""
    angle, distance = math.hypot(*step[:3].tolist()), math.hypot(*step[3:].tolist())
    return angle <= _STANDSTILL and distance <= _STANDSTILL * math.hypot(*translation.tolist())


def _turn(axis_angle: Float64Array) -> Float64Array:
    """Return the rotation about an axis by its length, (3,) -> (3, 3) (Rodrigues)."""
    x, y, z = axis_angle.tolist()
    half = math.hypot(x, y, z) / 2
    if not math.isfinite(half):
        return np.full((3, 3), np.nan)
    # The quaternion, of which no quotient loses digits where the angle vanishes.
    w, ratio = math.cos(half), math.sin(half) / half / 2 if half else 0.5
    x, y, z = x * ratio, y * ratio, z * ratio
    return np.array(
        (
            (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
            (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
            (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
        )
    )
