"""How well the response maps support where a fit has ended."""

from __future__ import annotations

import math

import numpy as np

from pyclnf.typing import BoolArray, Float32Array

__all__ = ["UNEVALUATED", "landmark_likelihoods", "log_likelihood"]

UNEVALUATED = -10.0
"""The reference's likelihood of a fit that ended before any was computed."""

_OFFSET = 1e-8


def landmark_likelihoods(
    response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
) -> Float32Array:
    """Return each visible landmark's map under an exact Gaussian around its offset.

    Parameters
    ----------
    response_maps : (n, w, w) float32
    offsets : (n, 2) float32
        dx, dy in map px, neither clamped nor snapped — of the last iteration's *start*.
    sigma : float
        Standard deviation of this scale, map px.
    visible : (n,) bool

    Returns
    -------
    (v,) float32
        For the visible landmarks, in order.
    """
    maps, centres = response_maps[visible], offsets[visible]
    index = np.arange(maps.shape[-1], dtype=np.float32)
    from_x = (centres[:, 0, None] - index) ** 2
    from_y = (centres[:, 1, None] - index) ** 2
    width = np.float32(sigma)
    exponents = -0.5 * (from_y[:, :, None] + from_x[:, None, :]).astype(np.float64)
    kernels = np.exp(exponents / float(width * width))
    terms = (maps * kernels).astype(np.float32).reshape(len(maps), index.size**2)
    return np.add.accumulate(terms, axis=1)[:, -1]


def log_likelihood(
    response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
) -> float:
    """Return the mean log likelihood over visible landmarks; parameters as above.

    NaN if no landmark is visible.
    """
    total = np.float32(0)
    likelihoods = landmark_likelihoods(response_maps, offsets, sigma, visible).tolist()
    for likelihood in likelihoods:
        logarithm = math.log(likelihood + _OFFSET) if likelihood > -_OFFSET else math.nan
        total = np.float32(float(total) + logarithm)
    return float(np.float32(float(total) / len(likelihoods))) if likelihoods else math.nan
