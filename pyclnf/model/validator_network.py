"""The layers of a validator's convolutional network, as its file holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np

from pyclnf.model.binary import BinaryReader
from pyclnf.model.layers import Connection, Convolution, read_connection, read_convolution

__all__ = ["Activation", "Kind", "Layer", "check_network", "read_layers"]

_MOST_LAYERS, _MOST_OUTPUTS = 64, 4096
_MOST_TERMS = 1 << 24
"""Of a convolution's sums together, of one kernel each: bounds the memory that it takes."""


class Kind(IntEnum):
    """A layer's number in the file."""

    CONVOLUTION = 0
    POOLING = 1
    CONNECTED = 2
    RECTIFIER = 3
    SIGMOID = 4


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


Layer: TypeAlias = Convolution | Connection | Activation


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
        connected += isinstance(layer, Connection)
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
        return read_convolution(reader, _MOST_OUTPUTS)
    if kind is Kind.CONNECTED:
        return read_connection(reader, _MOST_OUTPUTS)
    return Activation(kind)


def _fault(layer: Layer, shape: tuple[int, ...], connected: int) -> str:
    """Say what a layer would need, empty if the input has it."""
    if isinstance(layer, Connection):
        return _fault_of_connected(layer, shape, connected)
    if isinstance(layer, Convolution):
        return _fault_of_convolution(layer, shape)
    if layer.kind is Kind.POOLING and (len(shape) != 3 or min(shape[1:]) < 2):
        return "maps of at least 2 x 2 for a pooling layer"
    return ""


def _fault_of_connected(layer: Connection, shape: tuple[int, ...], connected: int) -> str:
    if connected > 2:
        return "at most two fully connected layers"
    # A single map, or maps of a single pixel, the reference would take for something else.
    if connected == 1 and (shape[0] < 2 or shape[1] * shape[2] < 2):
        return "several maps of several pixels for the first fully connected layer"
    inputs = len(layer.weights)
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
    if isinstance(layer, Connection):
        return (len(layer.biases),)
    if isinstance(layer, Convolution):
        n_kernels, _, height, width = layer.kernels.shape
        return n_kernels, shape[1] - height + 1, shape[2] - width + 1
    if layer.kind is Kind.POOLING:
        return shape[0], (shape[1] + 1) // 2, (shape[2] + 1) // 2
    return shape
