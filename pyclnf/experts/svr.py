"""Support vector regression patch experts: response maps of landmarks.

A linear support vector regression looks at each window, normalised, so that its value is a
correlation coefficient; a logistic function makes it a likelihood (Saragih, Lucey and Cohn, IJCV
2011), and those of several modalities of the picture are multiplied (Baltrušaitis, Robinson and
Morency, CVPR 2012).

Sums are float64, in an order of their own, so that no library decides a bit. The reference
correlates by Fourier transforms: what these round otherwise disappears in float32, except now and
then in a window with little contrast beside much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pyclnf.arithmetic.fused import fused_multiply_add
from pyclnf.model.svr_file import GRADIENT, RAW, SVRExpert, SVRModality
from pyclnf.typing import BoolArray, Float32Array, Float64Array, IntArray

__all__ = [
    "Regressions",
    "ViewExperts",
    "correlations",
    "gradients",
    "response_maps",
    "standardised",
]

_FLAT = float(np.finfo(np.float64).eps)
"""Weights of a lesser variance correlate perfectly with everything."""
_HARDLY_ABOVE_ONE = 1.125


@dataclass(frozen=True, eq=False)
class Regressions:
    """Regressions of u experts that look at the same modality.

    Attributes
    ----------
    kind : int
        `RAW` or `GRADIENT` of :mod:`pyclnf.model.svr_file`.
    experts : (u,) integers
        Which of the view's visible landmarks they belong to.
    weights : (u, s, s) float32
        First axis after the expert's is y.
    scalings, biases : (u,) float64
    """

    kind: int
    experts: IntArray
    weights: Float32Array
    scalings: Float64Array
    biases: Float64Array


@dataclass(frozen=True, eq=False)
class ViewExperts:
    """The experts of one scale and view.

    Attributes
    ----------
    visible : (n,) bool
    confidences : (n,) float32
        Summed over modalities; 0 for invisible landmarks.
    support : int
        Side of the experts' windows.
    regressions : tuple of Regressions
        In the order in which they are multiplied.
    """

    visible: BoolArray
    confidences: Float32Array
    support: int
    regressions: tuple[Regressions, ...]

    def __post_init__(self) -> None:
        for array in (self.visible, self.confidences):
            array.setflags(write=False)  # shared by all fits, and shown to observers

    @classmethod
    def prepare(cls, experts: Sequence[SVRExpert | None]) -> ViewExperts:
        """Gather one view's experts, None for invisible landmarks, into arrays."""
        seen = [expert for expert in experts if expert is not None]
        confidences = [0.0 if expert is None else _confidence(expert) for expert in experts]
        return cls(
            visible=np.array([expert is not None for expert in experts]),
            confidences=np.array(confidences, np.float32),
            support=seen[0].width if seen else 1,
            regressions=tuple(_regressions(seen)),
        )


def response_maps(areas: Float32Array, experts: ViewExperts) -> Float32Array:
    """Return the response maps of one view's visible landmarks.

    Parameters
    ----------
    areas : (v, s, s) float32
        Areas of interest, s = window + support - 1.
    experts : ViewExperts

    Returns
    -------
    (v, window, window) float32
        First axis y; each value from 0 to 1.
    """
    side = areas.shape[-1] - experts.support + 1
    maps = np.ones((len(areas), side, side), np.float32)
    for each in experts.regressions:
        looked_at = gradients if each.kind == GRADIENT else standardised
        coefficients = correlations(looked_at(areas[each.experts]), each.weights)
        maps[each.experts] *= _logistic(coefficients, each.scalings, each.biases)
    return maps


def standardised(areas: Float32Array) -> Float32Array:
    """Bring each area, (u, s, s), to mean 0 and variance 1; one without contrast to 0.

    Mean and deviation are float64, what is made of them is float32: one fused multiply-add each.
    """
    means, deviations = _mean_and_deviation(areas)
    factors = 1.0 / np.where(deviations == 0, 1.0, deviations)
    slopes, summands = factors.astype(np.float32), (-means * factors).astype(np.float32)
    return fused_multiply_add(areas, slopes[:, None, None], summands[:, None, None])


def gradients(areas: Float32Array) -> Float32Array:
    """Return squared gradients of areas, (u, s, s), by central differences; 0 at the borders."""
    found = np.zeros_like(areas)
    along_x = areas[:, 1:-1, 2:] - areas[:, 1:-1, :-2]
    along_y = areas[:, 2:, 1:-1] - areas[:, :-2, 1:-1]
    found[:, 1:-1, 1:-1] = along_x * along_x + along_y * along_y
    return found


def correlations(areas: Float32Array, weights: Float32Array) -> Float32Array:
    """Return the correlation coefficients of weights with every window of areas.

    Parameters
    ----------
    areas : (u, s, s) float32
    weights : (u, k, k) float32

    Returns
    -------
    (u, s - k + 1, s - k + 1) float32
        First axis after the expert's is y. *Quirk:* 0 for a window without contrast, or where
        rounding left a coefficient above 1.125; 1 everywhere for weights without contrast.
    """
    support = weights.shape[-1]
    means, deviations = _mean_and_deviation(weights)
    variances = deviations * deviations
    norms = np.sqrt(variances) / np.sqrt(1.0 / support**2)
    sums, squares = _window_sums(areas, support)
    # In float32: the reference keeps the products so.
    products = _products(areas, weights).astype(np.float32).astype(np.float64)
    covariances = products - sums * means[:, None, None]
    spreads = squares - sums * sums * (1.0 / support**2)
    bounds = np.sqrt(np.maximum(spreads, 0.0)) * norms[:, None, None]
    found = _quotients(covariances, bounds)
    found[variances < _FLAT] = 1.0
    return found


def _quotients(covariances: Float64Array, bounds: Float64Array) -> Float32Array:
    """Divide by what is at least as large but for rounding."""
    sizes = np.abs(covariances)
    found = np.where(sizes < _HARDLY_ABOVE_ONE * bounds, np.sign(covariances), 0.0)
    return np.divide(covariances, bounds, out=found, where=sizes < bounds).astype(np.float32)


def _products(areas: Float32Array, weights: Float32Array) -> Float64Array:
    """Return the sums of weights times pixels of every window, one running sum each."""
    support = weights.shape[-1]
    side = areas.shape[-1] - support + 1
    wide, factors = areas.astype(np.float64), weights.astype(np.float64)
    total = np.zeros((len(areas), side, side))
    for y in range(support):
        for x in range(support):
            total += factors[:, y, x, None, None] * wide[:, y : y + side, x : x + side]
    return total


def _window_sums(areas: Float32Array, support: int) -> tuple[Float64Array, Float64Array]:
    """Return the sums of the values and of their squares in every window.

    Differences of sums over all that is above and to the left, as in the reference: in a window
    without contrast, what they leave decides.
    """
    wide = areas.astype(np.float64)
    sums, squares = (_differences(values, support) for values in (wide, wide * wide))
    return sums, squares


def _differences(values: Float64Array, support: int) -> Float64Array:
    """Return the sums of (u, s, s) values in every window."""
    integrals = np.zeros((len(values), *(side + 1 for side in values.shape[1:])))
    integrals[:, 1:, 1:] = np.cumsum(np.cumsum(values, axis=2), axis=1)
    upper, lower = integrals[:, :-support], integrals[:, support:]
    above = upper[:, :, :-support] - upper[:, :, support:]
    return above - lower[:, :, :-support] + lower[:, :, support:]


def _mean_and_deviation(values: Float32Array) -> tuple[Float64Array, Float64Array]:
    """Return mean and standard deviation of each matrix, (u, k, k) -> (u,), (u,)."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    share = 1.0 / flat.shape[1]
    means, squares = (np.cumsum(each, axis=1)[:, -1] * share for each in (flat, flat * flat))
    return means, np.sqrt(np.maximum(squares - means * means, 0.0))


def _logistic(
    coefficients: Float32Array, scalings: Float64Array, biases: Float64Array
) -> Float32Array:
    """Return the logistic function of scaling · coefficient + bias."""
    with np.errstate(over="ignore"):
        arguments = coefficients * scalings[:, None, None] + biases[:, None, None]
        found: Float64Array = 1.0 / (1.0 + np.exp(-arguments))
    return found.astype(np.float32)


def _confidence(expert: SVRExpert) -> np.float32:
    """Add up the confidences of an expert's modalities, rounding after each."""
    total = np.float32(0)
    for modality in expert.modalities:
        total = np.float32(float(total) + modality.confidence)
    return total


def _regressions(experts: Sequence[SVRExpert]) -> Iterator[Regressions]:
    """Yield first all experts' first modalities, by kind, then the second ones, and so on."""
    for turn in range(max((len(expert.modalities) for expert in experts), default=0)):
        for kind in (RAW, GRADIENT):
            chosen = {
                index: expert.modalities[turn]
                for index, expert in enumerate(experts)
                if turn < len(expert.modalities) and expert.modalities[turn].kind == kind
            }
            if chosen:
                yield _gathered(kind, chosen)


def _gathered(kind: int, chosen: dict[int, SVRModality]) -> Regressions:
    """Gather modalities of one kind, by expert."""
    modalities = list(chosen.values())
    return Regressions(
        kind=kind,
        experts=np.array(list(chosen), np.intp),
        weights=np.stack([each.weights for each in modalities]),
        scalings=np.array([each.scaling for each in modalities]),
        biases=np.array([each.bias for each in modalities]),
    )
