"""Every sum in the order, and with the roundings, of the reference.

The reference leaves its large products to OpenBLAS, whose orders
:mod:`pyclnf.arithmetic.product_order` knows. Its linear algebra (OpenCV's) stores float32 and
accumulates in float64. Results depend on nothing but the inputs: not on the BLAS that NumPy was
built with, the number of threads or the processor.
"""

from __future__ import annotations

import numpy as np

from pyclnf.arithmetic import blocked_cholesky
from pyclnf.arithmetic.cholesky import cholesky_inverse, cholesky_solve
from pyclnf.arithmetic.ordered_sums import running_product
from pyclnf.arithmetic.product_order import ordered_product
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["ReferenceOrder"]

_LANDMARKS_AT_A_TIME = 17
"""Keeps the accumulators of one pass in the second-level cache."""


class ReferenceOrder:
    """Order-dependent sums as the reference rounds them, see :class:`pyclnf.arithmetic.Arithmetic`.

    Exact where all landmarks have the same number of neurons, as in every model known.
    """

    name = "reference-order"

    def affine(
        self, start: Float32Array, matrix: Float32Array, vector: Float32Array
    ) -> Float32Array:
        """Return start + matrix · vector, (r,)."""
        return start + running_product(matrix, vector)

    def neuron_sums(self, weights: Float32Array, windows: Float32Array) -> Float32Array:
        """Return weights · windows per landmark, (n, k, w)."""
        parts = [
            ordered_product(weights[first:last], windows[first:last])
            for first, last in _parts(len(weights))
        ]
        return np.concatenate(parts) if parts else _no_sums(weights, windows)

    def sigma_products(self, sigmas: Float32Array, responses: Float32Array) -> Float32Array:
        """Return Σ · response per landmark, (n, p)."""
        parts = [
            ordered_product(sigmas[first:last], responses[first:last, :, None])[..., 0]
            for first, last in _parts(len(sigmas))
        ]
        return np.concatenate(parts) if parts else responses.copy()

    def gram(
        self, weighted: Float32Array, jacobian: Float32Array, diagonal: Float32Array
    ) -> Float32Array:
        """Return weightedᵀ · jacobian + diag(diagonal), (c, c)."""
        product: Float32Array = ordered_product(weighted.T[None], jacobian[None])[0]
        product.flat[:: len(diagonal) + 1] += diagonal
        return product

    def solve(self, hessian: Float32Array, right: Float32Array) -> Float32Array:
        """Solve by Cholesky, zeros if the matrix is not positive definite."""
        return cholesky_solve(hessian, right)

    def invert(self, matrices: Float32Array) -> Float32Array:
        """Invert positive definite matrices, (n, p, p)."""
        if blocked_cholesky.is_blocked(matrices.shape[-1]):
            return blocked_cholesky.blocked_inverse(matrices)
        return cholesky_inverse(matrices)

    def inversion_mark(self, matrix: Float32Array) -> bytes:
        """Return no bytes: inverses do not depend on the machine."""
        return b""

    def invert_scalars(self, diagonal: Float32Array, size: int) -> Float32Array:
        """Return the diagonals of the inverses of multiples of the identity, (n,)."""
        positive = diagonal > 0
        wide = np.where(positive, diagonal, 1).astype(np.float64)
        roots: Float32Array | Float64Array = np.sqrt(wide)
        if blocked_cholesky.is_blocked(size):
            roots = roots.astype(np.float32)
        reciprocals = (1.0 / roots.astype(np.float64)).astype(np.float32)
        return np.where(positive, reciprocals * reciprocals, np.float32(0))


def _parts(count: int) -> list[tuple[int, int]]:
    """Split landmarks into parts small enough for the cache."""
    return [
        (i, min(i + _LANDMARKS_AT_A_TIME, count)) for i in range(0, count, _LANDMARKS_AT_A_TIME)
    ]


def _no_sums(weights: Float32Array, windows: Float32Array) -> Float32Array:
    """Return the empty result of a view without visible landmarks."""
    return np.zeros((0, weights.shape[1], windows.shape[2]), np.float32)
