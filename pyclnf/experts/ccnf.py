"""Continuous conditional neural field patch experts: response maps of landmarks.

Baltrušaitis, Robinson and Morency, ICCVW 2013, eq. 5-12.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.elementary import expf
from pyclnf.experts.windows import normalised_windows
from pyclnf.model import CCNFExpert
from pyclnf.typing import BoolArray, Float32Array, Float64Array

__all__ = ["ViewExperts", "neuron_responses", "response_maps", "shifted_to_zero"]

_SMALLEST_ALPHA = 1e-4
_WINDOWS_AT_A_TIME = 1170
"""Of so many positions, whatever landmarks they belong to: the responses of seven neurons are one
batch of exponentials. Copies of many more are paged in anew at every use."""


@dataclass(frozen=True, eq=False)
class ViewExperts:
    """The experts of one scale and view, as arrays over its v visible landmarks.

    Attributes
    ----------
    visible : (n,) bool
    confidences : (n,) float32
        0 for invisible landmarks.
    support : int
        Side of the experts' windows.
    weights : (v, k, 1 + support**2) float32
        Bias, then norm times weights column by column. Padded with zeros where landmarks have
        different numbers of neurons.
    alphas : (v, k) float64
        0 for neurons that the reference skips (alpha of at most 1e-4) and for padding.
    alpha_sums : (v,) float32
        Over all neurons, skipped ones included.
    betas : (v, b) float64
    """

    visible: BoolArray
    confidences: Float32Array
    support: int
    weights: Float32Array
    alphas: Float64Array
    alpha_sums: Float32Array
    betas: Float64Array

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                array.setflags(write=False)  # shared by all fits, and shown to observers

    @classmethod
    def prepare(cls, experts: tuple[CCNFExpert | None, ...]) -> ViewExperts:
        """Gather one view's experts, None for invisible landmarks, into arrays."""
        seen = [expert for expert in experts if expert is not None]
        neurons = max((len(expert.alphas) for expert in seen), default=0)
        support = seen[0].width if seen else 1
        weights = np.zeros((len(seen), neurons, 1 + support**2), np.float32)
        alphas = np.zeros((len(seen), neurons))
        for row, expert in enumerate(seen):
            weights[row, : len(expert.alphas)] = _weight_rows(expert)
            alphas[row, : len(expert.alphas)] = expert.alphas
        confidences = [0.0 if expert is None else expert.confidence for expert in experts]
        return cls(
            visible=np.array([expert is not None for expert in experts]),
            confidences=np.array(confidences, np.float32),
            support=support,
            weights=weights,
            alphas=np.where(alphas > _SMALLEST_ALPHA, alphas, 0.0),
            alpha_sums=_running_sums(alphas),
            betas=np.array([expert.betas for expert in seen]) if seen else np.zeros((0, 0)),
        )


def response_maps(
    areas: Float32Array, experts: ViewExperts, sigmas: Float32Array, arithmetic: Arithmetic
) -> Float32Array:
    """Return the response maps of one view's visible landmarks.

    Parameters
    ----------
    areas : (v, s, s) float32
        Areas of interest, s = window + support - 1.
    experts : ViewExperts
    sigmas : (v, p, p) or (v, 1, 1) float32
        See :func:`pyclnf.experts.sigma.sigma_matrices`.
    arithmetic : Arithmetic

    Returns
    -------
    (v, window, window) float32
        First axis y. Not negative: a map whose least value is negative is lifted to 0; nothing
        else is normalised.
    """
    window_size = areas.shape[-1] - experts.support + 1
    maps = np.empty((len(areas), window_size, window_size), np.float32)
    at_a_time = max(1, _WINDOWS_AT_A_TIME // window_size**2)
    for first in range(0, len(areas), at_a_time):
        part = slice(first, first + at_a_time)
        windows = normalised_windows(areas[part], experts.support)
        sums = arithmetic.neuron_sums(experts.weights[part], windows)
        responses = neuron_responses(sums, experts.alphas[part])
        smoothed = _apply_sigma(responses, sigmas[part], arithmetic)
        maps[part] = shifted_to_zero(smoothed).reshape(-1, window_size, window_size)
    return maps


def neuron_responses(sums: Float32Array, alphas: Float64Array) -> Float32Array:
    """Return Σ 2α / (1 + exp(-z)) over neurons.

    Parameters
    ----------
    sums : (v, k, p) float32
        z, windows enumerated column by column.
    alphas : (v, k) float64

    Returns
    -------
    (v, p) float32
        Row by row: enumerated column by column, the map came out transposed.

    Notes
    -----
    The exponential is rounded to float32, the quotient is not, and each sum is.
    """
    quotients = expf(-sums).astype(np.float64)
    quotients += 1.0
    np.divide((2.0 * alphas)[:, :, None], quotients, out=quotients)
    total: Float32Array = np.zeros((len(sums), sums.shape[2]), np.float32)
    for neuron in range(sums.shape[1]):
        total = (total + quotients[:, neuron]).astype(np.float32)
    return _transposed(total)


def shifted_to_zero(maps: Float32Array) -> Float32Array:
    """Subtract the least value of each map, (v, p), where it is negative."""
    least: Float32Array = maps.min(axis=1, keepdims=True)
    return maps - np.minimum(least, np.float32(0))


def _apply_sigma(
    responses: Float32Array, sigmas: Float32Array, arithmetic: Arithmetic
) -> Float32Array:
    """Multiply each landmark's responses, (v, p), with its Sigma."""
    if sigmas.shape[-1] == 1:
        return responses * sigmas[:, :, 0]
    return arithmetic.sigma_products(sigmas, responses)


def _transposed(maps: Float32Array) -> Float32Array:
    """Transpose flattened square maps, (v, p)."""
    side = round(maps.shape[1] ** 0.5)
    return np.ascontiguousarray(maps.reshape(-1, side, side).transpose(0, 2, 1)).reshape(maps.shape)


def _weight_rows(expert: CCNFExpert) -> Float32Array:
    """Return an expert's neurons as rows: bias, then norm times weights column by column."""
    columns = expert.weights.transpose(0, 2, 1).reshape(len(expert.alphas), -1)
    with np.errstate(over="ignore"):  # a damaged model: its fits fail
        scaled = columns * expert.norms.astype(np.float32)[:, None]
    return np.concatenate((expert.biases.astype(np.float32)[:, None], scaled), axis=1)


def _running_sums(alphas: Float64Array) -> Float32Array:
    """Sum each row, rounding to float32 after every term."""
    total = np.zeros(len(alphas), np.float32)
    for column in alphas.T:
        total = (total + column).astype(np.float32)
    return total
