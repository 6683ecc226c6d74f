"""The views of a scale's patch experts, which binary files of either kind begin with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.model.binary import BinaryReader
from pyclnf.typing import BoolArray, Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """What experts of v views and n landmarks have in common. Arrays are read-only.

    Attributes
    ----------
    scale : float
        Pixels of the reference shape's frame per unit of the mean shape.
    centers : ndarray of float64, shape (v, 3)
        Rotations rx, ry, rz of the views' centres in degrees.
    visibility : ndarray of bool, shape (v, n)
        Whether a landmark can be seen in a view.
    """

    scale: float
    centers: Float64Array
    visibility: BoolArray


def read_views(reader: BinaryReader) -> Views:
    """Read the beginning of a file of patch experts.

    Raises
    ------
    ModelFileError
        If the file ends before, the scale is not positive, there is no view or no landmark, or
        the views disagree about the number of landmarks.
    """
    start = reader.offset
    scale = reader.float64("scale")
    if scale <= 0:
        raise reader.error("scale above 0", str(scale), start)
    n_views = reader.int32("number of views", minimum=1)
    columns = [reader.matrix("view centre", np.float64, (3, 1)) for _ in range(n_views)]
    centers = np.concatenate(columns, axis=1).T.copy()
    visibility = np.stack(_visibility(reader, n_views))
    for array in (centers, visibility):
        array.setflags(write=False)
    return Views(scale, centers, visibility)


def _visibility(reader: BinaryReader, n_views: int) -> list[BoolArray]:
    """Read which landmarks each view sees."""
    rows: list[BoolArray] = []
    for _ in range(n_views):
        start = reader.offset
        column = reader.matrix("visibility", np.int32, (rows[0].size if rows else None, 1))
        if column.size == 0 or not np.isin(column, (0, 1)).all():
            raise reader.error("visibility of 0 or 1 for each landmark", "another value", start)
        rows.append(column[:, 0].astype(np.bool_))
    return rows
