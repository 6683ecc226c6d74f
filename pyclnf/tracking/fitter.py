"""What a tracker needs: pictures, and fits from a shape or a box."""

from __future__ import annotations

from typing import Protocol, TypeVar

from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.observe import FaceObserver
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.settings import FitSettings
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["Fit", "Fitter", "SharedFitter"]


class Fit(Protocol):
    """What a tracker looks at in a fit."""

    @property
    def landmarks(self) -> Float32Array:
        """The (n, 2) landmarks, px."""
        ...

    @property
    def params_global(self) -> Float32Array:
        """Scale, rotation and translation, (6,)."""
        ...

    @property
    def params_local(self) -> Float32Array:
        """Shape parameters, (m,)."""
        ...

    @property
    def success(self) -> bool:
        """Whether it is to be believed."""
        ...


AnyFit = TypeVar("AnyFit", bound=Fit, covariant=True)


class Fitter(Protocol[AnyFit]):
    """Fits faces, whatever belongs to that."""

    @property
    def pdm(self) -> PointDistributionModel:
        """The model of the shape."""
        ...

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a frame in grey."""
        ...

    def fit_shape(self, picture: PaddedImage, start: Parameters, settings: FitSettings) -> AnyFit:
        """Fit a face from where it was."""
        ...

    def fit_box(self, picture: PaddedImage, box: Float32Array, settings: FitSettings) -> AnyFit:
        """Fit a face that was detected, from several head poses."""
        ...


class SharedFitter(Fitter[AnyFit], Protocol[AnyFit]):
    """A fitter for several faces, which differ in who looks on and in how many threads they get."""

    def using(self, threads: int) -> SharedFitter[AnyFit]:
        """Return this fitter for faces that may use so many threads each; the bits are the same."""
        ...

    def watched_by(self, observer: FaceObserver | None) -> SharedFitter[AnyFit]:
        """Return this fitter for faces at which somebody else looks."""
        ...
