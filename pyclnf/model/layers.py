"""The layers that all of OpenFace's convolutional networks store alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.model.binary import BinaryReader, check_finite
from pyclnf.typing import Float32Array

__all__ = ["Connection", "Convolution", "frozen", "read_connection", "read_convolution"]

_MOST_INPUTS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """Correlations of maps with kernels, where these fit wholly. Arrays are read-only.

    Attributes
    ----------
    kernels : (outputs, inputs, height, width) float32
    biases : (outputs,) float32
    """

    kernels: Float32Array
    biases: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """A full connection of numbers, or of maps. Arrays are read-only.

    Attributes
    ----------
    weights : (inputs, outputs) float32
        Inputs that are maps follow each other column by column, map by map.
    biases : (outputs,) float32
    """

    weights: Float32Array
    biases: Float32Array


def read_convolution(reader: BinaryReader, most_outputs: int) -> Convolution:
    """Read a convolution: a bias per kernel, and for each input map and kernel a matrix.

    Raises
    ------
    ModelFileError
        If the file ends before, a number is not finite, there are no kernels or too many, or they
        have not all one size.
    """
    n_inputs = reader.int32("number of input maps", 1, _MOST_INPUTS)
    n_kernels = reader.int32("number of kernels", 1, most_outputs)
    biases = reader.records("biases", np.dtype("<f4"), n_kernels)
    check_finite(reader, "biases", biases)
    kernels = [reader.matrix("kernel", np.float32)]
    height, width = kernels[0].shape
    if not kernels[0].size:
        raise reader.error("a kernel of at least 1 x 1", f"{height} x {width}", reader.offset - 12)
    rest = n_inputs * n_kernels - 1
    kernels += [reader.matrix("kernel", np.float32, (height, width)) for _ in range(rest)]
    # In the file, all kernels of the first input map come first.
    by_input = np.stack(kernels).reshape(n_inputs, n_kernels, height, width)
    by_output = np.ascontiguousarray(by_input.swapaxes(0, 1))
    return Convolution(frozen(by_output), frozen(biases.astype(np.float32)))


def read_connection(reader: BinaryReader, most_outputs: int) -> Connection:
    """Read a full connection: biases (outputs x 1), and weights (inputs x outputs).

    Raises
    ------
    ModelFileError
        If the file ends before, a number is not finite, there are no inputs or outputs or too many
        outputs, or weights and biases do not fit each other.
    """
    start = reader.offset
    biases = reader.matrix("biases", np.float32, (None, 1))
    if not 0 < len(biases) <= most_outputs:
        raise reader.error(f"1 to {most_outputs} biases", str(len(biases)), start)
    start = reader.offset
    weights = reader.matrix("weights", np.float32, (None, len(biases)))
    if not weights.size:
        raise reader.error("at least 1 row of weights", "0", start)
    return Connection(frozen(weights), frozen(biases[:, 0]))


def frozen(array: Float32Array) -> Float32Array:
    """Return an array, read-only from now on."""
    array.setflags(write=False)
    return array
