"""A network laid out for the compiled kernels, and the memory that these need."""

from __future__ import annotations

import math

import numpy as np

from pyclnf.arithmetic.product_order import term_groups
from pyclnf.detection.layers import convolution_weights
from pyclnf.detection.products import LEAST_ORDERED
from pyclnf.kernels import _detection
from pyclnf.kernels.prepared import Workspace
from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.network_file import Layer, Pooling
from pyclnf.typing import ByteArray, Float32Array, Int32Array, IntArray

__all__ = ["PreparedNetwork"]

_CONVOLUTION, _POOLING, _RECTIFIER, _PIXELWISE, _ORDERED, _WIDE = range(6)
_BLOCK, _PADDING = 8, 16
_NOTHING = np.empty(0, np.float32)
_NO_GROUPS = np.empty((0, 2), np.int32)

_Prepared = tuple[int, tuple[int, ...], Float32Array, Float32Array, Int32Array]


class PreparedNetwork:
    """A network for the kernels of one level.

    Parameters
    ----------
    level : int
    layers : tuple of Layer
    """

    def __init__(self, level: int, layers: tuple[Layer, ...]) -> None:
        self._network = _detection.Network(level, _prepared(layers))
        self._workspace = Workspace()

    def look(self, planes: ByteArray, regions: IntArray, height: int, width: int) -> Float32Array:
        """Return what the network makes of regions of a picture.

        Parameters
        ----------
        planes : (3, H, W) uint8
        regions : (k, 4) int
            Left, upper, rows, columns in px.
        height, width : int
            What they are scaled to.

        Returns
        -------
        (k, outputs, h, w) float32
        """
        shape = self._network.output_shape(height, width)
        outputs = np.empty((len(regions), *shape), np.float32)
        _detection.look(
            self._network,
            planes,
            np.ascontiguousarray(regions, np.int64),
            height,
            width,
            outputs.reshape(len(regions), math.prod(shape)),
            self._workspace.floats(self._network.workspace_floats(height, width)),
        )
        return outputs


def _prepared(layers: tuple[Layer, ...]) -> list[_Prepared]:
    """Lay layers out for the kernels."""
    prepared, maps, numbers = [], 3, False
    for layer in layers:
        if isinstance(layer, Convolution):
            prepared.append(_convolution(layer))
        elif isinstance(layer, Pooling):
            prepared.append(_pooling(layer, maps))
        elif isinstance(layer, Connection):
            numbers = numbers or len(layer.weights) != maps
            prepared.append(_connection(layer, numbers=numbers))
        else:
            sizes = (maps, maps, 1, 1, 1, 1)
            prepared.append((_RECTIFIER, sizes, layer.slopes, _NOTHING, _NO_GROUPS))
        maps = prepared[-1][1][1]
    return prepared


def _convolution(layer: Convolution) -> _Prepared:
    """Lay kernels out by blocks of outputs, term by term."""
    outputs, inputs, height, width = layer.kernels.shape
    padded = _padded(convolution_weights(layer), _BLOCK)
    blocks = padded.reshape(len(padded), -1, _BLOCK).transpose(1, 0, 2)
    sizes = (inputs, outputs, height, width, 1, 1)
    return _CONVOLUTION, sizes, _flat(blocks), _NOTHING, _groups(len(padded))


def _pooling(layer: Pooling, maps: int) -> _Prepared:
    """Tell a pooling's sizes."""
    sizes = (maps, maps, layer.height, layer.width, layer.step_y, layer.step_x)
    return _POOLING, sizes, _NOTHING, _NOTHING, _NO_GROUPS


def _connection(layer: Connection, *, numbers: bool) -> _Prepared:
    """Lay weights out row by row, input by input."""
    inputs, outputs = layer.weights.shape
    ordered = _ORDERED if outputs >= LEAST_ORDERED else _WIDE
    weights = _flat(_padded(layer.weights, _PADDING))
    biases = _flat(_padded(layer.biases[None], _PADDING))
    kind = ordered if numbers else _PIXELWISE
    return kind, (inputs, outputs, 1, 1, 1, 1), weights, biases, _groups(inputs)


def _padded(rows: Float32Array, multiple: int) -> Float32Array:
    """Return rows with zeros up to a multiple of so many columns."""
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % multiple)))


def _flat(array: Float32Array) -> Float32Array:
    """Return an array as the kernels take it."""
    return np.ascontiguousarray(array).reshape(-1)


def _groups(terms: int) -> Int32Array:
    """Return the groups of terms that are summed by themselves."""
    return np.array(term_groups(terms), np.int32)
