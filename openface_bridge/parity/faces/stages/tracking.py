"""Where a face is, frame by frame: all that becomes of it in the candidate's own run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from openface_bridge.parity.faces.check import Check, same
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.stages.parts import landmark_limit
from openface_bridge.parity.faces.stages.stage import FaceOutput, FaceStage
from openface_bridge.parity.faces.subject import Subject

__all__ = ["STAGE"]


def _force(subject: Subject) -> Iterator[Check]:
    """Yield nothing: a frame has no inputs of its own, but the frame before."""
    yield from ()


def _free(subject: Subject) -> Iterator[Check]:
    """Yield landmarks and success of every frame."""
    record = subject.record
    for frame in range(record.frames):
        tracked, wanted = subject.free_frames[frame], record[f"frame{frame}.landmarks"]
        found = np.full(wanted.shape, np.nan) if tracked is None else tracked.fit.landmarks
        limit = landmark_limit(record.px(f"frame{frame}.floor"))
        place = FacePlace(frame=frame)
        yield Check("landmarks", place, found, wanted, limit, axis="landmarks")
        success = tracked is not None and tracked.success
        yield same("success", place, success, int(record[f"frame{frame}.success"]))


STAGE = FaceStage(
    "tracking",
    "pyclnf.tracking.Tracker.update",
    "the frames, and a box in the first one",
    (
        FaceOutput(
            "landmarks", "twice the noise floor, 0.005 px",
            "running freely: what one ulp in the first box makes of the frame",
        ),
        FaceOutput("success", "none", "running freely: a choice"),
    ),
    _force,
    _free,
)  # fmt: skip
