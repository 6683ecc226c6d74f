"""From a network's two outputs to a score: how much something looks like a face, 0 to 1."""

from __future__ import annotations

import math

import numpy as np

from pyclnf.arithmetic.elementary import expf
from pyclnf.arithmetic.fused import rounded_sum
from pyclnf.typing import Float32Array

__all__ = ["image_library_exp", "largest_difference", "scores_of_parts", "scores_of_squares"]

_STEPS = 64
"""Of an octave, whose powers of two are in a table."""
_COEFFICIENTS = (
    *(0.9670371139572337719125840413672004409288e-2, 0.5550339366753125211915322047004666939128e-1),
    *(0.2402265109513301490103372422686535526573, 0.6931471805521448196800669615864773144641),
    1.000000000000002438532970795181890933776,
)
"""Of a polynomial that is 2**x for x within 1/128 of zero, the highest power first."""

_LEADING, *_OTHERS = (np.float32(each / _COEFFICIENTS[0]) for each in _COEFFICIENTS)
_POWERS = (_COEFFICIENTS[0] * 2.0 ** (np.arange(_STEPS) / _STEPS)).astype(np.float32)
_STEPS_PER_UNIT = np.float32(_STEPS / math.log(2))
_FARTHEST = np.float32(2079)  # beyond, 32-bit whole numbers would not do


def scores_of_parts(differences: Float32Array) -> Float32Array:
    """Return the scores of parts of a picture, in float32 as maps are computed.

    Parameters
    ----------
    differences : float32
        First output minus second one; any shape.
    """
    return np.float32(1) / (np.float32(1) + image_library_exp(differences))


def scores_of_squares(differences: Float32Array) -> Float32Array:
    """Return the scores of squares, rounded only once: from first output minus second one."""
    return (1.0 / (1.0 + expf(differences).astype(np.float64))).astype(np.float32)


def largest_difference(threshold: float) -> float:
    """Return a difference of outputs beyond which no score reaches a threshold."""
    return math.log((1.0 + 1e-5) / threshold - 1.0) if threshold > 0 else math.inf


def image_library_exp(x: Float32Array) -> Float32Array:
    """Return e to the power of each element, as the reference's image library does.

    That is OpenCV on a processor with fused multiply-adds, whose results are off by up to one part
    in a million; with others, candidates that look equally good may come in another order.
    """
    steps = np.clip(x, -_FARTHEST, _FARTHEST) * _STEPS_PER_UNIT
    whole = np.rint(steps)
    rest = (steps - whole) * np.float32(1 / _STEPS)
    wide = rest.astype(np.float64)
    polynomial = rest + _OTHERS[0]
    for coefficient in _OTHERS[1:]:
        product = polynomial.astype(np.float64) * wide
        polynomial = rounded_sum(product, np.full(product.shape, coefficient, np.float64))
    step = whole.astype(np.int32)
    exponent = np.clip((step // _STEPS) + 127, 0, 255) << 23
    powers: Float32Array = exponent.astype(np.int32).view(np.float32)
    with np.errstate(over="ignore"):
        results: Float32Array = polynomial * (_POWERS[step % _STEPS] * powers)
    return results
