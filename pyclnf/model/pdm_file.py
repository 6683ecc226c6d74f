"""Point distribution models: a mean 3D shape and its modes of variation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyclnf.model.text_matrix import TextMatrixReader
from pyclnf.typing import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class PointDistributionModelData:
    """What a PDM file holds, for n landmarks and m modes. The arrays are read-only.

    Attributes
    ----------
    mean_shape : ndarray of float32, shape (3n,)
        Mean 3D shape [x0..x(n-1), y0..y(n-1), z0..z(n-1)] in millimetres, y downward.
    components : ndarray of float32, shape (3n, m)
        Modes of variation, one per column; rows are ordered like `mean_shape`. C order.
    eigenvalues : ndarray of float32, shape (m,)
        Variance of each mode in square millimetres; all positive.
    """

    mean_shape: Float32Array
    components: Float32Array
    eigenvalues: Float32Array

    @property
    def n_landmarks(self) -> int:
        """Number of landmarks, n."""
        return self.mean_shape.size // 3

    @property
    def n_modes(self) -> int:
        """Number of shape modes, m."""
        return self.eigenvalues.size


def read_pdm(path: Path) -> PointDistributionModelData:
    """Read a point distribution model.

    Values are parsed as float64 and then rounded to float32, as the reference does.

    Parameters
    ----------
    path
        A text file of three matrices: mean shape (3n, 1), components (3n, m) and eigenvalues
        (1, m).

    Raises
    ------
    ModelFileError
        If the file is missing or not of this form, n or m is 0, a value is not finite in float32,
        an eigenvalue is not positive in float32, or anything follows the third matrix.
    """
    reader = TextMatrixReader.open(path)
    start = reader.skip_comments()
    mean_shape = _matrix(reader, "mean shape", (None, 1))
    if mean_shape.size == 0 or mean_shape.size % 3:
        raise reader.error("3 rows per landmark in mean shape", str(mean_shape.size), start)
    components = _matrix(reader, "components", (mean_shape.size, None))
    eigenvalues = _matrix(reader, "eigenvalues", (1, components.shape[1]), positive=True)
    reader.finish()
    return PointDistributionModelData(mean_shape[:, 0], components, eigenvalues[0])


def _matrix(
    reader: TextMatrixReader,
    what: str,
    shape: tuple[int | None, int | None],
    positive: bool = False,
) -> Float32Array:
    start = reader.skip_comments()
    values = reader.matrix(what, shape)
    if values.shape[1] == 0:
        raise reader.error(f"at least 1 column of {what}", "0", start)
    with np.errstate(over="ignore", under="ignore"):
        rounded = values.astype(np.float32)
    # Only now: what is finite and positive in float64 need not be so in float32.
    if not np.isfinite(rounded).all() or (positive and not (rounded > 0).all()):
        kind = "positive, finite" if positive else "finite"
        extremes = f"values from {values.min():g} to {values.max():g}"
        raise reader.error(f"{kind} float32 values of {what}", extremes, start)
    rounded.setflags(write=False)
    return rounded
