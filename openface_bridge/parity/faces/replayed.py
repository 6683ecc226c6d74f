"""One frame of a sequence from where the reference was in the frame before."""

from __future__ import annotations

import numpy as np

from openface_bridge.faces.record import FaceRecord
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.subject import Subject
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.face_fitter import FaceFit
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.settings import FitSettings
from pyclnf.tracking import Tracked, Tracker, TrackerSettings
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["replayed"]


def replayed(subject: Subject, frame: int) -> Tracked[FaceFit] | None:
    """Return what the candidate makes of a frame, if those before gave what was recorded.

    Parameters
    ----------
    subject : Subject
        Of a sequence.
    frame : int
        Any but the first one, which is given a box.
    """
    replay = _Replay(subject.candidate)
    find = None if subject.candidate.detector is None else replay.find_faces
    tracker = Tracker(replay, find, TrackerSettings(template=True))
    for before in range(frame):
        replay.recorded = _outcome(subject.record, before)
        tracker.update(subject.frames[before], None if before else subject.record["bbox"])
    replay.recorded = None
    return tracker.update(subject.frames[frame])


class _Replay:
    """Gives a recorded fit as long as there is one, and then the candidate's own.

    In a frame with a recorded fit no face is detected: one that the reference detected is that fit.
    """

    def __init__(self, candidate: FaceCandidate) -> None:
        self._candidate, self._own = candidate, candidate.fitter()
        self.recorded: FaceFit | None = None

    @property
    def pdm(self) -> PointDistributionModel:
        """The model of the shape."""
        return self._own.pdm

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a frame in grey."""
        return self._own.picture(image)

    def fit_shape(self, picture: PaddedImage, start: Parameters, settings: FitSettings) -> FaceFit:
        """Fit a face from where it was."""
        if self.recorded is not None:
            return self.recorded
        return self._own.fit_shape(picture, start, settings)

    def fit_box(self, picture: PaddedImage, box: Float32Array, settings: FitSettings) -> FaceFit:
        """Fit a face that was detected."""
        return self._own.fit_box(picture, box, settings)

    def find_faces(self, image: AnyArray) -> Float32Array:
        """Return the boxes of faces."""
        if self.recorded is not None:
            return np.zeros((0, 4), np.float32)
        return self._candidate.mtcnn(image)


def _outcome(record: FaceRecord, frame: int) -> FaceFit:
    """Return what was recorded of a frame."""
    prefix = f"frame{frame}"
    names = ("landmarks", "params_global", "params_local")
    landmarks, global_, local = (record[f"{prefix}.{name}"].astype(np.float32) for name in names)
    success = bool(record[f"{prefix}.success"])
    return FaceFit(landmarks, global_, local, 0.0, success, 0)
