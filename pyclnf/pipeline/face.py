"""What is known about one face in one picture: what engines return and formats write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pyclnf.typing import Float32Array

__all__ = ["FaceResult"]


@dataclass(frozen=True, eq=False)
class FaceResult:
    """A face that was looked for, found or not.

    Attributes
    ----------
    face_id : int
        From 0; in a sequence the same face keeps it.
    box : (4,) float32
        x, y, width, height in px, where the search began; in a sequence, the extent of the
        landmarks.
    success : bool
    landmarks : (n, 2) float32
        x, y in px; (0, 0) is the centre of the top left pixel. NaN where no fit was possible.
    params_global : (6,) float32
        scale, rx, ry, rz (radians), tx, ty (px).
    params_local : (m,) float32
    likelihood : float
    view : int
    failure : str
        What is to be said against the fit; empty if nothing is.
    confidence : float or None
        Of the validator, 0 … 1; without one, 1 where the fit succeeded and 0 where it did not. None
        where nothing tells.
    landmarks_3d : (n, 3) float32 or None
        In the camera's coordinates, mm.
    pose : (6,) float32 or None
        Of the head: x, y, z in mm, rotation about them in radians.
    parts : mapping of str to (k, 2) float32
        Landmarks of parts with models of their own, px.
    """

    face_id: int
    box: Float32Array
    success: bool
    landmarks: Float32Array
    params_global: Float32Array
    params_local: Float32Array
    likelihood: float
    view: int
    failure: str = ""
    confidence: float | None = None
    landmarks_3d: Float32Array | None = None
    pose: Float32Array | None = None
    parts: Mapping[str, Float32Array] = field(default_factory=dict)

    @property
    def was_fitted(self) -> bool:
        """Whether there was a fit at all, successful or not."""
        return bool(np.isfinite(self.landmarks).any())
