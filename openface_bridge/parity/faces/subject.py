"""One face or sequence: the reference's record, its pictures, and the candidate's own run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from openface_bridge.faces.frames import frames_of
from openface_bridge.faces.record import Array, FaceRecord
from openface_bridge.parity.faces.candidate import FaceCandidate, FaceListener
from pyclnf.detection.detections import Detections
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.face_fitter import FaceFit
from pyclnf.pdm import Parameters
from pyclnf.tracking import Tracked

__all__ = ["FreeFace", "Subject"]


@dataclass(frozen=True, eq=False)
class FreeFace:
    """The candidate's own run on a picture: all that it found, and what it told on the way."""

    fit: FaceFit
    told: FaceListener


@dataclass(frozen=True, eq=False)
class Subject:
    """What the stages are given.

    Attributes
    ----------
    record : FaceRecord
        The reference's.
    picture : (H, W, 3) uint8
    candidate : FaceCandidate
    """

    record: FaceRecord
    picture: Array
    candidate: FaceCandidate

    @cached_property
    def definition(self) -> Subject:
        """The same with the definition as its candidate: it gives the reference's bits."""
        return replace(self, candidate=self.candidate.definition)

    @cached_property
    def image(self) -> PaddedImage:
        """The picture in grey."""
        return self.candidate.backend.picture(self.picture)

    @cached_property
    def frames(self) -> list[Array]:
        """The frames of a sequence."""
        moves, size, lights = self.record["moves"], self.record["size"], self.record.get("lights")
        return frames_of(self.picture, moves, size, lights)

    def parameters(self, prefix: str) -> Parameters:
        """Return the reference's parameters of some name."""
        names = (f"{prefix}_global", f"{prefix}_local")
        global_, local = (self.record[name].astype(np.float32) for name in names)
        return Parameters(global_, local)

    @cached_property
    def free_face(self) -> FreeFace:
        """The candidate's own run on the picture, from the reference's box."""
        listener = FaceListener()
        fit = self.candidate.fit(self.picture, self.record["bbox"], listener)
        return FreeFace(fit, listener)

    @cached_property
    def free_frames(self) -> list[Tracked[FaceFit] | None]:
        """The candidate's own run over the frames, from the reference's box in the first one."""
        tracker = self.candidate.tracker()
        first = tracker.update(self.frames[0], self.record["bbox"])
        return [first, *(tracker.update(frame) for frame in self.frames[1:])]

    @cached_property
    def free_boxes(self) -> Detections:
        """The candidate's own detections."""
        return self.candidate.mtcnn.detect(self.picture)
