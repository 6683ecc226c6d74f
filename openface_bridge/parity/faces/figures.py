"""What both engines found of a face, side by side: for people, and for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from openface_bridge.faces.reference import WHOLE
from openface_bridge.parity.faces.run import FaceComparison
from openface_bridge.parity.noise_floor import landmark_errors

__all__ = [
    "BoxFigures",
    "CertaintyFigures",
    "FaceFigures",
    "FrameFigures",
    "HypothesisFigures",
    "PartFigures",
    "figures_of",
]

Numbers = list[float]


@dataclass(frozen=True)
class HypothesisFigures:
    """One head pose: Euler angles in degrees, both likelihoods, who chose it."""

    rotation: Numbers
    reference: float
    candidate: float
    chosen_by_reference: bool
    chosen_by_candidate: bool


@dataclass(frozen=True)
class PartFigures:
    """One part: whether it was fitted, and how far its landmarks are apart, px.

    `parameters` are the largest differences of its start and of its fit, given the reference's
    inputs, in parts of what rounding explains.
    """

    name: str
    fitted_by_reference: bool
    fitted_by_candidate: bool
    landmarks_px: float
    start: float
    fit: float | None


@dataclass(frozen=True)
class CertaintyFigures:
    """Both certainties, and whether both are successes."""

    reference: float
    candidate: float
    success_of_reference: bool
    success_of_candidate: bool


@dataclass(frozen=True)
class FrameFigures:
    """One frame: both template shifts, px, if any; the landmarks' error, px; both successes."""

    shift_of_reference: Numbers | None
    shift_of_candidate: Numbers | None
    max_px: float
    floor_px: float
    success_of_reference: bool
    success_of_candidate: bool


@dataclass(frozen=True)
class BoxFigures:
    """Both engines' boxes and confidences, and how many candidates each network has left."""

    reference: list[Numbers]
    candidate: list[Numbers]
    left_by_reference: dict[str, int]


@dataclass(frozen=True)
class FaceFigures:
    """All of a face or a sequence; empty or None where the record has nothing."""

    hypotheses: list[HypothesisFigures]
    parts: list[PartFigures]
    certainty: CertaintyFigures | None
    frames: list[FrameFigures]
    boxes: BoxFigures | None


def figures_of(comparison: FaceComparison) -> FaceFigures:
    """Return the figures of a face or a sequence."""
    whole = comparison.case.setting == WHOLE
    return FaceFigures(
        hypotheses=_hypotheses(comparison) if whole else [],
        parts=_parts(comparison) if whole else [],
        certainty=_certainty(comparison) if whole else None,
        frames=[] if whole else _frames(comparison),
        boxes=_boxes(comparison),
    )


def _hypotheses(comparison: FaceComparison) -> list[HypothesisFigures]:
    """Return all head poses."""
    subject = comparison.subject
    record, tried = subject.record, subject.free_face.told.tried
    if "hypotheses.likelihoods" not in record or tried is None:
        return []
    rows = zip(
        record["hypotheses.rotations"], record["hypotheses.likelihoods"], tried.fits, strict=False
    )
    return [
        HypothesisFigures(
            rotation=np.degrees(rotation.astype(np.float64)).round(1).tolist(),
            reference=float(likelihood),
            candidate=fit.likelihood,
            chosen_by_reference=index == int(record["hypotheses.chosen"]),
            chosen_by_candidate=index == tried.chosen,
        )
        for index, (rotation, likelihood, fit) in enumerate(rows)
    ]


def _parts(comparison: FaceComparison) -> list[PartFigures]:
    """Return all parts."""
    subject, ratios = comparison.subject, _ratios(comparison)
    found = subject.free_face.fit.parts
    return [
        PartFigures(
            name=name,
            fitted_by_reference=bool(subject.record[f"parts.{name}.fitted"]),
            fitted_by_candidate=found[name].fitted,
            landmarks_px=_apart(found[name].landmarks, subject.record[f"parts.{name}.landmarks"]),
            start=ratios.get((name, "start"), 0.0),
            fit=ratios.get((name, "parameters")),
        )
        for name in subject.record.parts
    ]


def _ratios(comparison: FaceComparison) -> dict[tuple[str | None, str], float]:
    """Return forced differences in parts of their limits, by part and entry."""
    forced = (check for result in comparison.stages for check in result.forced)
    return {(check.place.part, check.entry): check.worst.ratio for check in forced}


def _apart(found: Any, wanted: Any) -> float:
    """Return the largest distance of landmarks, px."""
    return float(landmark_errors(found, wanted).max())


def _certainty(comparison: FaceComparison) -> CertaintyFigures | None:
    """Return both certainties."""
    record = comparison.subject.record
    if "certainty" not in record:
        return None
    fit = comparison.subject.free_face.fit
    return CertaintyFigures(
        float(record["certainty"]), fit.certainty, bool(record["success"]), fit.success
    )


def _frames(comparison: FaceComparison) -> list[FrameFigures]:
    """Return all frames."""
    subject = comparison.subject
    record, shifts = subject.record, _shifts(comparison)
    return [
        FrameFigures(
            shift_of_reference=None if frame not in shifts else shifts[frame][1],
            shift_of_candidate=None if frame not in shifts else shifts[frame][0],
            max_px=float("inf")
            if tracked is None
            else _apart(tracked.fit.landmarks, record[f"frame{frame}.landmarks"]),
            floor_px=record.px(f"frame{frame}.floor"),
            success_of_reference=bool(record[f"frame{frame}.success"]),
            success_of_candidate=tracked is not None and tracked.success,
        )
        for frame, tracked in enumerate(subject.free_frames)
    ]


def _shifts(comparison: FaceComparison) -> dict[int, tuple[Numbers, Numbers]]:
    """Return the candidate's and the reference's shifts, given the same frames, by frame."""
    record, found = comparison.subject.record, {}
    for result in comparison.stages:
        for check in result.forced:
            if check.entry == "shift" and check.place.frame is not None:
                frame = check.place.frame
                before = record[f"frame{frame - 1}.params_global"][4:]
                ours, theirs = (each[4:] - before for each in (check.found, check.wanted))
                found[frame] = (ours.tolist(), theirs.tolist())
    return found


def _boxes(comparison: FaceComparison) -> BoxFigures | None:
    """Return both engines' boxes."""
    subject = comparison.subject
    record = subject.record
    if "detector.boxes" not in record:
        return None
    left = {
        name.split(".")[1]: len(array)
        for name, array in record.entries.items()
        if name.startswith("detector.") and name.endswith(".scores")
    }
    theirs = (record["detector.boxes"], record["detector.confidences"])
    ours = (subject.free_boxes.boxes, subject.free_boxes.confidences)
    pairs = [
        np.column_stack((boxes, scores)).astype(np.float64).tolist()
        for boxes, scores in (theirs, ours)
    ]
    return BoxFigures(pairs[0], pairs[1], left)
