"""Arcs of sines and tangents, rounded to float32 after every operation."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["asinf", "atan2f"]

_NAN = np.float32(np.nan)

_ONE, _TWO, _HALF = np.float32(1), np.float32(2), np.float32(0.5)
_ARCSINE = tuple(
    np.float32(coefficient)
    for coefficient in (0.1666675248, 0.07495297643, 0.04547037598, 0.02417951451, 0.0421663088)
)
_RIGHT_ANGLE_HIGH = np.float32(1.57079637050628662109375)
_RIGHT_ANGLE_LOW = np.float32(-4.37113900018624283e-8)
_EIGHTH_TURN = np.float32(0.785398185253143310546875)
_NEAR_ONE = float(np.float32(0.975))
_HEAD_BITS = 12

_ODD_ARCTANGENT = tuple(
    np.float32(coefficient)
    for coefficient in (
        *(0.33333334327, 0.14285714924, 0.090908870101),
        *(0.066610731184, 0.049768779427, 0.016285819933),
    )
)
_EVEN_ARCTANGENT = tuple(
    np.float32(coefficient)
    for coefficient in (
        *(-0.20000000298, -0.11111110449, -0.076918758452, -0.058335702866, -0.036531571299),
    )
)
_SMALL_TANGENT, _HUGE_TANGENT = 0.4375, 2.0**25
_CENTRES = tuple(
    (below, np.float32(tangent), np.float32(high), np.float32(low))
    for below, tangent, high, low in (
        (0.6875, 0.5, 0.46364760399, 5.0121582440e-09),
        (1.1875, 1.0, 0.78539812565, 3.7748947079e-08),
        (2.4375, 1.5, 0.98279368877, 3.4473217170e-08),
    )
)
_QUARTER_HIGH, _QUARTER_LOW = np.float32(1.5707962513), np.float32(7.5497894159e-08)
_PI, _PI_LOW = np.float32(3.1415927410), np.float32(-8.7422776573e-08)
_THREE_EIGHTHS_TURN = np.float32(3) * _EIGHTH_TURN

# asinf and atan2f: below it an arc is its sine and its tangent, and fourth powers would underflow
_ARC_IS_STRAIGHT_BELOW = 2.0**-29


def asinf(x: float | np.float32) -> np.float32:
    """Return the angle of a sine.

    Parameters
    ----------
    x : float or float32

    Returns
    -------
    float32
        Radians in [-π/2, π/2], equal to the reference's; NaN where x is outside [-1, 1].
    """
    sine = np.float32(x)
    size = abs(float(sine))
    if not size <= 1.0:
        return _NAN
    if size < _ARC_IS_STRAIGHT_BELOW:
        return sine
    if size < 0.5:
        return sine + sine * _arcsine_excess(sine * sine)
    angle = _large_arcsine(abs(sine))
    return angle if sine > 0 else -angle


def _arcsine_excess(square: np.float32) -> np.float32:
    """Return asin(x)/x - 1 for the square of x, up to 1/4."""
    p0, p1, p2, p3, p4 = _ARCSINE
    return square * (p0 + square * (p1 + square * (p2 + square * (p3 + square * p4))))


def _large_arcsine(sine: np.float32) -> np.float32:
    """Return asin(sine) for [1/2, 1] as π/2 - 2·asin(√((1 - sine)/2))."""
    square = (_ONE - sine) * _HALF
    root = np.float32(math.sqrt(square))
    excess = _arcsine_excess(square)
    if sine >= _NEAR_ONE:
        return _RIGHT_ANGLE_HIGH - (_TWO * (root + root * excess) - _RIGHT_ANGLE_LOW)
    head = _leading_bits(root)
    tail = (square - head * head) / (root + head)
    small = _TWO * root * excess - (_RIGHT_ANGLE_LOW - _TWO * tail)
    return _EIGHTH_TURN - (small - (_EIGHTH_TURN - _TWO * head))


def _leading_bits(value: np.float32) -> np.float32:
    """Truncate to half of a float32's bits, so that the square is exact."""
    mantissa, exponent = math.frexp(value)
    return np.float32(math.ldexp(math.floor(mantissa * 2**_HEAD_BITS), exponent - _HEAD_BITS))


def atan2f(y: float | np.float32, x: float | np.float32) -> np.float32:
    """Return the angle of the point (x, y), mind the order.

    Parameters
    ----------
    y, x : float or float32

    Returns
    -------
    float32
        Radians in [-π, π], equal to the reference's, signed zeros and infinities included; NaN if
        y or x is.
    """
    rise, run = float(np.float32(y)), float(np.float32(x))
    if math.isnan(rise) or math.isnan(run):
        return _NAN
    angle = _upper_half_angle(abs(rise), run)
    return -angle if math.copysign(1.0, rise) < 0 else angle


def _upper_half_angle(rise: float, run: float) -> np.float32:
    """Return atan2(rise, run) for rise ≥ 0."""
    leftwards = math.copysign(1.0, run) < 0
    if math.isinf(rise) and math.isinf(run):
        return _THREE_EIGHTHS_TURN if leftwards else _EIGHTH_TURN
    if math.isinf(rise) or (run == 0 and rise > 0):
        return _RIGHT_ANGLE_HIGH
    # In float64 for no overflow; a quotient rounds to float32 as if it had been divided there.
    tangent = rise / abs(run) if rise > 0 else 0.0
    angle = _arctangent(np.float32(min(tangent, _HUGE_TANGENT)))
    return _PI - (angle - _PI_LOW) if leftwards else angle


def _arctangent(tangent: np.float32) -> np.float32:
    """Return atan(tangent) for tangent ≥ 0."""
    size = float(tangent)
    if size < _ARC_IS_STRAIGHT_BELOW:
        return tangent
    if size < _SMALL_TANGENT:
        return tangent - _arctangent_deficit(tangent)
    if size >= _HUGE_TANGENT:
        return _RIGHT_ANGLE_HIGH
    rest, high, low = _from_nearest_centre(tangent, size)
    return high - ((_arctangent_deficit(rest) - low) - rest)


def _from_nearest_centre(
    tangent: np.float32, size: float
) -> tuple[np.float32, np.float32, np.float32]:
    """Return the tangent of the angle from a known one, and that one in two parts."""
    for below, centre, high, low in _CENTRES:
        if size < below:
            return (tangent - centre) / (_ONE + centre * tangent), high, low
    return -_ONE / tangent, _QUARTER_HIGH, _QUARTER_LOW


def _arctangent_deficit(x: np.float32) -> np.float32:
    """Return x - atan(x) for |x| up to 7/16."""
    square = x * x
    fourth = square * square
    a0, a2, a4, a6, a8, a10 = _ODD_ARCTANGENT
    a1, a3, a5, a7, a9 = _EVEN_ARCTANGENT
    high = a4 + fourth * (a6 + fourth * (a8 + fourth * a10))
    odd = square * (a0 + fourth * (a2 + fourth * high))
    even = fourth * (a1 + fourth * (a3 + fourth * (a5 + fourth * (a7 + fourth * a9))))
    return x * (odd + even)
