"""One face, from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from pyclnf.arguments import conforming, function, real_numbers, shown
from pyclnf.detection import FaceDetector, find_boxes
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import check_box
from pyclnf.observe import TemplateObserver, checked_observer
from pyclnf.pdm import Parameters
from pyclnf.tracking.fitter import Fit, Fitter
from pyclnf.tracking.settings import TrackerSettings, checked_tracker_settings
from pyclnf.tracking.template import cut_template, follow_template
from pyclnf.typing import AnyArray, ByteArray, Float32Array, Float64Array

__all__ = ["Tracked", "Tracker"]

AnyFit = TypeVar("AnyFit", bound=Fit)

_PATIENCE = 6
"""So much rarer is a face looked for that was not there before."""


@dataclass(frozen=True, eq=False)
class Tracked(Generic[AnyFit]):
    """A face in a frame.

    Attributes
    ----------
    fit : of the fitter
    success : bool
        *Quirk:* a face that has just been detected counts as one even if its fit does not.
    detected : bool
        Whether it was detected in this frame, not tracked.
    """

    fit: AnyFit
    success: bool
    detected: bool


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a face was last, and what it looked like there.

    `trusted` tells whether the fit succeeded: then the next one searches nearby only.
    """

    parameters: Parameters
    template: ByteArray | None
    trusted: bool


class Tracker(Generic[AnyFit]):
    """Follows one face through the frames of a sequence, as OpenFace's video mode does.

    Parameters
    ----------
    fitter : Fitter
    find_faces : callable, optional
        Picture to (k, 4) boxes; the widest one is taken, or the nearest one to where
        :meth:`reset` was told. Without it, boxes must be given to :meth:`update`.
    settings : TrackerSettings, optional
    observer : TemplateObserver, optional

    Raises
    ------
    ValueError
        Naming the argument, if one is no such thing.

    Notes
    -----
    A face that is tracked is fitted from where it was. One that is lost is fitted with larger
    windows, and every few frames detected anew and fitted from several head poses. It has a state:
    one tracker for each sequence, frames one after the other.
    """

    def __init__(
        self,
        fitter: Fitter[AnyFit],
        find_faces: FaceDetector | None = None,
        settings: TrackerSettings | None = None,
        observer: TemplateObserver | None = None,
    ) -> None:
        self._fitter = conforming("fitter", fitter, Fitter)
        if find_faces is not None:
            function("find_faces", find_faces, "a picture")
        self._find_faces = find_faces
        self._observer = checked_observer(observer, TemplateObserver)
        self._settings = checked_tracker_settings(settings)
        self.reset()

    def reset(self, near: tuple[float, float] | None = None) -> None:
        """Forget the face.

        Parameters
        ----------
        near : tuple of two floats, optional
            Of the faces found next, take the nearest to this place: x and y as fractions of the
            picture's width and height.

        Raises
        ------
        ValueError
            Naming ``near``, if it is not two finite numbers.
        """
        self._near = None if near is None else _checked_place(near)
        self._place: _Place | None = None
        self._failures = 0

    @property
    def failures(self) -> int:
        """How many frames in a row were not fitted with success."""
        return self._failures

    def update(
        self, image: AnyArray, box: Sequence[float] | AnyArray | None = None
    ) -> Tracked[AnyFit] | None:
        """Find the face in the next frame.

        Parameters
        ----------
        image : (H, W) or (H, W, 3) array
            As :meth:`pyclnf.CLNF.fit` takes it.
        box : sequence of four numbers, optional
            Where the face is, if it is known: it is fitted from there, and detected only if that
            does not succeed.

        Returns
        -------
        Tracked, or None as long as no face has been found.

        Raises
        ------
        ValueError
            Naming the argument, if picture or box cannot be used.
        """
        picture = self._fitter.picture(image)
        tracked = self.follow(picture, self._fitter, box)
        first = tracked is None
        if self._is_detection_due(first=first):
            found = self._detect(image, picture)
            if found is not None and (first or found.success):
                return self._detected(picture, found)
        if first:
            self._failures += 1
        elif self._failures > self._settings.forget_after:
            self._place = None
        return tracked

    def follow(
        self,
        picture: PaddedImage,
        fitter: Fitter[AnyFit],
        box: Sequence[float] | AnyArray | None = None,
    ) -> Tracked[AnyFit] | None:
        """Fit the face in the next frame from where it was, and neither detect nor forget it.

        Parameters
        ----------
        picture : PaddedImage
            The frame in grey, as the fitter makes it.
        fitter : Fitter
            The tracker's own, or the same with other threads.
        box : sequence of four numbers, optional
            As :meth:`update` takes it, and raises of it.

        Returns
        -------
        Tracked, or None as long as it has no place.
        """
        if box is not None:
            checked = check_box(box, (picture.height, picture.width))
            start = fitter.pdm.parameters_from_box(checked)
            self._place = _Place(start, None, trusted=False)
        return None if self._place is None else self._track(picture, self._place, fitter)

    def _track(
        self, picture: PaddedImage, place: _Place, fitter: Fitter[AnyFit]
    ) -> Tracked[AnyFit]:
        """Fit the face from where it was."""
        settings, start = self._settings, place.parameters
        if place.trusted and place.template is not None:
            scale = settings.template_scale
            start = follow_template(picture, place.template, start, fitter.pdm, scale)
            if self._observer is not None:
                self._observer.on_template(place.parameters, start)
        chosen = settings.tracking if place.trusted else settings.fit
        fit = fitter.fit_shape(picture, start, chosen)
        self._failures = 0 if fit.success else self._failures + 1
        self._keep(picture, fit)
        return Tracked(fit, fit.success, detected=False)

    def _is_detection_due(self, *, first: bool) -> bool:
        """Tell whether this frame's faces are to be detected."""
        every = self._settings.redetect_every
        if self._find_faces is None:
            return False
        if first:
            return self._failures % (_PATIENCE * (every or 1)) == 0
        return every > 0 and self._failures > 0 and (self._failures - 1) % every == 0

    def _detect(self, image: AnyArray, picture: PaddedImage) -> AnyFit | None:
        """Detect the face and fit it; None if there is none."""
        assert self._find_faces is not None
        boxes = find_boxes(self._find_faces, image)
        if not len(boxes):
            return None
        box, self._near = boxes[self._preferred(boxes, picture)], None
        return self._fitter.fit_box(picture, box, self._settings.fit)

    def _preferred(self, boxes: Float32Array, picture: PaddedImage) -> int:
        """Return the index of the widest box, or of the nearest one to where it should be."""
        if self._near is None:
            return int(boxes[:, 2].argmax())
        wanted = self._near * (picture.width, picture.height)
        middles = boxes[:, :2] + boxes[:, 2:] / 2
        return int(np.linalg.norm(middles - wanted, axis=1).argmin())

    def _detected(self, picture: PaddedImage, fit: AnyFit) -> Tracked[AnyFit]:
        """Go on from a detected face."""
        self._failures = 0
        self._keep(picture, fit)
        return Tracked(fit, success=True, detected=True)

    def _keep(self, picture: PaddedImage, fit: AnyFit) -> None:
        """Remember where the face is, whatever becomes of the fit, which is the user's."""
        parameters = Parameters(fit.params_global.copy(), fit.params_local.copy())
        template = cut_template(picture, fit.landmarks) if self._settings.template else None
        self._place = _Place(parameters, template, fit.success)


def _checked_place(near: object) -> Float64Array:
    """Return a place in a picture, (2,)."""
    expected = "two finite numbers, fractions of the picture's width and height"
    place = real_numbers("near", near, expected)
    if place.shape != (2,) or not np.isfinite(place).all():
        raise ValueError(f"near: expected {expected}, got {shown(near)}")
    return place
