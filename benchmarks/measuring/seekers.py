"""What competes at finding faces and following one: OpenFace, and pyclnf's backends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from measuring.contest import OPENFACE
from measuring.footage import Footage, Seen, Still
from measuring.workload import DEFINITION, EXACT_BACKENDS, largest_distance
from openface_bridge.native import is_available as has_bridge
from openface_bridge.native import native
from pyclnf import CLNF
from pyclnf.backends import available_backends
from pyclnf.detection import MTCNN
from pyclnf.tracking import Tracker, TrackerSettings
from pyclnf.typing import Float32Array

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["Seeker", "seekers_on"]

_MOST_APART_PX = 0.01
"""Boxes of any two detectors."""


class Seeker(Protocol):
    """Whoever finds faces, and follows them."""

    def verify(self, footage: Footage) -> float:
        """Raise an AssertionError unless all is found; else return px from the recorded frames."""
        ...

    def find(self, stills: Sequence[Still]) -> object:
        """Find the faces in one picture after another."""
        ...

    def follow(self, frames: Sequence[Seen]) -> object:
        """Follow a face through more frames."""
        ...


def seekers_on(footage: Footage, cores: int) -> dict[str, Seeker]:
    """Load model and detector into everyone who has a detector of their own, OpenFace first."""
    seekers: dict[str, Seeker] = {OPENFACE: OpenFaceSeeker(footage)} if has_bridge() else {}
    for backend in available_backends():
        if backend != DEFINITION and MTCNN(footage.face_detector, backend).backend == backend:
            seekers[backend] = PyCLNFSeeker(footage, backend, cores)
    return seekers


class OpenFaceSeeker:
    """OpenFace as its own program for sequences runs it, in as many threads as it likes."""

    def __init__(self, footage: Footage) -> None:
        bridge = native()
        self._detector: _native.FaceDetector = bridge.FaceDetector(str(footage.face_detector))
        self._tracker: _native.Tracker = bridge.Tracker(
            str(footage.manifest),
            str(footage.face_detector),
            bridge.Settings(use_face_template=True, refine_parts=True, validate=True),
        )

    def verify(self, footage: Footage) -> float:
        """Compare boxes; its tracker finds every bit only with the recordings' BLAS kernel."""
        for still in footage.stills:
            _check_boxes(self._detector.detect(still.picture)[0], still.box)
        found = [
            self._tracker.track(seen.picture, footage.box if number == 0 else None)["landmarks"]
            for number, seen in enumerate(footage.frames)
        ]
        return _worst(found, footage.frames)

    def find(self, stills: Sequence[Still]) -> object:
        """Find the faces in one picture after another."""
        return [self._detector.detect(still.picture) for still in stills]

    def follow(self, frames: Sequence[Seen]) -> object:
        """Follow a face through more frames."""
        return [self._tracker.track(seen.picture) for seen in frames]


class PyCLNFSeeker:
    """A backend of pyclnf's."""

    def __init__(self, footage: Footage, backend: str, cores: int) -> None:
        self._backend = backend
        self._detector = MTCNN(footage.face_detector, backend)
        clnf = CLNF(footage.manifest, backend=backend)
        settings = TrackerSettings(template=True)
        self._tracker: Tracker[Any] = clnf.tracker(self._detector, settings, threads=cores)

    def verify(self, footage: Footage) -> float:
        """Compare boxes and, of backends that have every bit, landmarks with the recordings."""
        for still in footage.stills:
            _check_boxes(self._detector.detect(still.picture).boxes, still.box)
        found = []
        for number, seen in enumerate(footage.frames):
            tracked = self._tracker.update(seen.picture, footage.box if number == 0 else None)
            assert tracked is not None, f"{self._backend}: no face in frame {number}"
            found.append(tracked.fit.landmarks)
        worst = _worst(found, footage.frames)
        assert worst == 0 or self._backend not in EXACT_BACKENDS, f"{self._backend}: {worst} px"
        return worst

    def find(self, stills: Sequence[Still]) -> object:
        """Find the faces in one picture after another."""
        return [self._detector.detect(still.picture) for still in stills]

    def follow(self, frames: Sequence[Seen]) -> object:
        """Follow a face through more frames."""
        return [self._tracker.update(seen.picture) for seen in frames]


def _check_boxes(found: Float32Array, recorded: Float32Array) -> None:
    """Raise an AssertionError unless one of (k, 4) boxes is the recorded one."""
    apart = np.abs(found - recorded).max(axis=1)
    assert min(apart, default=np.inf) <= _MOST_APART_PX, f"{found} has no box {recorded}"


def _worst(found: Sequence[Float32Array], frames: Sequence[Seen]) -> float:
    """Return how far the worst landmark of all frames is from the recorded one, px."""
    pairs = zip(found, frames, strict=True)
    return max((largest_distance(one, seen.landmarks) for one, seen in pairs), default=0.0)
