"""Reading the embedded test pictures, and measuring fits of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openface_bridge.fixtures import Face
from openface_bridge.pictures import read_picture
from pyclnf import CLNF, FitSettings
from pyclnf.fitting import FitResult

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
OUTER_EYE_CORNERS = (36, 45)


def fit_face(detector: CLNF, face: Face, setting: str = "default") -> FitResult:
    """Fit a test picture from its box and start pose."""
    return detector.fit(
        read_picture(face.picture),
        face.box,
        FitSettings.named(setting),
        rotation=face.rotation,
    )


def relative_error(face: Face, result: FitResult) -> float:
    """Return the mean error of visible landmarks in units of the outer eye distance."""
    left, right = face.landmarks[list(OUTER_EYE_CORNERS)]
    errors = np.linalg.norm(result.landmarks - face.landmarks, axis=1)
    return float(np.nanmean(errors) / np.linalg.norm(right - left))
