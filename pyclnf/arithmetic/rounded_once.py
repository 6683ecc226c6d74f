"""Every large sum in float64, rounded to float32 once.

More accurate than the reference's own float32 sums, fast in NumPy, and independent of the order
of addition except where a float64 sum falls within its own last bits of a float32 rounding
boundary (about one sum in 10**8), so results hardly ever depend on the BLAS in use.
"""

from __future__ import annotations

import numpy as np

from pyclnf.arithmetic.cholesky import cholesky_solve
from pyclnf.arithmetic.ordered_sums import running_product
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["RoundedOnce"]

_LANDMARKS_AT_A_TIME = 8
"""Bounds the float64 copies made while inverting: 8 x 225 x 225 x 8 bytes are 3 MB."""
_ROWS = 8
"""A product is faster with rows of zeros up to a multiple of this: a third, with 8 for 7."""


class RoundedOnce:
    """Order-dependent sums in float64, see :class:`pyclnf.arithmetic.Arithmetic`."""

    name = "rounded-once"

    def affine(
        self, start: Float32Array, matrix: Float32Array, vector: Float32Array
    ) -> Float32Array:
        """Return start + matrix · vector, (r,), in the reference's own order.

        It costs little here, and shapes decide which samples move by 1/32 px.
        """
        return start + running_product(matrix, vector)

    def neuron_sums(self, weights: Float32Array, windows: Float32Array) -> Float32Array:
        """Return weights · windows per landmark, (n, k, w)."""
        neurons = weights.shape[1]
        padded = np.zeros((len(weights), _up_to_whole(neurons, _ROWS), weights.shape[2]))
        padded[:, :neurons] = weights
        sums = np.matmul(padded, windows.astype(np.float64))
        rounded: Float32Array = sums[:, :neurons].astype(np.float32)
        return rounded

    def sigma_products(self, sigmas: Float32Array, responses: Float32Array) -> Float32Array:
        """Return Σ · response per landmark, (n, p)."""
        products = np.empty(responses.shape, np.float32)
        for first in range(0, len(sigmas), _LANDMARKS_AT_A_TIME):
            part = slice(first, first + _LANDMARKS_AT_A_TIME)
            column = responses[part, :, None].astype(np.float64)
            products[part] = np.matmul(sigmas[part].astype(np.float64), column)[..., 0]
        return products

    def gram(
        self, weighted: Float32Array, jacobian: Float32Array, diagonal: Float32Array
    ) -> Float32Array:
        """Return weightedᵀ · jacobian + diag(diagonal), (c, c)."""
        right = jacobian.astype(np.float64)
        # Of the same array twice, NumPy has only half of the product computed.
        left = right if weighted is jacobian else weighted.astype(np.float64)
        rounded: Float32Array = np.dot(left.T, right).astype(np.float32)
        rounded.flat[:: len(diagonal) + 1] += diagonal
        return rounded

    def solve(self, hessian: Float32Array, right: Float32Array) -> Float32Array:
        """Solve by Cholesky, zeros if the matrix is not positive definite.

        As the reference rounds it: its float32 factor moves parameters by up to 3e-5, far more
        than any sum does, and would be most of the difference between the two.
        """
        return cholesky_solve(hessian, right)

    def invert(self, matrices: Float32Array) -> Float32Array:
        """Invert positive definite matrices, (n, p, p); zeros for one that is not."""
        inverses = np.empty_like(matrices)
        for first in range(0, len(matrices), _LANDMARKS_AT_A_TIME):
            part = slice(first, first + _LANDMARKS_AT_A_TIME)
            inverses[part] = _inverse(matrices[part].astype(np.float64))
        return inverses

    def inversion_mark(self, matrix: Float32Array) -> bytes:
        """Return the inverse in float64, in whose last bits this machine's LAPACK shows."""
        return _inverse(matrix[None].astype(np.float64)).tobytes()

    def invert_scalars(self, diagonal: Float32Array, size: int) -> Float32Array:
        """Return the diagonals of the inverses of multiples of the identity, (n,)."""
        positive = diagonal > 0
        return np.where(positive, np.float32(1) / np.where(positive, diagonal, 1), 0)


def _up_to_whole(count: int, multiple: int) -> int:
    """Return the next multiple of a number."""
    return -(-count // multiple) * multiple


def _inverse(matrices: Float64Array) -> Float64Array:
    """Invert matrices, (n, p, p); zeros for one that is not positive definite."""
    try:
        np.linalg.cholesky(matrices)
        return np.asarray(np.linalg.inv(matrices), np.float64)
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.zeros_like(matrices)
        return np.concatenate([_inverse(matrix[None]) for matrix in matrices])
