"""CEN patch experts of one scale: what a ``cen_patches_*.dat`` file holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyclnf.model.binary import BinaryReader
from pyclnf.model.views import read_views
from pyclnf.typing import BoolArray, Float32Array, Float64Array, IntArray

__all__ = ["RELU", "SIGMOID", "CENExpert", "CENLayer", "CENPatchExperts", "read_cen"]

SIGMOID, RELU = 0, 2
"""Activations of a layer; 1 is none."""

_EXPERT_TYPE = 6


@dataclass(frozen=True, slots=True, eq=False)
class CENLayer:
    """One layer of a network, k neurons with p inputs. Arrays are read-only.

    Attributes
    ----------
    activation : int
        `SIGMOID`, `RELU`, or 1 for none.
    weights : ndarray of float32, shape (k, p)
    biases : ndarray of float32, shape (k,)
    """

    activation: int
    weights: Float32Array
    biases: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class CENExpert:
    """One landmark's patch expert in one view.

    Attributes
    ----------
    width, height : int
        Support in pixels of the reference shape's frame.
    layers : tuple of CENLayer
        The first one's inputs are a 1 and the window column by column; the last one has one
        neuron. Empty for a landmark that is invisible, or that the mirrored expert of another
        landmark serves.
    confidence : float
        Weight of the landmark in a weighted fit.
    """

    width: int
    height: int
    layers: tuple[CENLayer, ...]
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class CENPatchExperts:
    """The patch experts of one scale, for v views of n landmarks. Arrays are read-only.

    Attributes
    ----------
    scale : float
        Pixels of the reference shape's frame per unit of the mean shape.
    view_centers : ndarray of float64, shape (v, 3)
        Rotations rx, ry, rz of the views' centres in degrees.
    visibility : ndarray of bool, shape (v, n)
        Whether a landmark can be seen in a view.
    mirrored_landmarks : ndarray of intp, shape (n,)
        The landmark at the same place of a mirrored face.
    mirrored_views : ndarray of intp, shape (v,)
        The view that a mirrored face is seen in.
    experts : tuple of tuple of CENExpert
        ``experts[view][landmark]``.
    """

    scale: float
    view_centers: Float64Array
    visibility: BoolArray
    mirrored_landmarks: IntArray
    mirrored_views: IntArray
    experts: tuple[tuple[CENExpert, ...], ...]

    @property
    def n_landmarks(self) -> int:
        """Number of landmarks, n."""
        return len(self.experts[0])


def read_cen(path: Path) -> CENPatchExperts:
    """Read the CEN patch experts of one scale.

    Parameters
    ----------
    path
        A binary file.

    Raises
    ------
    ModelFileError
        If the file is missing, ends too early or too late, or holds something else at any place:
        e.g. a scale that is not positive, numbers that are not finite, layers that do not follow
        each other, or a mirrored landmark that there is not.
    """
    reader = BinaryReader.open(path)
    views = read_views(reader)
    n_views, n = views.visibility.shape
    landmarks = _indices(reader, "mirrored landmarks", n)
    mirrored_views = _indices(reader, "mirrored views", n_views)
    experts = tuple(tuple(_expert(reader) for _ in range(n)) for _ in range(n_views))
    reader.finish()
    return CENPatchExperts(
        views.scale, views.centers, views.visibility, landmarks, mirrored_views, experts
    )


def _indices(reader: BinaryReader, what: str, count: int) -> IntArray:
    """Read a row or column of `count` numbers below `count`."""
    start = reader.offset
    matrix = reader.matrix(what, np.int32)
    if 1 not in matrix.shape or matrix.size != count:
        rows, columns = matrix.shape
        raise reader.error(f"{count} {what} in a row or column", f"{rows} x {columns}", start)
    if matrix.min() < 0 or matrix.max() >= count:
        found = f"{matrix.min()} to {matrix.max()}"
        raise reader.error(f"{what} from 0 to {count - 1}", found, start)
    indices = matrix.ravel().astype(np.intp)
    indices.setflags(write=False)
    return indices


def _expert(reader: BinaryReader) -> CENExpert:
    reader.int32("type of a patch expert", _EXPERT_TYPE, _EXPERT_TYPE)
    width, height = (reader.int32(f"{side} of a support", 0) for side in ("width", "height"))
    count = reader.int32("number of layers", minimum=0)
    layers: list[CENLayer] = []
    for index in range(count):
        inputs = len(layers[-1].biases) if layers else 1 + width * height
        layers.append(_layer(reader, inputs, 1 if index == count - 1 else None))
    return CENExpert(width, height, tuple(layers), reader.float64("confidence"))


def _layer(reader: BinaryReader, inputs: int, neurons: int | None) -> CENLayer:
    """Read a layer with so many inputs, and so many neurons unless that is None."""
    activation = reader.int32("activation of a layer", min(SIGMOID, RELU), max(SIGMOID, RELU))
    start = reader.offset
    biases = reader.real_matrix("biases of a layer").ravel()
    if biases.size == 0:
        raise reader.error("at least 1 bias of a layer", "none", start)
    start = reader.offset
    weights = reader.real_matrix("weights of a layer", (biases.size, inputs))
    if neurons not in (None, biases.size):
        raise reader.error(f"{neurons} neuron in the last layer", str(biases.size), start)
    for array in (weights, biases):
        array.setflags(write=False)
    return CENLayer(activation, weights, biases)
