"""The numbers of a Core ML program, laid out as its products want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.coreml.precision import Precision
from pyclnf.experts.ccnf import ViewExperts
from pyclnf.typing import AnyArray, Float32Array, Float64Array, IntArray

__all__ = ["ProgramConstants"]

_LARGEST_EXPONENT = 64


@dataclass(frozen=True, eq=False)
class ProgramConstants:
    """What the program of one scale, view and window size computes with.

    For v landmarks with k neurons, windows of s², maps of w² = p pixels. Windows and pixels are
    row by row. A power of two, which changes no digit, holds Sigma's products within 1, so that
    half precision neither overflows nor runs out of digits, whatever the model.

    Attributes
    ----------
    window_size, support : int
        w and s.
    weights : (v, s², k) float16 or float32
    biases : (v, 1, k) float32
    shares : (v, k, 1) float32
        What each neuron contributes to a response at most: 2α.
    diagonal : (v, p, 1) or (v, 1, 1) float32
        Of Sigma, times the power of two.
    neighbours : (v, w, p, w) float16 or float32, or None
        The rest of Sigma, likewise: entry [i, r, q, c] is what pixel (r, c) does to pixel q. None
        where neighbours do not support each other.
    units : (v, 1, 1) float32
        One over the power of two.
    """

    window_size: int
    support: int
    weights: AnyArray
    biases: Float32Array
    shares: Float32Array
    diagonal: Float32Array
    neighbours: AnyArray | None
    units: Float32Array

    @classmethod
    def of(
        cls, experts: ViewExperts, sigmas: Float32Array, window_size: int, precision: Precision
    ) -> ProgramConstants:
        """Lay out a view's experts, and their Sigma as `sigma_matrices` returns it."""
        v, k = experts.alphas.shape
        by_column = experts.weights[:, :, 1:].reshape(v, k, experts.support, experts.support)
        weights = np.ascontiguousarray(by_column.transpose(0, 3, 2, 1)).reshape(v, -1, k)
        diagonal, rest = _parted(sigmas)
        doublings = -_exponents(_largest_products(rest, window_size))
        neighbours = _scaled(rest, doublings)
        return cls(
            window_size=window_size,
            support=experts.support,
            weights=weights.astype(precision.neurons),
            biases=np.ascontiguousarray(experts.weights[:, None, :, 0]),
            shares=(2.0 * experts.alphas[:, :, None]).astype(np.float32),
            diagonal=_scaled(diagonal, doublings),
            neighbours=_by_rows(neighbours, window_size, precision) if neighbours.size else None,
            units=_scaled(np.ones((v, 1, 1)), -doublings),
        )


def _parted(sigmas: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Return the diagonal, (v, p, 1), and what is left, (v, p, p); nothing of multiples of I."""
    size = sigmas.shape[1]
    diagonal = np.diagonal(sigmas, axis1=1, axis2=2)[:, :, None]
    if size == 1:
        return diagonal, np.empty((len(sigmas), 0, 0), np.float32)
    return diagonal, np.where(np.eye(size, dtype=bool), np.float32(0), sigmas)


def _largest_products(rest: Float32Array, window_size: int) -> Float64Array:
    """Return the most that a row of pixels, each within 1, does to a pixel, (v,)."""
    v, size, _ = rest.shape
    if size == 0:
        return np.ones(v)
    rows = np.abs(rest, dtype=np.float64).reshape(v, size, window_size, window_size)
    largest: Float64Array = rows.sum(axis=3).max(axis=(1, 2))
    return largest


def _exponents(values: Float64Array) -> IntArray:
    """Return the least e with values <= 2**e; 0 for 0, and nothing beyond ±64."""
    fractions, exponents = np.frexp(values)
    exponents = np.where(fractions == 0.5, exponents - 1, exponents)
    bounded: IntArray = np.clip(exponents, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    return bounded


def _scaled(values: AnyArray, exponents: IntArray) -> Float32Array:
    """Return values of each landmark, (v, a, b), times its power of two."""
    scaled: Float32Array = np.ldexp(values, exponents[:, None, None]).astype(np.float32)
    return scaled


def _by_rows(matrices: Float32Array, window_size: int, precision: Precision) -> AnyArray:
    """Return (v, p, p) matrices as (v, w, p, w): first by the row of the second pixel."""
    v, size, _ = matrices.shape
    rows = matrices.reshape(v, size, window_size, window_size).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(rows.astype(precision.sigma))
