"""A face's grey values made comparable: with itself, then with the faces of the training set."""

from __future__ import annotations

import math

import numpy as np

from pyclnf.typing import Float32Array

__all__ = ["normalised"]


def normalised(values: Float32Array, mean: Float32Array, deviation: Float32Array) -> Float32Array:
    """Subtract the mean, divide by the standard deviation; once the face's own, once the given.

    Parameters
    ----------
    values : (p,) float32
        Grey values 0 … 255 in steps of 1/1024, of which float64 sums and sums of squares are exact.
    mean, deviation : (p,) float32
        Of each pixel, in normalised faces.

    Returns
    -------
    (p,) float32
        A face of one grey value is not divided by its deviation of 0.
    """
    own_mean, own_deviation = _moments(values)
    own = (values - np.float32(own_mean)) * np.float32(1.0 / (own_deviation or 1.0))
    with np.errstate(over="ignore"):
        return (own - mean) / deviation


def _moments(values: Float32Array) -> tuple[float, float]:
    """Return mean and (biased) standard deviation, as the reference rounds them."""
    wide = values.astype(np.float64)
    share = 1.0 / wide.size
    mean = float(wide.sum()) * share
    variance = float((wide * wide).sum()) * share - mean * mean
    return mean, math.sqrt(max(variance, 0.0))
