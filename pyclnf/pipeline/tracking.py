"""Faces followed through sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from pyclnf.arguments import function, instance, whole_number
from pyclnf.clnf import CLNF
from pyclnf.extent import extent_of
from pyclnf.face_fitter import FaceFit
from pyclnf.image import check_box
from pyclnf.pipeline.engine import Choices, FindBoxes
from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame
from pyclnf.pipeline.results import Describe, unfound_face
from pyclnf.threads import thread_count
from pyclnf.tracking import FaceTracker, Tracked, Tracker, TrackerSettings
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["TrackingEngine"]

Find: TypeAlias = Callable[[Frame], list[FaceResult]]

_NOBODY = "no face has been found yet"


class TrackingEngine:
    """Follows one face, or several, from frame to frame.

    Parameters
    ----------
    clnf : CLNF
    find_boxes : callable
        See :data:`pyclnf.pipeline.engine.FindBoxes`; asked where no face is known, or one is lost.
    choices : Choices
        Faces that are detected are fitted from several head poses whatever ``multi_view`` says, as
        OpenFace's video mode does, unless there are several.
    template : bool
        See :class:`pyclnf.tracking.TrackerSettings`.
    most : int
        How many faces to follow. If one, there is a result for every frame, unsuccessful ones too.
    threads : int or None
        The most to use; one per processor for None.
    report : callable
        Told of boxes that cannot be used; they are passed over.

    Raises
    ------
    ValueError
        Naming the argument, if one is no such thing.
    """

    def __init__(
        self,
        clnf: CLNF,
        find_boxes: FindBoxes,
        choices: Choices | None = None,
        *,
        template: bool = False,
        most: int = 1,
        threads: int | None = 1,
        report: Callable[[str], None] = lambda problem: None,
    ) -> None:
        self._choices = instance("choices", Choices() if choices is None else choices, Choices)
        self._clnf = instance("clnf", clnf, CLNF)
        self.n_landmarks = clnf.n_landmarks
        self.n_modes = clnf.n_modes
        chosen = {"template": template, "faces": most, "multi_view": most == 1}
        self.about: Mapping[str, Any] = {**self._choices.about(clnf), **chosen}
        self._find_boxes = function("find_boxes", find_boxes, "a frame")
        self._describe = Describe(clnf, self._choices.camera)
        self._settings = TrackerSettings(self._choices.settings, template=template)
        self._most, self._threads = whole_number("most", most, 1), thread_count(threads)
        self._report = function("report", report, "a sentence")

    def sequence(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[FaceResult]]]:
        """Yield each frame with its faces."""
        looker = _Looker(self._find_boxes, self._report)
        find = self._one(looker) if self._most == 1 else self._several(looker)
        for frame in frames:
            looker.frame = frame
            yield frame, find(frame)

    def _one(self, looker: _Looker) -> Find:
        """Return what follows a single face."""
        choices = self._choices
        tracker: Tracker[FaceFit] = self._clnf.tracker(
            looker,
            self._settings,
            parts=choices.parts,
            validate=choices.validate,
            threads=self._threads,
        )

        def find(frame: Frame) -> list[FaceResult]:
            tracked = tracker.update(frame.pixels)
            if tracked is None:
                return [unfound_face(self._clnf, 0, None, _NOBODY)]
            return [self._result(frame, 0, tracked)]

        return find

    def _several(self, looker: _Looker) -> Find:
        """Return what follows several faces."""
        choices = self._choices
        tracker: FaceTracker[FaceFit] = self._clnf.face_tracker(
            looker,
            self._settings,
            most=self._most,
            parts=choices.parts,
            validate=choices.validate,
            threads=self._threads,
        )

        def find(frame: Frame) -> list[FaceResult]:
            faces = tracker.update(frame.pixels)
            return [self._result(frame, number, face) for number, face in faces.items()]

        return find

    def _result(self, frame: Frame, face_id: int, tracked: Tracked[FaceFit]) -> FaceResult:
        """Return what is known of a face that is followed."""
        box = extent_of(tracked.fit.landmarks)
        return self._describe(frame, face_id, box, tracked.fit, success=tracked.success)


class _Looker:
    """Tells trackers, which know pictures only, where faces are in the frame at hand."""

    def __init__(self, find_boxes: FindBoxes, report: Callable[[str], None]) -> None:
        self._find_boxes, self._report = find_boxes, report
        self.frame: Frame | None = None

    def __call__(self, image: AnyArray) -> Float32Array:
        """Return the boxes of the frame's faces that can be used."""
        assert self.frame is not None
        usable = [box for box in self._find_boxes(self.frame) if self._is_usable(box, image)]
        return np.array(usable, np.float32).reshape(-1, 4)

    def _is_usable(self, box: Float32Array, image: AnyArray) -> bool:
        """Tell whether a box can be used, and report if not."""
        try:
            check_box(box, image.shape)
        except ValueError as error:
            assert self.frame is not None
            self._report(f"{self.frame.name}, frame {self.frame.number}: {error}; passed over")
            return False
        return True
