"""Convolutional experts network: response maps of landmarks.

A network looks at each window, normalised: convolutions with rectified linear units, then a mixture
of experts with sigmoids (Zadeh, Lim, Baltrušaitis and Morency, ICCVW 2017). It is evaluated at
every other position of a map, like the black fields of a chessboard; the others are the mean of
their neighbours. A network serves two landmarks: the other one sees the picture mirrored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.elementary import expf
from pyclnf.experts.windows import normalised_windows
from pyclnf.model.cen_file import RELU, SIGMOID, CENLayer
from pyclnf.typing import BoolArray, Float32Array

__all__ = ["Pass", "ViewExperts", "completed", "network_outputs", "response_maps"]

_BLACK = slice(1, None, 2)
"""Positions, column by column, that networks are evaluated at. Windows must be odd."""


@dataclass(frozen=True, eq=False)
class Pass:
    """One evaluation of a network, for one or two landmarks.

    Attributes
    ----------
    layers : tuple of CENLayer
    upright, mirrored : int or None
        The landmark that sees the picture as it is, and the one that sees it mirrored; both are
        indices among the view's visible landmarks.
    both : bool
        Whether the reference evaluates the network for two landmarks at once, on which the order
        of its sums depends, even if one of them is invisible.
    """

    layers: tuple[CENLayer, ...]
    upright: int | None
    mirrored: int | None
    both: bool

    @property
    def landmarks(self) -> tuple[int | None, ...]:
        """Whose windows the network gets, one after the other; None for nobody's."""
        if self.both:
            return self.upright, self.mirrored
        return (self.upright if self.mirrored is None else self.mirrored,)


@dataclass(frozen=True, eq=False)
class ViewExperts:
    """The experts of one scale and view.

    Attributes
    ----------
    visible : (n,) bool
    confidences : (n,) float32
        0 for invisible landmarks.
    support : int
        Side of the experts' windows.
    passes : tuple of Pass
        Each visible landmark is in exactly one.
    """

    visible: BoolArray
    confidences: Float32Array
    support: int
    passes: tuple[Pass, ...]

    def __post_init__(self) -> None:
        for array in (self.visible, self.confidences):
            array.setflags(write=False)  # shared by all fits, and shown to observers


def response_maps(
    areas: Float32Array, experts: ViewExperts, arithmetic: Arithmetic
) -> Float32Array:
    """Return the response maps of one view's visible landmarks.

    Parameters
    ----------
    areas : (v, s, s) float32
        Areas of interest, s = window + support - 1, window odd.
    experts : ViewExperts
    arithmetic : Arithmetic

    Returns
    -------
    (v, window, window) float32
        First axis y. Each value is from 0 to 1 if the last layer is a sigmoid, as in all models
        known.
    """
    side = areas.shape[-1] - experts.support + 1
    if not len(areas):
        return np.empty((0, side, side), np.float32)
    mirrored = [each.mirrored for each in experts.passes if each.mirrored is not None]
    seen = areas.copy()
    seen[mirrored] = areas[mirrored, :, ::-1]
    windows = normalised_windows(seen, experts.support)[:, :, _BLACK]
    found = np.empty((len(areas), windows.shape[2]), np.float32)
    for each in experts.passes:
        outputs = network_outputs(each.layers, _inputs(windows, each.landmarks), arithmetic)
        for index, part in zip(each.landmarks, _halves(outputs, each.both), strict=True):
            if index is not None:
                found[index] = part
    maps = completed(found)
    maps[mirrored] = maps[mirrored, :, ::-1]
    return maps


def network_outputs(
    layers: Iterable[CENLayer], inputs: Float32Array, arithmetic: Arithmetic
) -> Float32Array:
    """Return the output of a network for each column of inputs: (p, c) -> (c,) float32."""
    values = inputs
    for layer in layers:
        sums = arithmetic.neuron_sums(layer.weights[None], values[None])[0]
        values = _activated(sums + layer.biases[:, None], layer.activation)
    outputs: Float32Array = values[0]
    return outputs


def completed(black: Float32Array) -> Float32Array:
    """Return whole maps from their black fields: (v, p) -> (v, window, window).

    Parameters
    ----------
    black : (v, p) float32
        Column by column; window² = 2p + 1.

    Returns
    -------
    (v, window, window) float32
        First axis y. A white field is the mean of the two to four black ones beside it.

    Notes
    -----
    As in the reference, shares of 1/2, 1/3 or 1/4 are float32, and what they are multiplied with is
    added in float64 from left to right.
    """
    side = round((2 * black.shape[1] + 1) ** 0.5)
    columns = np.zeros((len(black), side * side), np.float32)
    columns[:, _BLACK] = black
    board = np.pad(columns.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    shares = _shares(side).astype(np.float64)
    means = np.zeros((len(black), side, side))
    for beside in _beside(board):
        means += beside * shares
    white = means.astype(np.float32).reshape(columns.shape)
    white[:, _BLACK] = black
    return np.ascontiguousarray(white.reshape(-1, side, side).transpose(0, 2, 1))


def _beside(board: Float32Array) -> tuple[Float32Array, ...]:
    """Return what is left of, above, below and right of each field of a board with a border."""
    return board[:, :-2, 1:-1], board[:, 1:-1, :-2], board[:, 1:-1, 2:], board[:, 2:, 1:-1]


def _shares(side: int) -> Float32Array:
    """Return one over the number of fields beside each field, (side, side)."""
    board = np.pad(np.ones((1, side, side), np.float32), ((0, 0), (1, 1), (1, 1)))
    count: Float32Array = np.add.reduce(_beside(board))[0]
    return np.float32(1) / count


def _inputs(windows: Float32Array, landmarks: Sequence[int | None]) -> Float32Array:
    """Return the windows of landmarks side by side, zeros for nobody's: (v, k, p) -> (k, c)."""
    nobody = np.zeros_like(windows[0])
    parts = [nobody if index is None else windows[index] for index in landmarks]
    return np.concatenate(parts, axis=1)


def _halves(outputs: Float32Array, both: bool) -> Sequence[Float32Array]:
    """Part the outputs of a pass by landmark."""
    return np.split(outputs, 2) if both else [outputs]


def _activated(sums: Float32Array, activation: int) -> Float32Array:
    """Apply a layer's activation."""
    activated: Float32Array = sums
    if activation == SIGMOID:
        activated = np.float32(1) / (np.float32(1) + expf(-sums))
    elif activation == RELU:
        activated = np.maximum(sums, np.float32(0))
    return activated
