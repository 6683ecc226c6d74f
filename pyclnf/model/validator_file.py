"""The validator: networks that judge, from several sides, whether landmarks lie on a face.

OpenFace 2 reads files of type 3 and calls all others no longer supported.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyclnf.model.binary import BinaryReader
from pyclnf.model.validator_network import Layer, check_network, read_layers
from pyclnf.typing import AnyArray, BoolArray, Float32Array, Float64Array, Int32Array

__all__ = ["ValidatorData", "ValidatorViewData", "WarpData", "read_validator"]

_TYPE = 3
_MOST_VIEWS = 256
_LONGEST_SIDE = 256  # of a warped face, px; far above the 60 of real files


@dataclass(frozen=True, slots=True, eq=False)
class WarpData:
    """A piecewise affine warp to a reference shape of n landmarks in t triangles.

    Attributes
    ----------
    left, top : float32
        Where the reference picture's first pixel lies in the reference shape's frame.
    triangles : ndarray of int32, shape (t, 3)
        Landmarks of each triangle.
    triangle_of_pixel : ndarray of int32, shape (h, w)
        The triangle that each pixel of the reference picture lies in; -1 outside the face.
    mask : ndarray of bool, shape (h, w)
        Which pixels belong to the face.
    alpha, beta : ndarray of float32, shape (t, 3)
        Per triangle, how the weight of its second (third) landmark depends on 1, x and y.
    n_landmarks : int
    """

    left: np.float32
    top: np.float32
    triangles: Int32Array
    triangle_of_pixel: Int32Array
    mask: BoolArray
    alpha: Float32Array
    beta: Float32Array
    n_landmarks: int


@dataclass(frozen=True, slots=True, eq=False)
class ValidatorViewData:
    """The validator of one view, whose face has p pixels.

    Attributes
    ----------
    mean, deviation : ndarray of float32, shape (p,)
        Of the faces it was trained on, after each one's own normalisation; pixels column by column.
    layers : tuple of Layer
        From the (h, w) picture to a score of each class of certainty, likeliest faces first.
    warp : WarpData
    """

    mean: Float32Array
    deviation: Float32Array
    layers: tuple[Layer, ...]
    warp: WarpData


@dataclass(frozen=True, slots=True, eq=False)
class ValidatorData:
    """What a validator's file holds, for v views.

    Attributes
    ----------
    orientations : ndarray of float64, shape (v, 3)
        Rotations rx, ry, rz of the views' centres in degrees.
    views : tuple of ValidatorViewData
    """

    orientations: Float64Array
    views: tuple[ValidatorViewData, ...]

    @property
    def n_landmarks(self) -> int:
        """Number of landmarks of the faces that it judges."""
        return self.views[0].warp.n_landmarks


def read_validator(path: Path) -> ValidatorData:
    """Read a validator.

    Parameters
    ----------
    path
        A binary file (``validator_cnn.txt``, in spite of its name): int32 type (3), int32 number
        of views, each view's orientation, then view by view mean, standard deviation, network and
        warp.

    Raises
    ------
    ModelFileError
        If the file is missing, ends too early or too late, or holds something else at any place:
        e.g. layers that do not fit each other, numbers that are not finite, or a pixel of the face
        without a triangle.
    """
    reader = BinaryReader.open(path)
    reader.int32("validator type", _TYPE, _TYPE)
    n_views = reader.int32("number of views", 1, _MOST_VIEWS)
    columns = [reader.matrix("orientation", np.float64, (3, 1)) for _ in range(n_views)]
    orientations = np.concatenate(columns, axis=1).T.copy()
    orientations.setflags(write=False)
    views: list[ValidatorViewData] = []
    for _ in range(n_views):
        views.append(_read_view(reader, views[0].warp.n_landmarks if views else None))
    reader.finish()
    return ValidatorData(orientations, tuple(views))


def _read_view(reader: BinaryReader, n_landmarks: int | None) -> ValidatorViewData:
    start = reader.offset
    mean = _float32(reader, "mean picture", (1, None))
    deviation = _float32(reader, "standard deviations", mean.shape)
    if not (deviation > 0).all():
        raise reader.error("standard deviations above 0", str(deviation.min()), start)
    layers = read_layers(reader)
    warp = _read_warp(reader, n_landmarks)
    pixels = int(warp.mask.sum())
    if mean.size != pixels:
        raise reader.error(f"a mean picture of {pixels} pixels, as the mask", str(mean.size), start)
    check_network(reader, layers, warp.mask.shape)
    return ValidatorViewData(mean[0], deviation[0], tuple(layer for _, layer in layers), warp)


def _read_warp(reader: BinaryReader, n_landmarks: int | None) -> WarpData:
    start = reader.offset
    n_pixels = reader.int32("number of pixels", minimum=1)
    left = _rounded(reader, "least x", np.array(reader.float64("least x")), reader.offset - 8)
    top = _rounded(reader, "least y", np.array(reader.float64("least y")), reader.offset - 8)
    n_landmarks = _reference_shape(reader, n_landmarks)
    triangles = _indices(reader, "landmarks of triangles", (None, 3), 0, n_landmarks - 1)
    shape_at = reader.offset
    of_pixel = _indices(reader, "triangles of pixels", (None, None), -1, len(triangles) - 1)
    height, width = of_pixel.shape
    if not (1 <= height <= _LONGEST_SIDE and 1 <= width <= _LONGEST_SIDE):
        expected = f"a picture of at most {_LONGEST_SIDE} pixels a side"
        raise reader.error(expected, f"{height} x {width}", shape_at)
    mask_at = reader.offset
    mask = _indices(reader, "pixel mask", of_pixel.shape, 0, 1).astype(np.bool_)
    if (mask & (of_pixel < 0)).any():
        raise reader.error("a mask of pixels that lie in triangles", "one that does not", mask_at)
    if mask.sum() != n_pixels:
        raise reader.error(f"{mask.sum()} pixels, as in the mask", str(n_pixels), start)
    alpha = _float32(reader, "alpha of triangles", triangles.shape)
    beta = _float32(reader, "beta of triangles", triangles.shape)
    mask.setflags(write=False)
    return WarpData(
        np.float32(left),
        np.float32(top),
        triangles,
        of_pixel,
        mask,
        alpha,
        beta,
        n_landmarks,
    )


def _reference_shape(reader: BinaryReader, n_landmarks: int | None) -> int:
    """Read the reference shape, of which only the number of landmarks matters here."""
    start = reader.offset
    wanted = None if n_landmarks is None else 2 * n_landmarks
    shape = reader.matrix("reference shape", np.float64, (wanted, 1))
    if shape.size == 0 or shape.size % 2:
        raise reader.error("2 rows per landmark in the reference shape", str(shape.size), start)
    return shape.size // 2


def _indices(
    reader: BinaryReader,
    what: str,
    shape: tuple[int | None, ...],
    lowest: int,
    highest: int,
) -> Int32Array:
    start = reader.offset
    rows, columns = shape
    values = reader.matrix(what, np.int32, (rows, columns))
    wrong = (values < lowest) | (values > highest)
    if wrong.any():
        expected = f"{what} from {lowest} to {highest}"
        raise reader.error(expected, str(values[wrong][0]), start)
    values.setflags(write=False)
    return values


def _float32(reader: BinaryReader, what: str, shape: tuple[int | None, ...]) -> Float32Array:
    """Read a float64 matrix and round it to float32, as the reference does."""
    start = reader.offset
    rows, columns = shape
    return _rounded(reader, what, reader.matrix(what, np.float64, (rows, columns)), start)


def _rounded(reader: BinaryReader, what: str, values: AnyArray, offset: int) -> Float32Array:
    with np.errstate(over="ignore", under="ignore"):
        rounded: Float32Array = values.astype(np.float32)
    if not np.isfinite(rounded).all():
        found = f"values up to {np.abs(values).max():g}"
        raise reader.error(f"finite float32 values of {what}", found, offset)
    rounded.setflags(write=False)
    return rounded
