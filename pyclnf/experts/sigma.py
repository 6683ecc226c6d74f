"""Sigma: how neighbouring pixels of a CCNF's response map support each other.

Baltrušaitis, Robinson and Morency, ICCVW 2013: the map is the mean of a Gaussian whose precision is
2·(Σα·I + Σ_k β_k·S_k), so that neurons' responses are multiplied with its inverse.
"""

from __future__ import annotations

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["precision_matrices", "sigma_matrices"]

_LANDMARKS_AT_A_TIME = 17


def sigma_matrices(
    alpha_sums: Float32Array,
    betas: Float64Array,
    components: Float32Array | None,
    window_size: int,
    arithmetic: Arithmetic,
) -> Float32Array:
    """Return Sigma of each landmark for one window size.

    Parameters
    ----------
    alpha_sums : (n,) float32
    betas : (n, b) float64
    components : (b, p, p) float32 or None
        S_k of this window size, p = window_size**2. *Quirk:* without any, neighbours do not
        support each other and only Σα is left.
    window_size : int
    arithmetic : Arithmetic

    Returns
    -------
    (n, p, p) float32, or (n, 1, 1) where Sigma is a multiple of the identity
    """
    if components is None or len(components) == 0:
        return arithmetic.invert_scalars(np.float32(2) * alpha_sums, window_size**2)[:, None, None]
    size = window_size**2
    sigmas = np.empty((len(alpha_sums), size, size), np.float32)
    for first in range(0, len(sigmas), _LANDMARKS_AT_A_TIME):
        part = slice(first, first + _LANDMARKS_AT_A_TIME)
        sigmas[part] = arithmetic.invert(
            precision_matrices(alpha_sums[part], betas[part], components)
        )
    return sigmas


@np.errstate(over="ignore")  # a damaged model: its fits fail
def precision_matrices(
    alpha_sums: Float32Array, betas: Float64Array, components: Float32Array
) -> Float32Array:
    """Return 2·(Σα·I + Σ_k β_k·S_k): (n,), (n, b), (b, p, p) -> (n, p, p) float32.

    The terms of the sum over k are added by fused multiply-adds.
    """
    size = components.shape[-1]
    total = np.zeros((len(alpha_sums), size, size), np.float32)
    for beta, component in zip(betas.T, components, strict=False):
        weight = beta.astype(np.float32).astype(np.float64)
        total = (weight[:, None, None] * component + total).astype(np.float32)
    diagonal = np.arange(size)
    total[:, diagonal, diagonal] += alpha_sums[:, None]
    return np.float32(2) * total
