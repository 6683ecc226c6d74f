"""Exponentials: a table of powers of two and a cubic in float64, rounded once."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pyclnf.typing import Float32Array, Float64Array, IntArray

__all__ = ["expf"]

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
