"""Sums whose rounding depends on their order, and the functions of the reference's C library.

The formulas of a fit leave open in which order float32 products are added up. Two answers live
here, with one interface: :mod:`~pyclnf.arithmetic.rounded_once` adds in float64 and rounds once
(fast), :mod:`~pyclnf.arithmetic.reference_order` rounds after every step in the very order the
reference uses (slow in NumPy, but equal to it in every bit).
"""

from __future__ import annotations

from typing import Protocol

from pyclnf.typing import Float32Array

__all__ = ["Arithmetic"]


class Arithmetic(Protocol):
    """The order-dependent sums of a fit. All arrays are float32."""

    @property
    def name(self) -> str:
        """Short name, as reports show it."""
        ...

    def affine(
        self, start: Float32Array, matrix: Float32Array, vector: Float32Array
    ) -> Float32Array:
        """Return start + matrix · vector: (r,), (r, c), (c,) -> (r,)."""
        ...

    def neuron_sums(self, weights: Float32Array, windows: Float32Array) -> Float32Array:
        """Return weights · windows per landmark: (n, k, p), (n, p, w) -> (n, k, w)."""
        ...

    def sigma_products(self, sigmas: Float32Array, responses: Float32Array) -> Float32Array:
        """Return Σ · response per landmark: (n, p, p), (n, p) -> (n, p)."""
        ...

    def gram(
        self, weighted: Float32Array, jacobian: Float32Array, diagonal: Float32Array
    ) -> Float32Array:
        """Return weightedᵀ · jacobian + diag(diagonal): (r, c), (r, c), (c,) -> (c, c)."""
        ...

    def solve(self, hessian: Float32Array, right: Float32Array) -> Float32Array:
        """Solve hessian · x = right by Cholesky, zeros if hessian is not positive definite."""
        ...

    def invert(self, matrices: Float32Array) -> Float32Array:
        """Invert symmetric positive definite matrices: (n, p, p) -> (n, p, p).

        Zeros for a matrix that is not positive definite, whatever the others are.
        """
        ...

    def inversion_mark(self, matrix: Float32Array) -> bytes:
        """Return what tells machines apart on which :meth:`invert` rounds differently.

        Parameters
        ----------
        matrix : (p, p) float32
            A matrix like those to be inverted.

        Returns
        -------
        bytes
            None where inverses are the same in every bit on every machine.
        """
        ...

    def invert_scalars(self, diagonal: Float32Array, size: int) -> Float32Array:
        """Return the diagonals of the inverses of multiples of the identity.

        Parameters
        ----------
        diagonal : (n,) float32
            The multiples.
        size : int
            Rows of the matrices, on which the rounding may depend.

        Returns
        -------
        (n,) float32
            0 for multiples that are not positive.
        """
        ...
