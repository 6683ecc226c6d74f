"""A run over faces and sequences: every one against one candidate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openface_bridge.faces.record import FaceRecord
from openface_bridge.faces.reference import WHOLE
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.origin import check_origin
from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.faces.stages.parts import landmark_limit
from openface_bridge.parity.faces.subject import Subject
from openface_bridge.parity.faces.verdicts import FaceVerdict, StageResult, judge_face
from openface_bridge.parity.noise_floor import landmark_errors
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case
from pyclnf.typing import Float64Array

__all__ = ["FaceComparison", "compare_face"]


@dataclass(frozen=True, eq=False)
class FaceComparison:
    """One face or sequence, compared and judged.

    Attributes
    ----------
    case : Case
    picture : Path
    subject : Subject
        What was compared: record, picture, and the candidate's own run.
    stages : tuple of StageResult
        In the order of execution; without comparisons where the record has nothing, and of the
        free run after a branch.
    verdict : FaceVerdict
    errors : (n,) float64
        Distance of each landmark in the end, px; of a sequence, the farthest in any frame.
    floors : (n,) float64
        Each landmark's noise floor there, px.
    """

    case: Case
    picture: Path
    subject: Subject
    stages: tuple[StageResult, ...]
    verdict: FaceVerdict
    errors: Float64Array
    floors: Float64Array

    @property
    def floor(self) -> float:
        """The noise floor of the worst landmark, px."""
        return float(self.floors.max(initial=0.0))

    @property
    def max_px(self) -> float:
        """The worst landmark's error."""
        return float(self.errors.max(initial=0.0))

    @property
    def limit_px(self) -> float:
        """What the noise floor allows it."""
        return landmark_limit(self.floor)

    @property
    def passed(self) -> bool:
        """Whether there is no bug, and no landmark is farther off than the noise floor allows."""
        return self.verdict.kind != "bug" and self.max_px <= self.limit_px


def compare_face(
    record: FaceRecord, case: Case, candidate: FaceCandidate, pictures: Path
) -> FaceComparison:
    """Compare one face or sequence.

    Raises
    ------
    TraceError
        If its picture is missing, or picture, model or face detector are others than the record's.
    """
    picture = find_picture(pictures, case.face)
    check_origin(record, picture, candidate.manifest, candidate.detector)
    subject = Subject(record, read_picture(picture), candidate)
    stages = tuple(_compared(subject))
    errors, floors = _errors(subject, case)
    return FaceComparison(case, picture, subject, stages, judge_face(stages), errors, floors)


def _compared(subject: Subject) -> Iterator[StageResult]:
    """Yield every stage; the free run up to where it takes another way."""
    elsewhere = False
    for stage in FACE_STAGES:
        free = () if elsewhere else tuple(stage.free(subject))
        result = StageResult(stage, tuple(stage.force(subject)), free)
        elsewhere |= result.leads_elsewhere
        yield result


def _errors(subject: Subject, case: Case) -> tuple[Float64Array, Float64Array]:
    """Return the landmarks' errors, and their noise floors."""
    record = subject.record
    if case.setting == WHOLE:
        found = subject.free_face.fit.landmarks
        errors = landmark_errors(found, record["landmarks"])
        floors = record["floor"] if "floor" in record else np.zeros(len(errors))
        return errors, floors.astype(np.float64)
    of_frames = []
    for frame, tracked in enumerate(subject.free_frames):
        wanted = record[f"frame{frame}.landmarks"]
        found = np.full(wanted.shape, np.nan) if tracked is None else tracked.fit.landmarks
        of_frames.append(landmark_errors(found, wanted))
    of_floors = [record[f"frame{frame}.floor"] for frame in range(record.frames)]
    return np.max(of_frames, axis=0), np.max(of_floors, axis=0).astype(np.float64)
