"""A convolutional network's layers, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.validator_network import Kind, Layer
from pyclnf.typing import Float32Array
from pyclnf.validation.convolution import Convolve

__all__ = ["Network", "connected", "pooled", "rectified", "sigmoid", "step_of"]

_Step: TypeAlias = Callable[[Float32Array], Float32Array]


class Network:
    """A network that takes a picture and gives scores.

    Parameters
    ----------
    layers : sequence of Layer
        That fit each other, see :func:`pyclnf.model.validator_network.check_network`.
    prepare : callable
        Makes a function of a convolutional layer.
    """

    def __init__(self, layers: Sequence[Layer], prepare: Callable[[Convolution], Convolve]) -> None:
        self._steps = [step_of(layer, prepare) for layer in layers]

    def __len__(self) -> int:
        """Return how many layers there are."""
        return len(self._steps)

    def __call__(self, picture: Float32Array) -> Float32Array:
        """Return the scores of an (h, w) picture, (classes,) float32."""
        maps = picture[None]
        for index in range(len(self)):
            maps = self.layer(index, maps)
        return maps

    def layer(self, index: int, maps: Float32Array) -> Float32Array:
        """Return what one layer makes of (k, h, w) maps, or (k,) numbers."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._steps[index](maps)


def step_of(layer: Layer, prepare: Callable[[Convolution], Convolve]) -> _Step:
    """Return a layer as a function."""
    if isinstance(layer, Convolution):
        return prepare(layer)
    if isinstance(layer, Connection):
        return connected(layer)
    return _ACTIVATIONS[layer.kind]


def connected(layer: Connection) -> _Step:
    """Return a fully connected layer: (k, h, w) or (k,) -> (m,); float64 sums, rounded once."""
    weights = np.ascontiguousarray(layer.weights.T, np.float64)
    biases = layer.biases.astype(np.float64)

    def connect(inputs: Float32Array) -> Float32Array:
        if inputs.ndim == 3:  # *Quirk:* each map column by column
            inputs = inputs.transpose(0, 2, 1)
        sums: Float32Array = (weights @ inputs.ravel() + biases).astype(np.float32)
        return sums

    return connect


def pooled(maps: Float32Array) -> Float32Array:
    """Return the largest of each 2 x 2 pixels, of fewer at odd right and lower edges.

    (k, h, w) -> (k, ceil(h / 2), ceil(w / 2)).
    """
    rows = _larger(maps[:, ::2], maps[:, 1::2])
    return _larger(rows.swapaxes(1, 2)[:, ::2], rows.swapaxes(1, 2)[:, 1::2]).swapaxes(1, 2)


def rectified(values: Float32Array) -> Float32Array:
    """Return values with 0 in place of negative ones."""
    return np.maximum(values, np.float32(0))


def sigmoid(values: Float32Array) -> Float32Array:
    """Return 1 / (1 + exp(-value))."""
    return (1.0 / (1.0 + np.exp(-values.astype(np.float64)))).astype(np.float32)


def _larger(first: Float32Array, second: Float32Array) -> Float32Array:
    """Return the larger of neighbours along axis 1; the last first one may have no neighbour."""
    larger = first.copy()
    paired = larger[:, : second.shape[1]]
    np.maximum(paired, second, out=paired)
    return larger


_ACTIVATIONS: dict[Kind, _Step] = {
    Kind.POOLING: pooled,
    Kind.RECTIFIER: rectified,
    Kind.SIGMOID: sigmoid,
}
