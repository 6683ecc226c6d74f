"""A face with all that belongs to it: the best of several fits, its parts, how certain it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from pyclnf import fitting
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.extent import extent_of
from pyclnf.fitting import FitResult
from pyclnf.hypotheses import ROTATIONS, fit_hypotheses
from pyclnf.observe import FaceObserver
from pyclnf.part_models import PartModel
from pyclnf.parts import PartFit, refine
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.rotation import Rotation
from pyclnf.settings import FitSettings
from pyclnf.threads import thread_count
from pyclnf.typing import AnyArray, Float32Array
from pyclnf.validation import SUCCESS_BOUNDARY, Validator

__all__ = ["FaceFit", "FaceFitter"]


@dataclass(frozen=True, eq=False)
class FaceFit(FitResult):
    """A face: as :class:`FitResult`, with what its parts found and how certain it is.

    Attributes
    ----------
    certainty : float
        That the landmarks lie on a face: the validator's, from 0 to 1; without one, 1 where the fit
        succeeded and 0 where it did not.
    parts : mapping of str to PartFit
        By name, in the model's order.

    Notes
    -----
    Landmarks and parameters are refined by the parts; likelihood and view are those of the face's
    own fit, of the head pose that was chosen. ``success`` is that of the fit if the certainty is
    high enough.
    """

    certainty: float = 0.0
    parts: Mapping[str, PartFit] = field(default_factory=dict)

    @property
    def refined(self) -> bool:
        """Whether any part was fitted."""
        return any(part.fitted for part in self.parts.values())


@dataclass(frozen=True, eq=False)
class FaceFitter:
    """Fits faces with all that belongs to them; safe to share between threads.

    Parameters
    ----------
    backend : Backend
    parts : sequence of PartModel
    validator : Validator, optional
    rotations : sequence of rotations
        The head poses that a face in a box is fitted from.
    threads : int or None
        The most to use; one per processor for None.
    observer : FaceObserver, optional
        Told of every face.
    """

    backend: Backend
    parts: Sequence[PartModel] = ()
    validator: Validator | None = None
    rotations: Sequence[Rotation] = ROTATIONS
    threads: int | None = 1
    observer: FaceObserver | None = None

    def __post_init__(self) -> None:
        thread_count(self.threads)

    def using(self, threads: int | None) -> FaceFitter:
        """Return this fitter for faces that may use so many threads each; the bits are the same."""
        return replace(self, threads=threads)

    def watched_by(self, observer: FaceObserver | None) -> FaceFitter:
        """Return this fitter for faces at which somebody else looks."""
        return replace(self, observer=observer)

    @property
    def pdm(self) -> PointDistributionModel:
        """The model of the shape."""
        return self.backend.detector.pdm

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a picture in grey; raises what :func:`pyclnf.image.to_grey` does."""
        return self.backend.picture(image)

    @property
    def _alone(self) -> Backend:
        """What fits one face at a time."""
        return self.backend.using(thread_count(self.threads))

    def fit_shape(self, picture: PaddedImage, start: Parameters, settings: FitSettings) -> FaceFit:
        """Fit a face from where it was."""
        extent = extent_of(self.pdm.pose(start).landmarks)
        found = fitting.fit(picture, extent, start, settings, self._alone)
        return self._completed(picture, found)

    def fit_box(self, picture: PaddedImage, box: Float32Array, settings: FitSettings) -> FaceFit:
        """Fit a face in a box from several head poses, and complete the likeliest fit.

        The reference completes all of them; what parts and validator find does not decide. With
        early termination it tells success and certainty of the last fit that it completed; here
        they are the likeliest one's.
        """
        backend = self._alone if len(self.rotations) == 1 else self.backend
        tried = fit_hypotheses(picture, box, self.rotations, settings, backend, self.threads)
        if self.observer is not None:
            self.observer.on_hypotheses(tried)
        return self._completed(picture, tried.best)

    def _completed(self, picture: PaddedImage, found: FitResult) -> FaceFit:
        """Refine a fit by its parts, and tell how certain it is."""
        given = (picture, found, self.backend, self.parts)
        whole = refine(*given, thread_count(self.threads), self.observer)
        if self.observer is not None:
            self.observer.on_parts(whole)
        face = whole.face
        told = {each.name: getattr(face, each.name) for each in fields(face)}
        certainty = float(face.success)
        if face.success and self.validator is not None:
            rotation = face.params_global[1:4]
            certainty = self.validator.check(picture, face.landmarks, rotation)
            if self.observer is not None:
                self.observer.on_certainty(certainty)
            if not certainty > SUCCESS_BOUNDARY:
                told |= {"success": False, "failure": _doubt(certainty)}
        return FaceFit(**told, certainty=certainty, parts=whole.parts)


def _doubt(certainty: float) -> str:
    """Return why a fit is not believed."""
    return f"the validator doubts that it is a face: {certainty:.3f}, not above {SUCCESS_BOUNDARY}"
