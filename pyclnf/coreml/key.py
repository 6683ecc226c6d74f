"""What identifies a program on disk: everything that decides its numbers."""

from __future__ import annotations

import hashlib

import numpy as np

from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.coreml.precision import Precision
from pyclnf.coreml.program import VERSION
from pyclnf.coreml.tools import tools_version
from pyclnf.experts import sigma_key
from pyclnf.experts.ccnf import ViewExperts
from pyclnf.typing import Float32Array

__all__ = ["program_key"]


def program_key(
    experts: ViewExperts,
    components: Float32Array | None,
    window_size: int,
    precision: Precision,
) -> bytes:
    """Return the SHA-256 of what a program is made of, and of what makes it.

    Of the numbers, not of the model's files, as for Sigma. Sigma is inverted in the reference's
    order, whatever backend asks: a program made on one machine serves on another.

    Parameters
    ----------
    experts : ViewExperts
        With visible landmarks.
    components : (b, p, p) float32 or None
        Of Sigma, for this window size.
    window_size : int
    precision : Precision

    Returns
    -------
    bytes
        32 of them.
    """
    types = f"{np.dtype(precision.neurons).name} {np.dtype(precision.sigma).name}"
    made = f"coreml {VERSION} {tools_version()} {types} {window_size} {experts.support}"
    digest = hashlib.sha256(made.encode())
    digest.update(_sigma(experts, components))
    for array in (experts.weights, experts.alphas):
        digest.update(f" {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()


def _sigma(experts: ViewExperts, components: Float32Array | None) -> bytes:
    """Return what identifies Sigma."""
    sums = experts.alpha_sums
    if components is None or len(components) == 0:
        return f" alone {sigma_key.VERSION} ".encode() + sums.tobytes()
    return sigma_key.sigma_key(sums, experts.betas, components, ReferenceOrder())
