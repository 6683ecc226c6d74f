"""Faces with their parts, from one head pose."""

from __future__ import annotations

from typing import Any

from pyclnf import CLNF, FaceFit, FitSettings
from pyclnf.rotation import Rotation


def fit_parts(
    clnf: CLNF,
    image: Any,
    bbox: Any,
    settings: FitSettings | None = None,
    rotation: Rotation = (0.0, 0.0, 0.0),
) -> FaceFit:
    """Fit a face and its parts."""
    return clnf.detect(image, bbox, settings, rotations=[rotation])
