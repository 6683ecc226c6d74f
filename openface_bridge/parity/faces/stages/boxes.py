"""What a face detector finds, and what each of its networks leaves."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from openface_bridge.faces.record import NETWORKS, Array, FaceRecord
from openface_bridge.parity.faces.check import EPS, Check, Tie
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.stages.stage import FaceOutput, FaceStage
from openface_bridge.parity.faces.subject import Subject
from pyclnf.detection import CascadeSettings, cascade
from pyclnf.detection.candidates import Candidates
from pyclnf.detection.pictures import to_planes

__all__ = ["STAGE"]

_ULPS = 512
"""Of six layers, each a sum of up to 1,152 products: 6 · 4√n·u, in units of eps."""


def _force(subject: Subject) -> Iterator[Check]:
    """Yield what each network leaves of what the reference's one before left; then the faces."""
    record = subject.record
    if "detector.boxes" not in record:
        return
    settings, networks = CascadeSettings(), subject.candidate.mtcnn.networks
    planes = to_planes(subject.picture)
    if all(f"detector.{network}.boxes" in record for network in NETWORKS):
        given = [_candidates(record, network) for network in NETWORKS]
        found = (
            cascade.propose(networks, planes, settings),
            cascade.refine(networks, planes, given[0], settings),
            cascade.decide(networks, planes, given[1], settings),
        )
        for ours, theirs, network, least in zip(
            found, given, NETWORKS, settings.thresholds, strict=True
        ):
            yield from _left(ours, theirs, network, least)
        faces = cascade.detections(networks, given[2])
        yield from _faces(record, faces.boxes, faces.confidences)


def _candidates(record: FaceRecord, network: str) -> Candidates:
    """Return what a network of the reference has left."""
    entries = (record[f"detector.{network}.{each}"] for each in ("boxes", "scores", "corrections"))
    boxes, scores, corrections = (each.astype(np.float32) for each in entries)
    return Candidates(boxes, scores, corrections)


def _left(ours: Candidates, theirs: Candidates, network: str, least: float) -> Iterator[Check]:
    """Compare what a network leaves: which boxes, in which order, and what it says about them."""
    place = FacePlace(network=network)
    alike = ours.boxes.shape == theirs.boxes.shape and bool((ours.boxes == theirs.boxes).all())
    if not alike:
        yield _other_boxes(ours, theirs, place, least)
        return
    yield Check("candidates", place, ours.boxes, theirs.boxes, 0.0, axis="boxes")
    limit = _ULPS * EPS
    yield Check("scores", place, ours.scores, theirs.scores, limit, axis="boxes")
    largest = max(1.0, float(np.abs(theirs.corrections).max(initial=0.0)))
    yield Check(
        "corrections", place, ours.corrections, theirs.corrections, limit * largest, axis="boxes"
    )


def _other_boxes(ours: Candidates, theirs: Candidates, place: FacePlace, least: float) -> Check:
    """Compare candidates that are others, or come in another order: at the first that is."""
    first = 0
    while first < min(len(ours), len(theirs)):
        if not np.array_equal(ours.boxes[first], theirs.boxes[first]):
            break
        first += 1
    tie = _order_tie(ours, theirs) or _threshold_tie(ours, theirs, least)
    found, wanted = (_box_at(each, first) for each in (ours, theirs))
    return Check("candidates", place.at(box=first), found, wanted, 0.0, tie)


def _box_at(candidates: Candidates, index: int) -> Array:
    """Return a box, or what stands for none."""
    return candidates.boxes[index] if index < len(candidates) else np.full(4, np.nan)


def _order_tie(ours: Candidates, theirs: Candidates) -> Tie | None:
    """Return how near the reference's scores of boxes that change places are, if only these do."""
    if len(ours) != len(theirs) or _rows(ours.boxes) != _rows(theirs.boxes):
        return None
    score_of = dict(zip(map(tuple, theirs.boxes.tolist()), theirs.scores.tolist(), strict=True))
    moved = np.array([score_of[tuple(box)] for box in ours.boxes.tolist()])
    margin = float(np.abs(moved - theirs.scores).max())
    return Tie("order of boxes", margin, _ULPS * EPS, "score")


def _threshold_tie(ours: Candidates, theirs: Candidates, least: float) -> Tie:
    """Return how far the boxes that only one has are from the threshold."""
    known = (_rows(ours.boxes), _rows(theirs.boxes))
    margins = [
        abs(float(score) - least)
        for candidates, others in ((ours, known[1]), (theirs, known[0]))
        for box, score in zip(candidates.boxes.tolist(), candidates.scores, strict=True)
        if tuple(box) not in others
    ]
    return Tie("box threshold", max(margins, default=math.inf), _ULPS * EPS, "score")


def _rows(boxes: Array) -> set[tuple[float, ...]]:
    """Return boxes as a set."""
    return {tuple(box) for box in boxes.tolist()}


def _faces(record: FaceRecord, boxes: Array, confidences: Array) -> Iterator[Check]:
    """Compare faces."""
    wanted = record["detector.boxes"]
    sides = np.abs(wanted[:, 2:]).max(axis=1, keepdims=True, initial=1.0)
    limit: Array | float = _ULPS * EPS * np.maximum(sides, np.abs(wanted))
    if boxes.shape != wanted.shape:
        limit = 0.0
    yield Check("boxes", FacePlace(), boxes, wanted, limit, axis="boxes")
    if len(confidences) == len(wanted):
        theirs = record["detector.confidences"]
        yield Check("confidences", FacePlace(), confidences, theirs, _ULPS * EPS, axis="boxes")


def _free(subject: Subject) -> Iterator[Check]:
    """Yield the faces that the candidate finds."""
    if "detector.boxes" in subject.record:
        found = subject.free_boxes
        yield from _faces(subject.record, found.boxes, found.confidences)


_NETWORKS_BOUND = "512 ulp"
_NETWORKS_REASON = "six layers of sums of up to 1,152 products, 4√n·u each (Higham and Mary 2019)"

STAGE = FaceStage(
    "detector boxes",
    "pyclnf.detection.cascade.find_faces",
    "the picture; what the network before leaves",
    (
        FaceOutput("candidates", "none", "whole px; those that pass, the best first"),
        FaceOutput("scores", _NETWORKS_BOUND, _NETWORKS_REASON),
        FaceOutput("corrections", f"{_NETWORKS_BOUND} of the largest", _NETWORKS_REASON),
        FaceOutput("boxes", f"{_NETWORKS_BOUND} of its side or place", "corrections, times sides"),
        FaceOutput("confidences", _NETWORKS_BOUND, _NETWORKS_REASON),
    ),
    _force,
    _free,
    branches=("box threshold", "order of boxes"),
)
