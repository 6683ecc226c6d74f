"""Where a face is, frame by frame: all that becomes of it in the candidate's own run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from openface_bridge.parity.faces.certainties import tie_of_success
from openface_bridge.parity.faces.check import Check, same
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.replayed import replayed
from openface_bridge.parity.faces.stages.parts import landmark_limit
from openface_bridge.parity.faces.stages.stage import FaceOutput, FaceStage
from openface_bridge.parity.faces.subject import Subject
from pyclnf.face_fitter import FaceFit
from pyclnf.tracking import Tracked

__all__ = ["STAGE"]


def _force(subject: Subject) -> Iterator[Check]:
    """Yield the frames after a branch of the free run, each from the reference's own one before.

    Up to there, the free run itself is where the reference is, but for rounding.
    """
    over = [each for each in _free(subject) if each.over]
    if len(over) == 1 and over[0].excused:
        branched = over[0].place.frame
        assert branched is not None
        for frame in range(branched + 1, subject.record.frames):
            yield from _compared(subject, frame, replayed(subject, frame))


def _free(subject: Subject) -> Iterator[Check]:
    """Yield landmarks and success of every frame, up to a branch: what follows is another run."""
    for frame in range(subject.record.frames):
        for check in _compared(subject, frame, subject.free_frames[frame]):
            yield check
            if check.excused:
                return


def _compared(subject: Subject, frame: int, tracked: Tracked[FaceFit] | None) -> Iterator[Check]:
    """Yield landmarks and success of a frame."""
    record, place = subject.record, FacePlace(frame=frame)
    wanted = record[f"frame{frame}.landmarks"]
    found = np.full(wanted.shape, np.nan) if tracked is None else tracked.fit.landmarks
    limit = landmark_limit(record.px(f"frame{frame}.floor"))
    landmarks = Check("landmarks", place, found, wanted, limit, axis="landmarks")
    yield landmarks
    success = tracked is not None and tracked.success
    check = same("success", place, success, int(record[f"frame{frame}.success"]))
    if check.over and tracked is not None and not landmarks.over:
        check = replace(check, tie=tie_of_success(subject, frame, tracked))
    yield check


STAGE = FaceStage(
    "tracking",
    "pyclnf.tracking.Tracker.update",
    "the frames, and a box in the first one; after a branch, the frame before",
    (
        FaceOutput(
            "landmarks", "twice the noise floor, 0.005 px",
            "what one ulp in the first box makes of the frame",
        ),
        FaceOutput("success", "none", "a choice"),
    ),
    _force,
    _free,
    branches=("success boundary",),
)  # fmt: skip
