"""The layers of a validator's convolutional network, as its file holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np

from pyclnf.model.binary import BinaryReader, check_finite
from pyclnf.typing import Float32Array

__all__ = [
    "Activation",
    "Connected",
    "Convolution",
    "Kind",
    "Layer",
    "check_network",
    "read_layers",
]

_MOST_LAYERS, _MOST_MAPS = 64, 4096
_MOST_TERMS = 1 << 24
"""Of a convolution's sums together, of one kernel each: bounds the memory that it takes."""


class Kind(IntEnum):
    """A layer's number in the file."""

    CONVOLUTION = 0
    POOLING = 1
    CONNECTED = 2
    RECTIFIER = 3
    SIGMOID = 4


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """Correlation of k input maps with kernels of (h, w) into m maps, where kernels fit wholly.

    Attributes
    ----------
    kernels : ndarray of float32, shape (m, k, h, w)
    biases : ndarray of float32, shape (m,)
    """

    kernels: Float32Array
    biases: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Connected:
    """A fully connected layer from k to m numbers.

    The first one of a network takes maps: one after another, each column by column.

    Attributes
    ----------
    weights : ndarray of float32, shape (m, k)
    biases : ndarray of float32, shape (m,)
    """

    weights: Float32Array
    biases: Float32Array


@dataclass(frozen=True, slots=True)
class Activation:
    """A layer without numbers of its own.

    Attributes
    ----------
    kind : Kind
        POOLING (the largest of 2 x 2 in steps of 2, of what is there at the right and lower edge),
        RECTIFIER (negative numbers become 0) or SIGMOID.
    """

    kind: Kind


Layer: TypeAlias = Convolution | Connected | Activation


def read_layers(reader: BinaryReader) -> list[tuple[int, Layer]]:
    """Read a network.

    Parameters
    ----------
    reader
        At its number of layers; afterwards behind it.

    Returns
    -------
    list of (int, Layer)
        Each layer with the byte offset of its beginning.

    Raises
    ------
    ModelFileError
        If the file ends before, or a layer is of no known kind, has kernels of different sizes, as
        many biases as it should not have, or numbers that are not finite.
    """
    n_layers = reader.int32("number of layers", 1, _MOST_LAYERS)
    return [(reader.offset, _read_layer(reader)) for _ in range(n_layers)]


def check_network(
    reader: BinaryReader, layers: Sequence[tuple[int, Layer]], picture: tuple[int, ...]
) -> None:
    """Check that each layer fits what the one before gives, from an (h, w) picture to scores.

    Raises
    ------
    ModelFileError
        At the first layer that does not fit; or if it does not end with two fully connected layers
        (only activations may stand between and behind), which is what the reference can compute.
    """
    shape: tuple[int, ...] = (1, *picture)
    connected = 0
    for offset, layer in layers:
        connected += isinstance(layer, Connected)
        fault = _fault(layer, shape, connected)
        if fault:
            raise reader.error(fault, f"input of {' x '.join(map(str, shape))}", offset)
        shape = _output(layer, shape)
    if connected != 2:
        expected = "two fully connected layers at the end of a network"
        raise reader.error(expected, str(connected), layers[-1][0])


def _read_layer(reader: BinaryReader) -> Layer:
    kind = Kind(reader.int32("kind of layer", min(Kind), max(Kind)))
    if kind is Kind.CONVOLUTION:
        return _read_convolution(reader)
    if kind is Kind.CONNECTED:
        return _read_connected(reader)
    return Activation(kind)


def _read_convolution(reader: BinaryReader) -> Convolution:
    n_inputs = reader.int32("number of input maps", 1, _MOST_MAPS)
    n_kernels = reader.int32("number of kernels of each map", 1, _MOST_MAPS)
    biases = reader.records("biases", np.dtype("<f4"), n_kernels)
    check_finite(reader, "biases", biases)
    kernels = [reader.matrix("kernel", np.float32)]
    height, width = kernels[0].shape
    if not kernels[0].size:
        raise reader.error("a kernel of at least 1 x 1", f"{height} x {width}", reader.offset - 12)
    rest = n_inputs * n_kernels - 1
    kernels += [reader.matrix("kernel", np.float32, (height, width)) for _ in range(rest)]
    # In the file, all kernels of the first input map come first.
    stacked = np.stack(kernels).reshape(n_inputs, n_kernels, height, width)
    return Convolution(
        _read_only(np.ascontiguousarray(stacked.transpose(1, 0, 2, 3))),
        _read_only(biases.astype(np.float32)),
    )


def _read_connected(reader: BinaryReader) -> Connected:
    biases = reader.matrix("biases", np.float32, (None, 1))
    if not biases.size:
        raise reader.error("at least 1 bias", "0", reader.offset - 12)
    start = reader.offset
    weights = reader.matrix("weights", np.float32, (None, len(biases)))
    if not weights.size:
        raise reader.error("at least 1 row of weights", "0", start)
    return Connected(_read_only(weights.T.copy()), _read_only(biases[:, 0]))


def _fault(layer: Layer, shape: tuple[int, ...], connected: int) -> str:
    """Say what a layer would need, empty if the input has it."""
    if isinstance(layer, Connected):
        return _fault_of_connected(layer, shape, connected)
    if isinstance(layer, Convolution):
        return _fault_of_convolution(layer, shape)
    if layer.kind is Kind.POOLING and (len(shape) != 3 or min(shape[1:]) < 2):
        return "maps of at least 2 x 2 for a pooling layer"
    return ""


def _fault_of_connected(layer: Connected, shape: tuple[int, ...], connected: int) -> str:
    if connected > 2:
        return "at most two fully connected layers"
    # A single map, or maps of a single pixel, the reference would take for something else.
    if connected == 1 and (shape[0] < 2 or shape[1] * shape[2] < 2):
        return "several maps of several pixels for the first fully connected layer"
    inputs = layer.weights.shape[1]
    return "" if inputs == np.prod(shape) else f"{inputs} inputs of a fully connected layer"


def _fault_of_convolution(layer: Convolution, shape: tuple[int, ...]) -> str:
    n_inputs, height, width = layer.kernels.shape[1:]
    fits = len(shape) == 3 and shape[0] == n_inputs
    if not (fits and height <= shape[1] and width <= shape[2]):
        return f"{n_inputs} maps of at least {height} x {width} for a convolutional layer"
    positions = (shape[1] - height + 1) * (shape[2] - width + 1)
    if positions * n_inputs * height * width > _MOST_TERMS:
        return f"a convolutional layer of at most {_MOST_TERMS} products per kernel"
    return ""


def _output(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of what a layer gives."""
    if isinstance(layer, Connected):
        return (len(layer.biases),)
    if isinstance(layer, Convolution):
        n_kernels, _, height, width = layer.kernels.shape
        return n_kernels, shape[1] - height + 1, shape[2] - width + 1
    if layer.kind is Kind.POOLING:
        return shape[0], (shape[1] + 1) // 2, (shape[2] + 1) // 2
    return shape


def _read_only(array: Float32Array) -> Float32Array:
    array.setflags(write=False)
    return array
