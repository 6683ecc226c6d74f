"""Sine and cosine: short polynomials in float64, rounded once."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["cosf", "sinf"]

_NAN = np.float32(np.nan)

_EXACT_BELOW = 120.0
_SINE_IS_ANGLE_BELOW = 2.0**-12
_QUADRANT_BITS = 24
_QUADRANTS_PER_RADIAN = float.fromhex("0x1.45F306DC9C883p-1") * 2**_QUADRANT_BITS
_QUADRANT = float.fromhex("0x1.921FB54442D18p0")
_QUADRANT_HIGH = float.fromhex("0x1.921FB544p0")
_QUADRANT_LOW = _QUADRANT - _QUADRANT_HIGH
_S1, _S2, _S3 = (
    float.fromhex(digits)
    for digits in ("-0x1.555545995a603p-3", "0x1.1107605230bc4p-7", "-0x1.994eb3774cf24p-13")
)
_C1, _C2, _C3, _C4 = (
    float.fromhex(digits)
    for digits in (
        *("-0x1.ffffffd0c621cp-2", "0x1.55553e1068f19p-5"),
        *("-0x1.6c087e89a359dp-10", "0x1.99343027bf8c3p-16"),
    )
)


def sinf(x: float | np.float32) -> np.float32:
    """Return the sine of an angle.

    Parameters
    ----------
    x : float or float32
        Radians.

    Returns
    -------
    float32
        Equal to the reference's below 120 radians in size. From there on it is Python's float64
        sine, rounded; of infinities and NaN it is NaN.
    """
    angle = float(np.float32(x))
    if abs(angle) < _SINE_IS_ANGLE_BELOW:
        return np.float32(angle)  # the polynomial would lose the sign of -0
    if abs(angle) < _EXACT_BELOW:
        return np.float32(_sine(angle, 0))
    return np.float32(math.sin(angle)) if math.isfinite(angle) else _NAN


def cosf(x: float | np.float32) -> np.float32:
    """Return the cosine of an angle.

    Parameters
    ----------
    x : float or float32
        Radians.

    Returns
    -------
    float32
        As exact as :func:`sinf`.
    """
    angle = float(np.float32(x))
    if abs(angle) < _EXACT_BELOW:
        return np.float32(_sine(angle, 1))
    return np.float32(math.cos(angle)) if math.isfinite(angle) else _NAN


def _sine(angle: float, quadrants_ahead: int) -> float:
    """Return sin(angle + quadrants_ahead · π/2) for less than 120 radians, before rounding."""
    # Truncated like the reference's: halfway, either polynomial would do, but not for all bits.
    fixed_point = int(angle * _QUADRANTS_PER_RADIAN)
    quadrant = (fixed_point + (1 << (_QUADRANT_BITS - 1))) >> _QUADRANT_BITS
    # Both products and the first difference are exact, so this rounds like one fused operation.
    rest = (angle - quadrant * _QUADRANT_HIGH) - quadrant * _QUADRANT_LOW
    quadrant += quadrants_ahead
    value = _cosine_polynomial(rest) if quadrant & 1 else _sine_polynomial(rest)
    return -value if quadrant & 2 else value


def _sine_polynomial(angle: float) -> float:
    square = angle * angle
    cube = angle * square
    return (angle + cube * _S1) + cube * square * (_S2 + square * _S3)


def _cosine_polynomial(angle: float) -> float:
    square = angle * angle
    fourth = square * square
    start = (1.0 + square * _C1) + fourth * _C2
    return start + fourth * square * (_C3 + square * _C4)
