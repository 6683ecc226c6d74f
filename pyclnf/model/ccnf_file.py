"""CCNF patch experts of one scale: what a ``ccnf_patches_*.txt`` file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pyclnf.model.binary import OPENCV_TYPES, BinaryReader, check_finite
from pyclnf.model.ccnf_records import CCNFExpert, read_experts
from pyclnf.model.views import read_views
from pyclnf.typing import BoolArray, Float32Array, Float64Array

Scalar = TypeVar("Scalar", bound=np.generic)

_LARGEST_WINDOW = 255  # far above the 15 of real files; keeps window^4 within an array's limits


@dataclass(frozen=True, slots=True, eq=False)
class CCNFPatchExperts:
    """The patch experts of one scale, for v views of n landmarks. Arrays are read-only.

    Attributes
    ----------
    scale : float
        Pixels of the reference shape's frame per unit of the mean shape.
    view_centers : ndarray of float64, shape (v, 3)
        Rotations rx, ry, rz of the views' centres in degrees.
    visibility : ndarray of bool, shape (v, n)
        Whether a landmark can be seen in a view.
    sigma_components : mapping of int to ndarray of float32, shape (b, size^2, size^2)
        By window size in pixels, the components of the response map's precision matrix; b is 0
        for a window size without edge features, and at most the number of an expert's betas.
    experts : tuple of tuple of CCNFExpert or None
        ``experts[view][landmark]``; None exactly where `visibility` is False.
    """

    scale: float
    view_centers: Float64Array
    visibility: BoolArray
    sigma_components: Mapping[int, Float32Array]
    experts: tuple[tuple[CCNFExpert | None, ...], ...]

    @property
    def n_views(self) -> int:
        """Number of views, v."""
        return len(self.experts)

    @property
    def n_landmarks(self) -> int:
        """Number of landmarks, n."""
        return len(self.experts[0])


def read_ccnf(path: Path) -> CCNFPatchExperts:
    """Read the CCNF patch experts of one scale.

    Parameters
    ----------
    path
        A binary file (``ccnf_patches_*.txt``, in spite of its name).

    Raises
    ------
    ModelFileError
        If the file is missing, ends too early or too late, or holds something else at any place:
        e.g. a scale that is not positive, numbers that are not finite, a visible landmark without
        neurons or an invisible one with neurons.
    """
    reader = BinaryReader.open(path)
    views = read_views(reader)
    sigma_components, n_betas = _sigma_components(reader)
    experts = read_experts(reader, views.visibility.ravel().tolist(), n_betas)
    reader.finish()
    n_views, n = views.visibility.shape
    by_view = tuple(tuple(experts[n * view : n * (view + 1)]) for view in range(n_views))
    return CCNFPatchExperts(views.scale, views.centers, views.visibility, sigma_components, by_view)


def _sigma_components(reader: BinaryReader) -> tuple[dict[int, Float32Array], int]:
    """Return the components by window size, and the number of betas that an expert has."""
    components: dict[int, Float32Array] = {}
    n_betas = 0
    for _ in range(reader.int32("number of window sizes", 0, _LARGEST_WINDOW)):
        size = reader.int32("window size", 1, _LARGEST_WINDOW)
        if size in components:
            raise reader.error("each window size once", f"{size} again", reader.offset - 4)
        count = reader.int32("number of sigma components", minimum=0)
        # The first size's count is the number of betas, and a component without beta is useless.
        n_betas = n_betas if components else count
        if count > n_betas:
            expected = f"at most {n_betas} sigma components, as for the first window size"
            raise reader.error(expected, str(count), reader.offset - 4)
        components[size] = _square_matrices(reader, count, size**2)
    return components, n_betas


def _square_matrices(reader: BinaryReader, count: int, side: int) -> Float32Array:
    """Read `count` matrices of `side` rows and columns at once."""
    what = f"sigma components of {side} x {side} values"
    if count * (12 + 4 * side**2) > reader.remaining:
        raise reader.error(f"{count} {what}", f"{reader.remaining} bytes to the end")
    if count == 0:  # A record type of the largest windows would be larger than NumPy allows.
        return _read_only(np.empty((0, side, side), np.float32))
    start = reader.offset
    record = np.dtype([("header", "<i4", (3,)), ("values", "<f4", (side, side))])
    records = reader.records(what, record, count)
    header = (side, side, OPENCV_TYPES[np.float32])
    for index, found in enumerate(records["header"].tolist()):
        if tuple(found) != header:
            expected = f"rows, columns and OpenCV type {header} of a sigma component"
            raise reader.error(expected, str(tuple(found)), start + index * record.itemsize)
    check_finite(reader, what, records["values"])
    return _read_only(records["values"].astype(np.float32))


def _read_only(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    array.setflags(write=False)
    return array
