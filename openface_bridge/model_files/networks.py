"""The small convolutional networks of OpenFace's validator and of its face detector.

The face detector's files are walked through, not kept: enough to know that reading them stays
within the file. The validator's is read as pyclnf reads it, which knows that its layers fit.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pyclnf.model import ModelFileError, read_validator
from pyclnf.model.binary import BinaryReader

__all__ = ["check_network", "check_validator"]

_CONVOLUTION, _POOLING, _CONNECTED, _PRELU, _SIGMOID = range(5)
_MOST_LAYERS, _MOST_MAPS = 64, 4096


def check_network(path: Path) -> None:
    """Check one network of the face detector.

    Raises
    ------
    ModelFileError
    """
    reader = BinaryReader.open(path)
    for _ in range(reader.int32("number of layers", 1, _MOST_LAYERS)):
        _check_layer(reader)
    reader.finish()


def check_validator(path: Path, n_landmarks: int) -> None:
    """Check a validator.

    Parameters
    ----------
    path : Path
    n_landmarks : int
        Of the model that it judges.

    Raises
    ------
    ModelFileError
    """
    found = read_validator(path).n_landmarks
    if found != n_landmarks:
        raise ModelFileError(path, f"a validator of {n_landmarks} landmarks", str(found))


def _check_layer(reader: BinaryReader) -> None:
    """Walk through one layer; a sigmoid has nothing but its kind."""
    kind = reader.int32("kind of layer", _CONVOLUTION, _SIGMOID)
    if kind == _CONVOLUTION:
        _check_convolution(reader)
    elif kind == _POOLING:
        for what in ("pooling width", "pooling height", "step in x", "step in y"):
            reader.int32(what, 1, _MOST_MAPS)
    elif kind == _CONNECTED:
        reader.matrix("biases", np.float32)
        reader.matrix("weights", np.float32)
    elif kind == _PRELU:
        reader.matrix("slopes", np.float32)


def _check_convolution(reader: BinaryReader) -> None:
    """Walk through a convolutional layer; its kernels must be of one size."""
    maps = reader.int32("number of input maps", 1, _MOST_MAPS)
    kernels = reader.int32("number of kernels", 1, _MOST_MAPS)
    reader.take(4 * kernels, "biases")
    shapes = {reader.matrix("kernel", np.float32).shape for _ in range(maps * kernels)}
    if len(shapes) != 1 or 0 in next(iter(shapes)):
        raise reader.error("kernels of one size", f"{sorted(shapes)}")
