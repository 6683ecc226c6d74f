"""What identifies Sigma matrices on disk: everything that decides their bits."""

from __future__ import annotations

import sys

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.experts.sigma import precision_matrices
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["VERSION", "sigma_key"]

VERSION = 1
"""Of how Sigma is computed; a test fails if its bits change and this does not."""


def sigma_key(
    alpha_sums: Float32Array, betas: Float64Array, components: Float32Array, arithmetic: Arithmetic
) -> bytes:
    """Return the SHA-256 of what :func:`pyclnf.experts.sigma.sigma_matrices` is given.

    Of the numbers, not of the model's files: copies of a model, and models that share a scale,
    share Sigma. Of an arithmetic that leaves inversion to a library also of that library's result
    for the first matrix, so that machines on which it rounds differently do not.

    Parameters
    ----------
    alpha_sums : (n,) float32
        n is not 0.
    betas : (n, b) float64
    components : (b, p, p) float32
    arithmetic : Arithmetic

    Returns
    -------
    bytes
        32 of them.
    """
    import hashlib  # Only where there is a cache: it would add milliseconds to importing.

    first = precision_matrices(alpha_sums[:1], betas[:1], components)[0]
    digest = hashlib.sha256(f"sigma {VERSION} {arithmetic.name} {sys.byteorder}".encode())
    digest.update(arithmetic.inversion_mark(first))
    for array in (alpha_sums, betas, components):
        digest.update(f" {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()
