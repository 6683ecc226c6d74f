"""Every sum in the order, and with the roundings, of the reference.

The reference leaves its large products to OpenBLAS, whose Haswell and Zen kernels give each
output element one of two orders over the inner index: *running*, one fused multiply-add after
another; or *even-odd*, two running sums over even and odd indices, added at the end. Which one
depends on where in the output the element lies. Its linear algebra (OpenCV's) stores float32 and
accumulates in float64. Results depend on nothing but the inputs: not on the BLAS that NumPy was
built with, the number of threads or the processor.
"""

from __future__ import annotations

import numpy as np

from pyclnf.arithmetic import blocked_cholesky
from pyclnf.arithmetic.cholesky import cholesky_inverse, cholesky_solve
from pyclnf.arithmetic.ordered_sums import even_odd_sum, running_product, running_sum
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["ReferenceOrder"]

_LANDMARKS_AT_A_TIME = 17
"""Keeps the accumulators of one pass in the second-level cache."""


class ReferenceOrder:
    """Order-dependent sums as the reference rounds them, see :class:`pyclnf.arithmetic.Arithmetic`.

    Notes
    -----
    The orders of ``neuron_sums`` and ``gram`` have been mapped for seven neurons and for 40
    parameters, the sizes of OpenFace's 68-landmark models. Other sizes take the running order.
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
            _neuron_sums(weights[first:last], windows[first:last])
            for first, last in _parts(len(weights))
        ]
        return np.concatenate(parts) if parts else _no_sums(weights, windows)

    def sigma_products(self, sigmas: Float32Array, responses: Float32Array) -> Float32Array:
        """Return Σ · response per landmark, (n, p)."""
        parts = [
            running_sum(sigmas[first:last], responses[first:last, :, None])[..., 0]
            for first, last in _parts(len(sigmas))
        ]
        return np.concatenate(parts) if parts else responses.copy()

    def gram(
        self, weighted: Float32Array, jacobian: Float32Array, diagonal: Float32Array
    ) -> Float32Array:
        """Return weightedᵀ · jacobian + diag(diagonal), (c, c)."""
        left, right = weighted.T[None], jacobian[None]
        product: Float32Array = running_sum(left, right)[0]
        even_odd = _gram_even_odd(len(diagonal))
        if even_odd is not None:
            product[even_odd] = even_odd_sum(left, right)[0][even_odd]
        product.flat[:: len(diagonal) + 1] += diagonal
        return product

    def solve(self, hessian: Float32Array, right: Float32Array) -> Float32Array:
        """Solve by Cholesky, zeros if the matrix is not positive definite."""
        return cholesky_solve(hessian, right)

    def invert(self, matrices: Float32Array) -> Float32Array:
        """Invert positive definite matrices, (n, p, p)."""
        if _is_blocked(matrices.shape[-1]):
            return blocked_cholesky.blocked_inverse(matrices)
        return cholesky_inverse(matrices)

    def invert_scalars(self, diagonal: Float32Array, size: int) -> Float32Array:
        """Return the diagonals of the inverses of multiples of the identity, (n,)."""
        roots: Float32Array | Float64Array = np.sqrt(diagonal.astype(np.float64))
        if _is_blocked(size):
            roots = roots.astype(np.float32)
        reciprocals = (1.0 / roots.astype(np.float64)).astype(np.float32)
        return reciprocals * reciprocals


def _neuron_sums(weights: Float32Array, windows: Float32Array) -> Float32Array:
    """Give four of seven neurons the even-odd order, but not in the last of oddly many windows."""
    if weights.shape[1] != 7:
        return running_sum(weights, windows)
    paired = windows.shape[2] // 2 * 2
    sums = np.empty((len(weights), 7, windows.shape[2]), np.float32)
    sums[:, :4, :paired] = even_odd_sum(weights[:, :4], windows[:, :, :paired])
    sums[:, :4, paired:] = running_sum(weights[:, :4], windows[:, :, paired:])
    sums[:, 4:] = running_sum(weights[:, 4:], windows)
    return sums


def _gram_even_odd(size: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]] | None:
    """Mark the elements of a Gram matrix that take the even-odd order."""
    if size != 40:
        return None
    mask = np.zeros((size, size), np.bool_)
    for row in range(36):
        mask[row, slice(0, 8) if row % 12 < 6 else slice(32, 40)] = True
    mask[36:] = True
    return mask


def _is_blocked(size: int) -> bool:
    """Tell whether the reference leaves the inversion of so many rows to its blocked Cholesky."""
    return blocked_cholesky.SMALLEST <= size <= blocked_cholesky.LARGEST


def _parts(count: int) -> list[tuple[int, int]]:
    """Split landmarks into parts small enough for the cache."""
    return [
        (i, min(i + _LANDMARKS_AT_A_TIME, count)) for i in range(0, count, _LANDMARKS_AT_A_TIME)
    ]


def _no_sums(weights: Float32Array, windows: Float32Array) -> Float32Array:
    """Return the empty result of a view without visible landmarks."""
    return np.zeros((0, weights.shape[1], windows.shape[2]), np.float32)
