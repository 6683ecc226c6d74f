"""Small convolutional networks: the files of OpenFace's face detector.

A file is a number of layers (int32) and then the layers, each beginning with its kind (int32):

- 0, a convolution: number of input maps and of kernels (int32), a float32 bias per kernel, and for
  each input map and each kernel a float32 matrix, all of one size.
- 1, a pooling: width and height of its window, its step in x and in y (int32).
- 2, a full connection: float32 matrices of biases (outputs × 1) and of weights (inputs × outputs).
- 3, a parametric rectifier: a float32 matrix of slopes (maps × 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from pyclnf.model.binary import BinaryReader
from pyclnf.model.layers import (
    Connection,
    Convolution,
    frozen,
    read_connection,
    read_convolution,
)
from pyclnf.typing import Float32Array

__all__ = ["Layer", "Pooling", "Rectifier", "pooled_length", "read_network"]

_MOST_OUTPUTS = 320
"""Maps or numbers that a layer may have: beyond, sums of a convolution have other orders."""

_MOST_LAYERS = 64
_LARGEST_WINDOW = 64  # px
_COLOURS = 3


@dataclass(frozen=True, slots=True)
class Pooling:
    """Maxima of windows, px. A step is at most as long as the window is."""

    width: int
    height: int
    step_x: int
    step_y: int


@dataclass(frozen=True, slots=True, eq=False)
class Rectifier:
    """Factors for what is negative.

    Attributes
    ----------
    slopes : (maps,) float32
    """

    slopes: Float32Array


Layer: TypeAlias = Convolution | Pooling | Connection | Rectifier


@dataclass(slots=True)
class _Shape:
    """What a layer gets, and the steps of the layers before."""

    maps: int
    height: int
    width: int
    step_x: int = 1
    step_y: int = 1
    flattened: bool = False

    @property
    def size(self) -> int:
        return self.maps * self.height * self.width

    def __str__(self) -> str:
        return f"{self.maps} maps of {self.width} x {self.height}"


def read_network(
    path: Path, size: int, least_outputs: int, step: int | None = None
) -> tuple[Layer, ...]:
    """Read a network, all of whose layers fit each other.

    Parameters
    ----------
    path : Path
    size : int
        Height and width of the colour picture that it is to work on.
    least_outputs : int
        How many numbers it must return for that.
    step : int, optional
        If given, it must work on larger pictures as well, and return these numbers for every part
        of that size, in steps of so many px.

    Raises
    ------
    ModelFileError
        If the file is missing or damaged, a layer does not fit what the one before returns, or too
        little is returned.
    """
    reader = BinaryReader.open(path)
    shape = _Shape(_COLOURS, size, size)
    layers = []
    for _ in range(reader.int32("number of layers", 1, _MOST_LAYERS)):
        read = _READERS[reader.int32("kind of layer", 0, len(_READERS) - 1)]
        layers.append(read(reader, shape))
    if (shape.height, shape.width) != (1, 1) or shape.maps < least_outputs:
        raise reader.error(
            f"a network that returns at least {least_outputs} numbers for {size} x {size} px",
            str(shape),
        )
    if step is not None:
        _check_slides(reader, shape, step)
    reader.finish()
    return tuple(layers)


def _check_slides(reader: BinaryReader, shape: _Shape, step: int) -> None:
    """Raise unless a network can work on larger pictures, in steps of so many px."""
    if shape.flattened or (shape.step_x, shape.step_y) != (step, step):
        kind = "connects all pixels" if shape.flattened else "does not"
        raise reader.error(f"a network that moves over a picture in steps of {step} px", kind)


def _convolution(reader: BinaryReader, shape: _Shape) -> Layer:
    """Read a convolution and shrink the maps by it."""
    start = reader.offset
    layer = read_convolution(reader, _MOST_OUTPUTS)
    outputs, inputs, height, width = layer.kernels.shape
    if inputs != shape.maps:
        raise reader.error(f"a convolution of {shape}", f"one of {inputs} maps", start)
    if height > shape.height or width > shape.width:
        raise reader.error(f"kernels that fit into {shape}", f"{width} x {height}", start)
    shape.maps, shape.height = outputs, shape.height - height + 1
    shape.width -= width - 1
    return layer


def _pooling(reader: BinaryReader, shape: _Shape) -> Layer:
    """Read a pooling and shrink the maps by it."""
    start = reader.offset
    names = ("pooling width", "pooling height", "step in x", "step in y")
    width, height, step_x, step_y = (reader.int32(name, 1, _LARGEST_WINDOW) for name in names)
    if step_x > width or step_y > height or width > shape.width or height > shape.height:
        raise reader.error(
            f"windows that fit into {shape} and leave no gaps",
            f"{width} x {height} in steps of {step_x} and {step_y}",
            start,
        )
    shape.width = pooled_length(shape.width, width, step_x)
    shape.height = pooled_length(shape.height, height, step_y)
    shape.step_x *= step_x
    shape.step_y *= step_y
    return Pooling(width, height, step_x, step_y)


def pooled_length(length: int, window: int, step: int) -> int:
    """Return how many windows of a pooling a row or column has.

    *Quirk:* their number is rounded, halves up, so that the last one may stick out.
    """
    return (2 * (length - window) + step) // (2 * step) + 1


def _connection(reader: BinaryReader, shape: _Shape) -> Layer:
    """Read a full connection; of all pixels, unless its inputs are as many as there are maps."""
    start = reader.offset
    layer = read_connection(reader, _MOST_OUTPUTS)
    inputs, outputs = layer.weights.shape
    if inputs not in (shape.maps, shape.size):
        raise reader.error(f"weights of {shape}", f"of {inputs} inputs", start)
    if inputs != shape.maps:
        shape.height = shape.width = 1
        shape.flattened = True
    shape.maps = outputs
    return layer


def _rectifier(reader: BinaryReader, shape: _Shape) -> Layer:
    """Read a parametric rectifier."""
    return Rectifier(frozen(reader.matrix("slopes", np.float32, (shape.maps, 1))[:, 0]))


_READERS = (_convolution, _pooling, _connection, _rectifier)
