"""The small convolutional networks of OpenFace's validator and of its face detector.

Their files are walked through, not kept: enough to know that reading them stays within the file and
that the layers' sizes fit each other as far as the file alone can tell.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pyclnf.model.binary import BinaryReader

__all__ = ["check_network", "check_validator"]

_VALIDATOR_TYPE = 3
_CONVOLUTION, _POOLING, _CONNECTED, _PRELU, _SIGMOID = range(5)
_BARE_IN_VALIDATOR = {_POOLING, _PRELU, _SIGMOID}
_BARE_IN_DETECTOR = {_SIGMOID}
"""Layers of which the file holds nothing but their kind."""

_MOST_VIEWS, _MOST_LAYERS, _MOST_MAPS = 256, 64, 4096


def check_network(path: Path) -> None:
    """Check one network of the face detector.

    Raises
    ------
    ModelFileError
    """
    reader = BinaryReader.open(path)
    for _ in range(reader.int32("number of layers", 1, _MOST_LAYERS)):
        _check_layer(reader, _BARE_IN_DETECTOR)
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
    reader = BinaryReader.open(path)
    reader.int32("validator type", _VALIDATOR_TYPE, _VALIDATOR_TYPE)
    n_views = reader.int32("number of views", 1, _MOST_VIEWS)
    for view in range(n_views):
        reader.matrix(f"orientation of view {view}", np.float64, (3, 1))
    for view in range(n_views):
        _check_view(reader, view, n_landmarks)
    reader.finish()


def _check_view(reader: BinaryReader, view: int, n_landmarks: int) -> None:
    """Walk through one view's normalisation, network and piecewise affine warp."""
    mean = reader.matrix(f"mean image of view {view}", np.float64)
    reader.matrix(f"standard deviations of view {view}", np.float64, mean.shape)
    for _ in range(reader.int32("number of layers", 1, _MOST_LAYERS)):
        _check_layer(reader, _BARE_IN_VALIDATOR)
    _check_warp(reader, n_landmarks)


def _check_warp(reader: BinaryReader, n_landmarks: int) -> None:
    """Walk through a piecewise affine warp."""
    reader.int32("number of pixels", minimum=1)
    reader.float64("least x")
    reader.float64("least y")
    reader.matrix("destination landmarks", np.float64, (2 * n_landmarks, 1))
    triangles = reader.matrix("triangles", np.int32, (None, 3))
    _require_range(reader, "a landmark of a triangle", triangles, 0, n_landmarks - 1)
    ids = reader.matrix("triangle of each pixel", np.int32)
    _require_range(reader, "a pixel's triangle", ids, -1, len(triangles) - 1)
    reader.matrix("pixel mask", np.int32, ids.shape)
    for name in ("alpha", "beta"):
        reader.matrix(name, np.float64, (len(triangles), 3))


def _require_range(
    reader: BinaryReader,
    what: str,
    values: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
    *limits: int,
) -> None:
    """Raise unless all values lie within two limits."""
    lowest, highest = limits
    if values.size and not (lowest <= int(values.min()) and int(values.max()) <= highest):
        raise reader.error(
            f"{what} from {lowest} to {highest}", f"{values.min()} to {values.max()}"
        )


def _check_layer(reader: BinaryReader, bare: set[int]) -> None:
    """Walk through one layer."""
    kind = reader.int32("kind of layer", _CONVOLUTION, _SIGMOID)
    if kind in bare:
        return
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
