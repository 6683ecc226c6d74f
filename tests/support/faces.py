"""A face to fit with the small model of `support.model_files.write_small_model`. For tests only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from support import naive
from support.model_files import draw_blobs, small_pdm

PDM = small_pdm()
SHAPE = (260, 300)
"""Height and width of the pictures."""


@dataclass(frozen=True)
class Face:
    """A drawn face: its picture, its landmarks, and a box around them."""

    picture: npt.NDArray[np.uint8]
    landmarks: npt.NDArray[np.float64]
    box: tuple[float, float, float, float]


def draw_face(
    seed: int = 0, scale: float = 1.2, angles: tuple[float, float, float] | None = None
) -> Face:
    """Draw a face that is moderately turned and deformed, in whole grey values."""
    rng = np.random.default_rng([seed, 7])
    turned = rng.uniform(-0.25, 0.25, 3) if angles is None else np.array(angles)
    local = rng.uniform(-1, 1, PDM.n_modes) * np.sqrt(PDM.eigenvalues)
    landmarks = naive.landmarks(PDM, [scale, *turned, SHAPE[1] / 2, SHAPE[0] / 2], local)
    picture = np.rint(draw_blobs(landmarks, scale, SHAPE)).astype(np.uint8)
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    return Face(picture, landmarks, (*low.tolist(), *(high - low).tolist()))


def largest_distance(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Return how far apart the worst landmark is, px."""
    apart = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    return float(np.linalg.norm(apart, axis=1).max())
