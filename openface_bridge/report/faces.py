"""What the page shows of whole faces and sequences."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from openface_bridge.faces.reference import WHOLE
from openface_bridge.parity.faces.figures import FaceFigures, figures_of
from openface_bridge.parity.faces.run import FaceComparison
from openface_bridge.parity.faces.summary import stage_kind
from openface_bridge.parity.faces.verdicts import FaceVerdict, StageResult
from openface_bridge.pictures import encode_jpeg
from openface_bridge.report.fit import mark_of
from openface_bridge.report.titles import Title
from openface_bridge.report.words import anchor_of

__all__ = ["FaceEntry", "FaceRow", "FaceView", "entry_of", "view_face"]

_LARGEST_SIDE = 420
_MARKS = {"equal": "equal", "rounding": "rounding", "branch": "tie", "bug": "over"}

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class FaceRow:
    """One stage of a face: both ways, with its marks."""

    name: str
    anchor: str
    result: StageResult
    mark: str
    forced_mark: str
    free_mark: str


@dataclass(frozen=True)
class FaceEntry:
    """What the page's table shows of a face."""

    title: Title
    passed: bool
    kind: str
    stage: str | None
    max_px: float
    limit_px: float
    marks: list[tuple[str, str, str]]
    words: list[tuple[str, str]]


@dataclass(frozen=True)
class FacePicture:
    """A picture with both engines' landmarks and boxes, in px of what is shown."""

    jpeg: str
    width: int
    height: int
    reference: Points
    candidate: Points
    boxes: list[tuple[float, float, float, float]]


@dataclass(frozen=True)
class FaceView:
    """What the template is given of one face or sequence."""

    anchor: str
    passed: bool
    verdict: FaceVerdict
    comparison: FaceComparison
    figures: FaceFigures
    picture: FacePicture
    stages: list[FaceRow]


def view_face(comparison: FaceComparison, anchor: str) -> FaceView:
    """Prepare one face for the page."""
    return FaceView(
        anchor=anchor,
        passed=comparison.passed,
        verdict=comparison.verdict,
        comparison=comparison,
        figures=figures_of(comparison),
        picture=_picture(comparison),
        stages=[_row(result, comparison.verdict, anchor) for result in comparison.stages],
    )


def entry_of(view: FaceView, title: Title) -> FaceEntry:
    """Keep what the page's table shows."""
    return FaceEntry(
        title=title,
        passed=view.passed,
        kind=view.verdict.kind,
        stage=view.verdict.stage,
        max_px=view.comparison.max_px,
        limit_px=view.comparison.limit_px,
        marks=[(row.name, row.anchor, row.mark) for row in view.stages],
        words=_words(view.figures),
    )


def _row(result: StageResult, verdict: FaceVerdict, anchor: str) -> FaceRow:
    """Return one stage."""
    name = result.stage.name
    mark = _MARKS[stage_kind(result, verdict)] if result.compared else "none"
    forced, free = (
        mark_of(
            len(checks),
            sum(check.equal for check in checks),
            over=result.wrong(free=way) is not None,
            excused=result.tied(free=way) is not None,
        )
        for checks, way in ((result.forced, False), (result.free, True))
    )
    return FaceRow(name, f"{anchor}--{anchor_of(name)}", result, mark, forced, free)


def _words(figures: FaceFigures) -> list[tuple[str, str]]:
    """Say what was found in a few words: the reference's, then the candidate's if it is another."""
    said = []
    if figures.hypotheses:
        theirs = next(i for i, each in enumerate(figures.hypotheses) if each.chosen_by_reference)
        ours = next(i for i, each in enumerate(figures.hypotheses) if each.chosen_by_candidate)
        said.append(("hypothesis", _both(str(theirs), str(ours))))
    if figures.parts:
        counts = (
            sum(each.fitted_by_reference for each in figures.parts),
            sum(each.fitted_by_candidate for each in figures.parts),
        )
        said.append(("parts", _both(*(f"{count} of {len(figures.parts)}" for count in counts))))
    if figures.certainty is not None:
        found = figures.certainty
        said.append(("certainty", _both(f"{found.reference:.2f}", f"{found.candidate:.2f}")))
    if figures.boxes is not None:
        counts = (len(figures.boxes.reference), len(figures.boxes.candidate))
        said.append(("boxes", _both(*map(str, counts))))
    if figures.frames:
        said.append(("frames", str(len(figures.frames))))
    return said


def _both(reference: str, candidate: str) -> str:
    """Return one text where both are alike, both where not."""
    return reference if reference == candidate else f"{reference} | {candidate}"


def _picture(comparison: FaceComparison) -> FacePicture:
    """Return the picture, of a sequence its last frame, and what was found in it."""
    import cv2

    subject = comparison.subject
    pixels, theirs, ours = _found(comparison)
    boxes = np.zeros((0, 4))
    if comparison.case.setting == WHOLE and "detector.boxes" in subject.record:
        boxes = subject.record["detector.boxes"].astype(np.float64)
    factor = min(1.0, _LARGEST_SIDE / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    shown = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return FacePicture(
        jpeg=base64.b64encode(encode_jpeg(shown, 80)).decode("ascii"),
        width=size[0],
        height=size[1],
        reference=_points(theirs, factor),
        candidate=_points(ours, factor),
        boxes=[tuple((box * factor).round(1).tolist()) for box in boxes],
    )


def _found(comparison: FaceComparison) -> tuple[Any, Any, Any]:
    """Return a picture and both engines' landmarks in it."""
    subject = comparison.subject
    if comparison.case.setting == WHOLE:
        return subject.picture, subject.record["landmarks"], subject.free_face.fit.landmarks
    last = subject.record.frames - 1
    tracked = subject.free_frames[last]
    theirs = subject.record[f"frame{last}.landmarks"]
    return subject.frames[last], theirs, None if tracked is None else tracked.fit.landmarks


def _points(landmarks: Any, factor: float) -> Points:
    """Return the landmarks that are finite, in px of what is shown."""
    if landmarks is None:
        return []
    placed = (np.asarray(landmarks, np.float64) + 0.5) * factor
    return [(round(x, 2), round(y, 2)) for x, y in placed.tolist() if np.isfinite((x, y)).all()]
