"""Rotations as Euler angles and matrices, and how an update is composed onto one.

The convention is R = Rx · Ry · Rz, angles (rx, ry, rz) in radians, everything float32. The
functions follow the reference step by step, detours included, because a rotation that differs in
its last bit moves grey-value samples by 1/32 px later on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from pyclnf.arguments import listed, real_numbers, shown
from pyclnf.arithmetic.elementary import asinf, atan2f, cosf, sinf
from pyclnf.arithmetic.jacobi_svd import jacobi_svd
from pyclnf.typing import Float32Array, Float64Array

__all__ = [
    "Rotation",
    "axis_angle_to_matrix",
    "checked_rotation",
    "checked_rotations",
    "compose",
    "euler_to_matrix",
    "matrix_to_axis_angle",
    "matrix_to_euler",
    "orthonormalised",
]

Rotation = tuple[float, float, float]
"""Euler angles of a head pose, radians."""

_HALF_TURN = float(np.float32(math.pi))
"""Fits tell angles in float32, in which π is a little larger."""
_ONE, _TWO, _FOUR = np.float32(1), np.float32(2), np.float32(4)
_SMALLEST_SINE = 1e-5
_SMALLEST_ANGLE = float(np.finfo(np.float64).eps)


def checked_rotation(rotation: object) -> Rotation:
    """Return three angles of at most half a turn; a ValueError if they are anything else."""
    expected = "three angles in radians"
    angles = real_numbers("rotation", rotation, expected)
    if angles.shape != (3,):
        raise ValueError(f"rotation: expected {expected}, got {shown(rotation)}")
    rx, ry, rz = angles.tolist()
    if not all(abs(angle) <= _HALF_TURN for angle in (rx, ry, rz)):
        raise ValueError(f"rotation: angles must be from -π to π radians, got {shown(rotation)}")
    return rx, ry, rz


def checked_rotations(rotations: Iterable[object]) -> list[Rotation]:
    """Return head poses to start from; a ValueError unless there is one, and each is one."""
    given = listed("rotations", rotations, "a sequence of rotations, three angles each")
    if not given:
        raise ValueError("rotations: there are none")
    return [checked_rotation(rotation) for rotation in given]


def euler_to_matrix(euler: Float32Array) -> Float32Array:
    """Return the rotation matrix of Euler angles.

    Parameters
    ----------
    euler : (3,) float32
        rx, ry, rz in radians.

    Returns
    -------
    (3, 3) float32
    """
    c1, c2, c3 = (cosf(angle) for angle in euler)
    s1, s2, s3 = (sinf(angle) for angle in euler)
    return np.array(
        (
            (c2 * c3, -c2 * s3, s2),
            (c1 * s3 + c3 * s1 * s2, c1 * c3 - s1 * s2 * s3, -c2 * s1),
            (s1 * s3 - c1 * c3 * s2, c3 * s1 + c1 * s2 * s3, c1 * c2),
        ),
        np.float32,
    )


def matrix_to_euler(rotation: Float32Array) -> Float32Array:
    """Return the Euler angles of a rotation matrix, by way of its quaternion.

    Parameters
    ----------
    rotation : (3, 3) float32

    Returns
    -------
    (3,) float32
        rx, ry, rz in radians; NaN where the quaternion's real part vanishes (a half turn).
    """
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = rotation.ravel()
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        q0 = np.sqrt(_ONE + r00 + r11 + r22) / _TWO
        q1 = (r21 - r12) / (_FOUR * q0)
        q2 = (r02 - r20) / (_FOUR * q0)
        q3 = (r10 - r01) / (_FOUR * q0)
        sine = _TWO * (q0 * q2 + q1 * q3)
        return np.array(
            (
                atan2f(_TWO * (q0 * q1 - q2 * q3), q0 * q0 - q1 * q1 - q2 * q2 + q3 * q3),
                asinf(min(max(sine, -_ONE), _ONE)),
                atan2f(_TWO * (q0 * q3 - q1 * q2), q0 * q0 + q1 * q1 - q2 * q2 - q3 * q3),
            ),
            np.float32,
        )


def compose(rotation: Float32Array, turn: Float32Array) -> Float32Array:
    """Compose a small turn onto a rotation: R ← R · R′, never an addition of angles.

    Parameters
    ----------
    rotation : (3, 3) float32
        R.
    turn : (3,) float32
        ω, the change of rotation that an update asks for; R′ is I + [ω]× made orthonormal.

    Returns
    -------
    (3,) float32
        Euler angles of R · R′, radians. All zero where they cannot be told (a half turn): the
        reference's own way out.
    """
    wx, wy, wz = turn
    small = np.array(((_ONE, -wz, wy), (wz, _ONE, -wx), (-wy, wx, _ONE)), np.float32)
    composed = _product(rotation, orthonormalised(small))
    # The detour through axis and angle is the reference's; it rounds to float32 twice.
    angles = matrix_to_euler(axis_angle_to_matrix(matrix_to_axis_angle(composed)))
    if any(math.isnan(angle) for angle in angles.tolist()):
        return np.zeros(3, np.float32)
    return angles


def orthonormalised(matrix: Float32Array) -> Float32Array:
    """Return the nearest rotation to a (3, 3) float32 matrix: U · diag(1, 1, det(U·Vᵀ)) · Vᵀ.

    The determinant is used as computed, not rounded to ±1.
    """
    u, vt = jacobi_svd(matrix)
    handed = u.copy()
    handed[:, 2] *= _determinant(_product(u, vt))
    return _product(handed, vt)


def matrix_to_axis_angle(rotation: Float32Array) -> Float32Array:
    """Return axis times angle of a rotation matrix near orthonormal: (3, 3) -> (3,) float32.

    Computed in float64. A turn of less than 1e-5 gives zeros, one of nearly π an axis from the
    diagonal.
    """
    r = _polar_factor(rotation.astype(np.float64))
    skew = (r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1])
    squares = skew[0] * skew[0] + skew[1] * skew[1] + skew[2] * skew[2]
    if not math.isfinite(squares):
        return np.full(3, np.nan, np.float32)
    sine = math.sqrt(squares * 0.25)
    cosine = min(max((r[0][0] + r[1][1] + r[2][2] - 1.0) * 0.5, -1.0), 1.0)
    angle = math.acos(cosine)
    if sine >= _SMALLEST_SINE:
        factor = 1.0 / (2.0 * sine) * angle
        return np.array([component * factor for component in skew], np.float32)
    if cosine > 0:
        return np.zeros(3, np.float32)
    return _half_turn_axis(np.array(r), angle)


def axis_angle_to_matrix(axis_angle: Float32Array) -> Float32Array:
    """Return the rotation matrix of axis times angle: (3,) -> (3, 3) float32 (Rodrigues)."""
    x, y, z = (float(v) for v in axis_angle)
    angle = math.sqrt(x * x + y * y + z * z)
    if angle < _SMALLEST_ANGLE:
        return np.eye(3, dtype=np.float32)
    if not math.isfinite(angle):
        return np.full((3, 3), np.nan, np.float32)
    reciprocal = 1.0 / angle
    x, y, z = x * reciprocal, y * reciprocal, z * reciprocal
    c, s = math.cos(angle), math.sin(angle)
    t = 1.0 - c
    return np.array(
        (
            (c + t * (x * x), t * (x * y) - s * z, t * (x * z) + s * y),
            (t * (x * y) + s * z, c + t * (y * y), t * (y * z) - s * x),
            (t * (x * z) - s * y, t * (y * z) + s * x, c + t * (z * z)),
        ),
        np.float32,
    )


def _product(a: Float32Array, b: Float32Array) -> Float32Array:
    """Multiply two (3, 3) matrices, summing from the first term on, rounding every step."""
    columns = a.T[:, :, None]
    product: Float32Array = columns[0] * b[0]
    product += columns[1] * b[1]
    product += columns[2] * b[2]
    return product


def _determinant(matrix: Float32Array) -> np.float32:
    """Return the determinant of a (3, 3) matrix, computed in float64."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    return np.float32(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))


def _polar_factor(matrix: Float64Array) -> list[list[float]]:
    """Return the orthogonal polar factor U·Vᵀ of a nearly orthonormal (3, 3) float64 matrix.

    Near a gimbal lock its last bits decide the angles, so it is taken from the reference's SVD.
    """
    u, vt = jacobi_svd(matrix)
    columns = vt.T.tolist()
    return [[a * x + b * y + c * z for x, y, z in columns] for a, b, c in u.tolist()]


def _half_turn_axis(r: Float64Array, angle: float) -> Float32Array:
    """Return axis times angle of a rotation by nearly π, signs from the first row."""
    axis = np.sqrt(np.maximum((np.diag(r) + 1.0) * 0.5, 0.0))
    if r[0, 1] < 0:
        axis[1] = -axis[1]
    if r[0, 2] < 0:
        axis[2] = -axis[2]
    smallest_first = abs(axis[0]) < min(abs(axis[1]), abs(axis[2]))
    if smallest_first and (r[1, 2] > 0) != (axis[1] * axis[2] > 0):
        axis[2] = -axis[2]
    x, y, z = axis.tolist()
    return np.asarray(axis * (angle / math.sqrt(x * x + y * y + z * z)), np.float32)
