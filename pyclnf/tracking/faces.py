"""Several faces, from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from pyclnf.arguments import conforming, function, whole_number
from pyclnf.detection import FaceDetector, find_boxes
from pyclnf.extent import extent_of
from pyclnf.tracking.fitter import Fit, Fitter
from pyclnf.tracking.settings import TrackerSettings, checked_tracker_settings
from pyclnf.tracking.tracker import Tracked, Tracker
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["FaceTracker"]

AnyFit = TypeVar("AnyFit", bound=Fit)

_SAME_FACE = 0.5


@dataclass
class _Followed(Generic[AnyFit]):
    """A face with its tracker, and its extent in the last frame."""

    tracker: Tracker[AnyFit]
    extent: Float32Array


class FaceTracker(Generic[AnyFit]):
    """Follows every face of a sequence, as OpenFace's mode for several faces does.

    Parameters
    ----------
    fitter : Fitter
    find_faces : callable
        Picture to (k, 4) boxes.
    settings : TrackerSettings, optional
        Faces are not detected anew where they are lost: ``redetect_every`` is not used.
    most : int
        No more faces are followed than these.
    detect_every : int
        Every so many frames, new faces are looked for, while fewer are followed.
    lose_after : int
        After more than so many frames without success, and one more (*quirk*), a face is given up.

    Raises
    ------
    ValueError
        Naming the argument, if `most` or `detect_every` is not positive, `lose_after` negative,
        or one of the others no such thing.
    """

    def __init__(
        self,
        fitter: Fitter[AnyFit],
        find_faces: FaceDetector,
        settings: TrackerSettings | None = None,
        *,
        most: int = 4,
        detect_every: int = 8,
        lose_after: int = 4,
    ) -> None:
        self._fitter = conforming("fitter", fitter, Fitter)
        self._find_faces = function("find_faces", find_faces, "a picture")
        self._settings = replace(checked_tracker_settings(settings), redetect_every=0)
        self._most = whole_number("most", most, 1)
        self._detect_every = whole_number("detect_every", detect_every, 1)
        self._lose_after = whole_number("lose_after", lose_after, 0)
        self._followed: dict[int, _Followed[AnyFit]] = {}
        self._frames = self._next_id = 0

    def update(self, image: AnyArray) -> dict[int, Tracked[AnyFit]]:
        """Find the faces in the next frame.

        Parameters
        ----------
        image : (H, W) or (H, W, 3) array

        Returns
        -------
        dict of int to Tracked
            By the face's number, which it keeps for as long as it is followed; numbers are not
            used again.

        Raises
        ------
        ValueError
            Naming the argument, if the picture cannot be used.
        """
        self._drop_lost()
        new = self._new_boxes(image)
        tracked = {number: self._update(face, image) for number, face in self._followed.items()}
        for box in new:
            face = _Followed(Tracker(self._fitter, None, self._settings), box)
            tracked[self._next_id] = self._update(face, image, box)
            self._followed[self._next_id] = face
            self._next_id += 1
        self._frames += 1
        return tracked

    def _update(
        self, face: _Followed[AnyFit], image: AnyArray, box: Float32Array | None = None
    ) -> Tracked[AnyFit]:
        """Find one face."""
        tracked = face.tracker.update(image, box)
        assert tracked is not None  # it has a place since its first box
        face.extent = extent_of(tracked.fit.landmarks)
        return tracked

    def _drop_lost(self) -> None:
        """Give up faces that have failed too often."""
        for number, face in list(self._followed.items()):
            if face.tracker.failures > self._lose_after + 1:
                del self._followed[number]

    def _new_boxes(self, image: AnyArray) -> list[Float32Array]:
        """Return the boxes of faces to follow from now on."""
        room = self._most - len(self._followed)
        if room < 1 or self._frames % self._detect_every:
            return []
        boxes = find_boxes(self._find_faces, image)
        known = [face.extent for face in self._followed.values()]
        new = [box for box in boxes if not any(_overlap(box, other) for other in known)]
        return new[:room]


def _overlap(one: Float32Array, other: Float32Array) -> bool:
    """Tell whether two boxes are of one face.

    *Quirk:* what they share counts against what either has for itself, not against their union.
    """
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    shared = float((high - low).clip(0).prod())
    apart = float(one[2] * one[3] + other[2] * other[3]) - 2 * shared
    return shared > _SAME_FACE * apart
