"""Faces as an engine would return them, made up."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyclnf.pipeline.face import FaceResult

__all__ = ["made_up_face"]


def made_up_face(n_landmarks: int = 3, n_modes: int = 2, **changes: Any) -> FaceResult:
    """Return a face of numbers that are easy to tell apart."""
    landmarks = np.array([(10 * i + 0.25, 20 * i + 0.75) for i in range(n_landmarks)], np.float32)
    known: dict[str, Any] = {
        "face_id": 0,
        "box": np.array((5, 6, 40, 50), np.float32),
        "success": True,
        "landmarks": landmarks,
        "params_global": np.array((1.5, 0.1, -0.2, 0.3, 25, 35), np.float32),
        "params_local": np.arange(n_modes).astype(np.float32) - 0.5,
        "likelihood": -2.5,
        "view": 0,
    }
    return FaceResult(**{**known, **changes})
