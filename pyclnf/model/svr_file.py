"""SVR patch experts of one scale: what a ``svr_patches_*.txt`` file holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyclnf.model.text_matrix import TextMatrixReader
from pyclnf.typing import BoolArray, Float32Array, Float64Array

__all__ = ["GRADIENT", "RAW", "SVRExpert", "SVRModality", "SVRPatchExperts", "read_svr"]

RAW, GRADIENT = 0, 1
"""What a modality looks at: grey values, or their squared gradient."""

_EXPERT_TYPE = 3
_MODALITY_TYPE = 2
_INT32, _FLOAT32, _FLOAT64 = 4, 5, 6
_LARGEST_SUPPORT = 255  # far above the 11 of real files


@dataclass(frozen=True, slots=True, eq=False)
class SVRModality:
    """One support vector regression of an expert. Arrays are read-only.

    Attributes
    ----------
    kind : int
        `RAW` or `GRADIENT`.
    confidence : float
        Its share of the landmark's weight in a weighted fit.
    scaling, bias : float
        Factor and summand of the logistic function's argument.
    weights : ndarray of float32, shape (height, width)
        First axis y; the file holds it transposed.
    """

    kind: int
    confidence: float
    scaling: float
    bias: float
    weights: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class SVRExpert:
    """One landmark's patch expert in one view.

    Attributes
    ----------
    width, height : int
        Support in pixels of the reference shape's frame.
    modalities : tuple of SVRModality
        At least one.
    """

    width: int
    height: int
    modalities: tuple[SVRModality, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SVRPatchExperts:
    """The patch experts of one scale, for v views of n landmarks. Arrays are read-only.

    Attributes
    ----------
    scale : float
        Pixels of the reference shape's frame per unit of the mean shape.
    view_centers : ndarray of float64, shape (v, 3)
        Rotations rx, ry, rz of the views' centres in degrees.
    visibility : ndarray of bool, shape (v, n)
        Whether a landmark can be seen in a view.
    experts : tuple of tuple of SVRExpert or None
        ``experts[view][landmark]``; None exactly where `visibility` is False.
    """

    scale: float
    view_centers: Float64Array
    visibility: BoolArray
    experts: tuple[tuple[SVRExpert | None, ...], ...]

    @property
    def n_landmarks(self) -> int:
        """Number of landmarks, n."""
        return len(self.experts[0])


def read_svr(path: Path) -> SVRPatchExperts:
    """Read the SVR patch experts of one scale.

    Parameters
    ----------
    path
        A text file.

    Raises
    ------
    ModelFileError
        If the file is missing, ends too early or too late, or holds something else at any place:
        e.g. a scale that is not positive, weights of another size than the support, or a visible
        landmark without modality.
    """
    reader = TextMatrixReader.open(path)
    start = reader.skip_comments()
    scale = reader.number("scale")
    if scale <= 0:
        raise reader.error("scale above 0", str(scale), start)
    reader.skip_comments()
    n_views = reader.integer("number of views", minimum=1)
    centers = _view_centers(reader, n_views)
    visibility = _visibility(reader, n_views)
    reader.skip_comments()
    experts = tuple(tuple(_experts(reader, row)) for row in visibility.tolist())
    reader.finish()
    return SVRPatchExperts(scale, centers, visibility, experts)


def _view_centers(reader: TextMatrixReader, n_views: int) -> Float64Array:
    """Read the views' centres, (v, 3); comments stand before the first only."""
    columns = [
        reader.matrix("view centre", (3, 1), (_FLOAT64,), comments=view == 0)
        for view in range(n_views)
    ]
    centers = np.concatenate(columns, axis=1).T.copy()
    centers.setflags(write=False)
    return centers


def _visibility(reader: TextMatrixReader, n_views: int) -> BoolArray:
    """Read which landmarks each view sees, (v, n)."""
    rows: list[BoolArray] = []
    for view in range(n_views):
        start = reader.offset
        wanted = (rows[0].size if rows else None, 1)
        column = reader.matrix("visibility", wanted, (_INT32,), comments=view == 0)
        if column.size == 0 or not np.isin(column, (0, 1)).all():
            raise reader.error("visibility of 0 or 1 for each landmark", "another value", start)
        rows.append(column[:, 0].astype(np.bool_))
    visibility = np.stack(rows)
    visibility.setflags(write=False)
    return visibility


def _experts(reader: TextMatrixReader, visible: list[bool]) -> list[SVRExpert | None]:
    """Read the experts of one view; those of invisible landmarks count for nothing."""
    return [
        expert if seen else None
        for seen, expert in ((seen, _expert(reader, int(seen))) for seen in visible)
    ]


def _expert(reader: TextMatrixReader, fewest: int) -> SVRExpert:
    """Read an expert of at least so many modalities."""
    reader.integer("type of a patch expert", _EXPERT_TYPE, _EXPERT_TYPE)
    width, height = (
        reader.integer(f"{side} of a patch expert's support", 1, _LARGEST_SUPPORT)
        for side in ("width", "height")
    )
    count = reader.integer("number of a patch expert's modalities", fewest)
    modalities = tuple(_modality(reader, width, height) for _ in range(count))
    return SVRExpert(width, height, modalities)


def _modality(reader: TextMatrixReader, width: int, height: int) -> SVRModality:
    reader.integer("type of a modality", _MODALITY_TYPE, _MODALITY_TYPE)
    kind = reader.integer("what a modality looks at", RAW, GRADIENT)
    confidence, scaling, bias = (
        reader.number(f"{what} of a modality") for what in ("confidence", "scaling", "bias")
    )
    start = reader.offset
    shape, types = (width, height), (_FLOAT32, _FLOAT64)
    values = reader.matrix("weights of a modality", shape, types, comments=False)
    with np.errstate(over="ignore", under="ignore"):
        weights = np.ascontiguousarray(values.T, np.float32)
    if not np.isfinite(weights).all():
        extremes = f"values from {values.min():g} to {values.max():g}"
        raise reader.error("finite float32 values of a modality's weights", extremes, start)
    weights.setflags(write=False)
    return SVRModality(kind, confidence, scaling, bias, weights)
