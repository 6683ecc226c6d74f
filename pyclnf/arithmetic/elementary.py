"""The single-precision functions of the reference's C library, equal to it in every bit.

The reference takes its sines, arcs and exponentials from glibc on x86-64, and their last bits
decide which grey values move by 1/32 px. NumPy's and other C libraries round some of them
otherwise, so the same methods are carried out here in operations that IEEE 754 leaves no choice.

``sinf``, ``cosf`` and ``expf`` are those of Arm's Optimized Routines, which glibc has had since
2.29 (``expf`` since 2.27): a short polynomial in float64, rounded once. ``asinf`` and ``atan2f``
are those of Sun's fdlibm, rounded to float32 after every operation, which glibc had up to 2.40.

glibc has the first three in two builds and takes the one with fused multiply-adds where the
processor has them, as all since about 2013 do. This module equals that one. Of all float32
arguments the other differs in 12 (``sinf``) and 22 (``cosf``) below 120, and in 2 (``expf``).

Arguments of the scalar functions that are not float32 are rounded to it first.
"""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np

from pyclnf.typing import Float32Array, Float64Array, IntArray

__all__ = ["asinf", "atan2f", "cosf", "expf", "sinf"]

_NAN = np.float32(np.nan)

# sinf and cosf, in float64
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

# asinf, in float32
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

# atan2f, in float32
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

# expf, in float64
_STEP_BITS = 5
_STEPS_PER_UNIT = float.fromhex("0x1.71547652b82fep0") * 2**_STEP_BITS
_STEPS_HIGH = float.fromhex("0x1.7154765p0") * 2**_STEP_BITS
_STEPS_LOW = _STEPS_PER_UNIT - _STEPS_HIGH
# Through decimals, as the rounding of a float power is up to the machine.
_POWER_BITS = np.array(
    [float(Decimal(2) ** (Decimal(step) / 2**_STEP_BITS)) for step in range(2**_STEP_BITS)]
).view(np.int64)
_E1, _E2, _E3 = (
    float.fromhex(digits) / 2 ** (_STEP_BITS * power)
    for power, digits in enumerate(
        ("0x1.62e42ff0c52d6p-1", "0x1.ebfce50fac4f3p-3", "0x1.c6af84b912394p-5"), start=1
    )
)
_ALL_ZERO_BELOW, _ALL_INFINITE_ABOVE = -104.0, 89.0
_TO_INTEGER = 1.5 * 2.0**52
_TO_INTEGER_BITS = int(np.float64(_TO_INTEGER).view(np.int64))
_EXPONENT_SHIFT = 52
_AT_A_TIME = 8192
"""Keeps the float64 copies made for exponentials in the second-level cache."""


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


def expf(x: Float32Array) -> Float32Array:
    """Return e to the power of each element, without warnings: e**100 is infinite, as in C.

    Parameters
    ----------
    x : float32
        Any shape.

    Returns
    -------
    float32
        Equal to the reference's for every float32, subnormal results included.
    """
    powers = np.empty(x.shape, np.float32)
    exponents, flat = x.reshape(-1), powers.reshape(-1)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for first in range(0, x.size, _AT_A_TIME):
            part = slice(first, first + _AT_A_TIME)
            flat[part] = _expf(exponents[part])
    return powers


def _expf(x: Float32Array) -> Float32Array:
    """Return e to the power of each of a few elements, (n,)."""
    exponents = np.clip(x, _ALL_ZERO_BELOW, _ALL_INFINITE_ABOVE).astype(np.float64)
    # So large a summand leaves the nearest integer in the last bits, where NaN need not be cast.
    shifted = exponents * _STEPS_PER_UNIT
    shifted += _TO_INTEGER
    powers = _two_to_the(shifted.view(np.int64) - _TO_INTEGER_BITS)
    shifted -= _TO_INTEGER
    # The products and the difference are exact, so this rounds like one fused operation.
    rest = exponents * _STEPS_HIGH
    rest -= shifted
    exponents *= _STEPS_LOW
    rest += exponents
    cubic = _E3 * rest
    cubic += _E2
    cubic *= rest * rest
    rest *= _E1
    rest += 1.0
    cubic += rest
    powers *= cubic
    return powers.astype(np.float32)


def _two_to_the(steps: IntArray) -> Float64Array:
    """Return 2**(steps/32), the whole part of each exponent added to the bits of the fraction's."""
    fractions = _POWER_BITS.take(steps & (2**_STEP_BITS - 1))
    steps >>= _STEP_BITS
    steps <<= _EXPONENT_SHIFT
    fractions += steps
    powers: Float64Array = fractions.view(np.float64)
    return powers
