"""Boxes that may be faces, on their way through the cascade.

Boxes are (k, 4) float32: x, y, width, height in px. Corrections are (k, 4) float32: how far left,
upper, right and lower side are to be moved, in units of the box's width or height.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.detection.scores import (
    largest_difference,
    scores_of_parts,
    scores_of_squares,
)
from pyclnf.model.face_detector_file import PROPOSAL_SIZE, PROPOSAL_STEP
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["Candidates", "corrected", "joined", "judged", "proposed", "squared", "tightened"]

_FARTHEST = 1e6
"""Of a corrected box's coordinates, px: beyond, a network's outputs are no corrections."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes, how much they look like faces, and how they are to be corrected.

    Attributes
    ----------
    boxes : (k, 4) float32
    scores : (k,) float32
    corrections : (k, 4) float32
    """

    boxes: Float32Array
    scores: Float32Array
    corrections: Float32Array

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.boxes)

    def take(self, chosen: AnyArray) -> Candidates:
        """Return some, by their indices or a mask."""
        return Candidates(self.boxes[chosen], self.scores[chosen], self.corrections[chosen])


def joined(parts: list[Candidates]) -> Candidates:
    """Return the candidates of several levels, one after another."""
    return Candidates(
        np.concatenate([np.empty((0, 4), np.float32), *(part.boxes for part in parts)]),
        np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)]),
        np.concatenate([np.empty((0, 4), np.float32), *(part.corrections for part in parts)]),
    )


def proposed(outputs: Float32Array, scale: float, threshold: float) -> Candidates:
    """Return the parts of a picture that the first network takes for faces.

    Parameters
    ----------
    outputs : (≥ 6, h, w) float32
        Of each part of the scaled picture, see :class:`pyclnf.detection.networks.Networks`.
    scale : float
        Of the scaled picture.
    threshold : float
        Least score.

    Returns
    -------
    Candidates
        Column by column. Their sides are whole numbers of the picture's px.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        differences = outputs[0] - outputs[1]
    x, y = np.nonzero((differences <= largest_difference(threshold)).T)
    scores = scores_of_parts(differences[y, x])
    first = np.stack([x, y], axis=1) * PROPOSAL_STEP
    low = np.trunc((first + 1).astype(np.float32) / np.float32(scale))
    high = np.trunc((first + PROPOSAL_SIZE).astype(np.float32) / np.float32(scale))
    boxes = np.concatenate([low, high - low], axis=1)
    corrections = np.ascontiguousarray(outputs[2:6, y, x].T)
    return Candidates(boxes, scores, corrections).take(scores >= np.float32(threshold))


def judged(boxes: Float32Array, outputs: Float32Array, threshold: float) -> Candidates:
    """Return the boxes that a later network takes for faces.

    Parameters
    ----------
    boxes : (k, 4) float32
    outputs : (k, ≥ 6) float32
    threshold : float
        Least score.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        scores = scores_of_squares(outputs[:, 0] - outputs[:, 1])
    candidates = Candidates(boxes, scores, np.ascontiguousarray(outputs[:, 2:6]))
    return candidates.take(scores >= np.float32(threshold))


def corrected(candidates: Candidates, *, inclusive: bool = False) -> Candidates:
    """Return candidates with corrected boxes, without those that have lost all sense.

    The reference ends with an exception where corrections are not finite; here they are dropped.

    Parameters
    ----------
    candidates : Candidates
    inclusive : bool
        Whether a box is one px wider and higher than it says.
    """
    start, size = np.split(np.rint(candidates.boxes), 2, axis=1)
    if inclusive:
        size = size + np.float32(1)
    with np.errstate(over="ignore", invalid="ignore"):
        low = start + candidates.corrections[:, :2] * size
        high = (start + size) + size * candidates.corrections[:, 2:]
        boxes = np.concatenate([low, high - low], axis=1)
        sound = (np.abs(boxes) <= _FARTHEST).all(axis=1)
    return Candidates(boxes, candidates.scores, candidates.corrections).take(sound)


def squared(candidates: Candidates) -> Candidates:
    """Return candidates whose boxes are squares around the same centre, cut to whole px.

    Without those that are turned inside out.
    """
    start, size = np.split(candidates.boxes, 2, axis=1)
    side = size.max(axis=1, keepdims=True)
    middle = start.astype(np.float64) + 0.5 * (size - side).astype(np.float64)
    low = np.trunc(middle.astype(np.float32))
    whole = np.trunc(side)
    boxes = np.concatenate([low, whole, whole], axis=1)
    squares = Candidates(boxes, candidates.scores, candidates.corrections)
    return squares.take(whole[:, 0] >= 0)


def tightened(boxes: Float32Array) -> Float32Array:
    """Return boxes around landmarks from boxes around faces, as OpenFace has fitted them."""
    x, y, width, height = boxes.astype(np.float64).T
    tight = (x - 0.0075 * width, y + 0.2459 * height, 1.0323 * width, 0.7751 * height)
    return np.stack(tight, axis=1).astype(np.float32)
