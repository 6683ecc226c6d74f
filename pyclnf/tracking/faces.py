"""Several faces, from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from pyclnf.arguments import conforming, function, whole_number
from pyclnf.detection import FaceDetector, find_boxes
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.extent import extent_of
from pyclnf.observe import FacesObserver, TrackingObserver, checked_observer
from pyclnf.threads import in_threads, thread_count
from pyclnf.tracking.fitter import Fit, SharedFitter
from pyclnf.tracking.settings import TrackerSettings, checked_tracker_settings
from pyclnf.tracking.tracker import Tracked, Tracker
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["FaceTracker"]

AnyFit = TypeVar("AnyFit", bound=Fit)

_SAME_FACE = 0.5


@dataclass
class _Followed(Generic[AnyFit]):
    """A face: what fits it, its tracker, its extent in the last frame; its box, if it is new."""

    fitter: SharedFitter[AnyFit]
    tracker: Tracker[AnyFit]
    extent: Float32Array
    box: Float32Array | None

    def update(self, picture: PaddedImage, threads: int) -> Tracked[AnyFit]:
        """Find the face in the next frame."""
        tracked = self.tracker.follow(picture, self.fitter.using(threads), self.box)
        assert tracked is not None  # it has a place since its first box
        self.box, self.extent = None, extent_of(tracked.fit.landmarks)
        return tracked


class FaceTracker(Generic[AnyFit]):
    """Follows every face of a sequence, as OpenFace's mode for several faces does.

    Parameters
    ----------
    fitter : SharedFitter
    find_faces : callable
        Picture to (k, 4) boxes.
    settings : TrackerSettings, optional
        Faces are not detected anew where they are lost, and given up after `lose_after` frames:
        ``redetect_every`` and ``forget_after`` are not used.
    most : int
        No more faces are followed than these.
    detect_every : int
        Every so many frames, new faces are looked for, while fewer are followed.
    lose_after : int
        After more than so many frames without success, and one more (*quirk*), a face is given up.
    threads : int or None
        The most to use; one per processor for None. The faces of a frame share them. The results
        do not depend on it.
    observer : FacesObserver, optional
        Told of every face. The faces of a frame are then fitted one after the other.

    Raises
    ------
    ValueError
        Naming the argument, if `most` or `detect_every` is not positive, `lose_after` negative,
        or one of the others no such thing.
    """

    def __init__(
        self,
        fitter: SharedFitter[AnyFit],
        find_faces: FaceDetector,
        settings: TrackerSettings | None = None,
        *,
        most: int = 4,
        detect_every: int = 8,
        lose_after: int = 4,
        threads: int | None = 1,
        observer: FacesObserver | None = None,
    ) -> None:
        self._fitter = conforming("fitter", fitter, SharedFitter)
        self._find_faces = function("find_faces", find_faces, "a picture")
        self._settings = checked_tracker_settings(settings)
        self._most = whole_number("most", most, 1)
        self._detect_every = whole_number("detect_every", detect_every, 1)
        self._lose_after = whole_number("lose_after", lose_after, 0)
        self._threads = thread_count(threads)
        self._observer = checked_observer(observer, FacesObserver)
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
        picture = self._fitter.picture(image)
        self._drop_lost()
        new = [self._begun(box) for box in self._new_boxes(image)]
        faces = {**self._followed, **dict(new)}
        tracked = self._found(faces, picture)
        self._followed = faces
        self._frames += 1
        return tracked

    def _found(
        self, faces: dict[int, _Followed[AnyFit]], picture: PaddedImage
    ) -> dict[int, Tracked[AnyFit]]:
        """Find all faces in a frame, several of them at once unless somebody looks on."""
        together = 1 if self._observer is not None else min(self._threads, max(len(faces), 1))
        each = self._threads // together
        found = in_threads(lambda face: face.update(picture, each), [*faces.values()], together)
        return dict(zip(faces, found, strict=True))

    def _begun(self, box: Float32Array) -> tuple[int, _Followed[AnyFit]]:
        """Return a face to follow from now on, and its number."""
        number, watcher = self._next_id, None
        self._next_id += 1
        if self._observer is not None:
            told = self._observer.on_face(number, box)
            watcher = checked_observer(told, TrackingObserver)
        fitter = self._fitter.watched_by(watcher)
        tracker = Tracker(fitter, None, self._settings, watcher)
        return number, _Followed(fitter, tracker, box, box)

    def _drop_lost(self) -> None:
        """Give up faces that have failed too often."""
        for number, face in list(self._followed.items()):
            if face.tracker.failures > self._lose_after + 1:
                del self._followed[number]
                if self._observer is not None:
                    self._observer.on_lost(number)

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
