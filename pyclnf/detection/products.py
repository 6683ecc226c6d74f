"""The large sums of networks: in float64, rounded once; or in the order of the reference."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pyclnf.arithmetic.ordered_sums import running_sum
from pyclnf.arithmetic.product_order import ordered_product, term_groups
from pyclnf.typing import Float32Array

__all__ = ["LEAST_ORDERED", "Products", "ReferenceOrder", "RoundedOnce", "connected_in_float64"]

LEAST_ORDERED = 100
"""Outputs of the connections that the reference leaves to its BLAS; smaller ones are in float64."""


class Products(Protocol):
    """How the sums of convolutions and of full connections are added up."""

    def windows(self, terms: Float32Array, weights: Float32Array) -> Float32Array:
        """Return terms · weights: (k, windows, t), (t, outputs) -> (k, windows, outputs)."""
        ...

    def connected(
        self, numbers: Float32Array, weights: Float32Array, biases: Float32Array
    ) -> Float32Array:
        """Return numbers · weights + biases: (k, t), (t, outputs), (outputs,) -> (k, outputs)."""
        ...


class RoundedOnce:
    """Every sum in float64, rounded to float32 once."""

    def windows(self, terms: Float32Array, weights: Float32Array) -> Float32Array:
        """Return terms · weights, (k, windows, outputs)."""
        sums: Float32Array = np.matmul(terms.astype(np.float64), weights.astype(np.float64)).astype(
            np.float32
        )
        return sums

    def connected(
        self, numbers: Float32Array, weights: Float32Array, biases: Float32Array
    ) -> Float32Array:
        """Return numbers · weights + biases, (k, outputs)."""
        return connected_in_float64(numbers, weights, biases)


class ReferenceOrder:
    """Every sum in the order, and with the roundings, of the reference's BLAS."""

    def windows(self, terms: Float32Array, weights: Float32Array) -> Float32Array:
        """Return terms · weights, (k, windows, outputs)."""
        return ordered_product(terms, np.broadcast_to(weights, (len(terms), *weights.shape)))

    def connected(
        self, numbers: Float32Array, weights: Float32Array, biases: Float32Array
    ) -> Float32Array:
        """Return numbers · weights + biases, (k, outputs).

        Groups of terms are added to the biases one after another, each a running sum.
        """
        if len(biases) < LEAST_ORDERED:
            return connected_in_float64(numbers, weights, biases)
        total = np.broadcast_to(biases, (len(numbers), len(biases)))
        for start, stop in term_groups(len(weights)):
            total = total + running_sum(numbers[None, :, start:stop], weights[None, start:stop])[0]
        return total


def connected_in_float64(
    numbers: Float32Array, weights: Float32Array, biases: Float32Array
) -> Float32Array:
    """Return numbers · weights + biases, added term after term, biases last, and rounded once."""
    total = np.zeros((len(numbers), len(biases)))
    for values, factors in zip(numbers.T.astype(np.float64), weights, strict=True):
        total += values[:, None] * factors
    total += biases
    return total.astype(np.float32)
