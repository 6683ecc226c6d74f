"""The cascade of three networks: proposals at every scale, refinement, the decision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyclnf.detection.candidates import (
    Candidates,
    corrected,
    joined,
    judged,
    proposed,
    squared,
    tightened,
)
from pyclnf.detection.detections import Detections
from pyclnf.detection.networks import Networks
from pyclnf.detection.pictures import Level, levels, squares
from pyclnf.detection.settings import CascadeSettings
from pyclnf.typing import ByteArray, Float32Array, IntArray

__all__ = ["find_faces"]

_MOST_WITHIN_LEVEL = 0.5
_MOST = 0.7
"""Overlaps beyond which only the better one of two candidates stays."""

_Look = Callable[[ByteArray, IntArray], Float32Array]


def find_faces(networks: Networks, planes: ByteArray, settings: CascadeSettings) -> Detections:
    """Find the faces in a picture.

    Parameters
    ----------
    networks : Networks
    planes : (3, H, W) uint8
        Red, green, blue.
    settings : CascadeSettings
    """
    of_levels = [
        _propose(networks, planes, level, settings.thresholds[0])
        for level in levels(planes.shape[1], planes.shape[2], settings.smallest_face)
    ]
    proposals = _best(networks, joined(of_levels), _MOST)
    looked = _look(networks.refine, planes, squared(corrected(proposals)), settings.thresholds[1])
    refined = _best(networks, looked, _MOST)
    faces = _look(networks.decide, planes, squared(corrected(refined)), settings.thresholds[2])
    return _detections(networks, corrected(faces, inclusive=True))


def _propose(networks: Networks, planes: ByteArray, level: Level, threshold: float) -> Candidates:
    """Return the best parts of one level."""
    candidates = proposed(networks.propose(planes, level), level.scale, threshold)
    return _best(networks, candidates, _MOST_WITHIN_LEVEL)


def _look(look: _Look, planes: ByteArray, candidates: Candidates, threshold: float) -> Candidates:
    """Return the candidates that a network takes for faces, with what it says about them."""
    seen = squares(candidates.boxes)
    corners, sides = seen[:, :2], seen[:, 2:]
    _, height, width = planes.shape
    # Where squares lie beyond the picture, the reference ends with an exception.
    inside = ((corners <= (width, height)) & (corners + sides >= 0)).all(axis=1)
    return judged(candidates.boxes[inside], look(planes, seen[inside]), threshold)


def _best(networks: Networks, candidates: Candidates, most: float) -> Candidates:
    """Return candidates that do not overlap much, the best first."""
    return candidates.take(networks.suppress(candidates.boxes, candidates.scores, most))


def _detections(networks: Networks, faces: Candidates) -> Detections:
    """Return the best faces."""
    faces = faces.take(np.flatnonzero((faces.boxes[:, 2:] > 0).all(axis=1)))
    stay = networks.suppress(faces.boxes, faces.scores, _MOST, of_smaller=True)
    return Detections(tightened(faces.boxes[stay]), faces.scores[stay])
