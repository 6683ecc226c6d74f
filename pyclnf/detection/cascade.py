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
from pyclnf.observe import DetectionObserver
from pyclnf.typing import ByteArray, Float32Array, IntArray

__all__ = ["decide", "detections", "find_faces", "propose", "refine"]

_MOST_WITHIN_LEVEL = 0.5
_MOST = 0.7
"""Overlaps beyond which only the better one of two candidates stays."""

_Look = Callable[[ByteArray, IntArray], Float32Array]


def find_faces(
    networks: Networks,
    planes: ByteArray,
    settings: CascadeSettings,
    observer: DetectionObserver | None = None,
) -> Detections:
    """Find the faces in a picture.

    Parameters
    ----------
    networks : Networks
    planes : (3, H, W) uint8
        Red, green, blue.
    settings : CascadeSettings
    observer : DetectionObserver, optional
    """
    proposals = propose(networks, planes, settings)
    refined = refine(networks, planes, proposals, settings)
    faces = decide(networks, planes, refined, settings)
    if observer is not None:
        observer.on_candidates("proposal", proposals)
        observer.on_candidates("refinement", refined)
        observer.on_candidates("output", faces)
    return detections(networks, faces)


def propose(networks: Networks, planes: ByteArray, settings: CascadeSettings) -> Candidates:
    """Return the parts of a picture, at all its levels, that may be faces, the best first."""
    of_levels = [
        _propose(networks, planes, level, settings.thresholds[0])
        for level in levels(planes.shape[1], planes.shape[2], settings.smallest_face)
    ]
    return _best(networks, joined(of_levels), _MOST)


def refine(
    networks: Networks, planes: ByteArray, proposals: Candidates, settings: CascadeSettings
) -> Candidates:
    """Return the corrected proposals that the second network takes for faces, the best first."""
    looked = _look(networks.refine, planes, squared(corrected(proposals)), settings.thresholds[1])
    return _best(networks, looked, _MOST)


def decide(
    networks: Networks, planes: ByteArray, refined: Candidates, settings: CascadeSettings
) -> Candidates:
    """Return the corrected candidates that the third network takes for faces."""
    return _look(networks.decide, planes, squared(corrected(refined)), settings.thresholds[2])


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


def detections(networks: Networks, decided: Candidates) -> Detections:
    """Return the best faces, corrected once more, with boxes around their landmarks."""
    faces = corrected(decided, inclusive=True)
    faces = faces.take(np.flatnonzero((faces.boxes[:, 2:] > 0).all(axis=1)))
    stay = networks.suppress(faces.boxes, faces.scores, _MOST, of_smaller=True)
    return Detections(tightened(faces.boxes[stay]), faces.scores[stay])
