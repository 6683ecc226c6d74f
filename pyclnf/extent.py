"""The box around landmarks."""

from __future__ import annotations

import numpy as np

from pyclnf.typing import Float32Array

__all__ = ["extent_of"]


def extent_of(landmarks: Float32Array) -> Float32Array:
    """Return x, y, width and height of (n, 2) landmarks, (4,) float32."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    return np.concatenate((low, high - low))
