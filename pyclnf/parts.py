"""Parts of a face, fitted with models of their own and put back into it.

A part starts from the face's landmarks, and is fitted where the face is so large that the part's
experts see it without magnification. Its landmarks take the places of the face's, whose parameters
are then found anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from pyclnf import fitting
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.extent import extent_of
from pyclnf.fitting import FitResult
from pyclnf.likelihood import UNEVALUATED
from pyclnf.observe import FaceObserver, Observer
from pyclnf.part_models import PartModel
from pyclnf.pdm import Parameters
from pyclnf.typing import Float32Array

__all__ = [
    "PartFit",
    "WholeFit",
    "explained",
    "fit_part",
    "is_large_enough",
    "least_scale",
    "put_back",
    "refine",
    "start_of",
]

_LEAST_OF_PATCH_SCALE = 0.9


@dataclass(frozen=True, eq=False)
class PartFit(FitResult):
    """What the fit of a part found: as :class:`FitResult`, with the part's own landmarks.

    Attributes
    ----------
    fitted : bool
        Whether the part's experts have looked at the picture. If not, landmarks and parameters are
        those of the part's model that explain the face's landmarks best, and ``failure`` tells
        why; NaN if these tell nothing.
    """

    fitted: bool = False


@dataclass(frozen=True, eq=False)
class WholeFit:
    """A face with its parts.

    Attributes
    ----------
    face : FitResult
        Landmarks and parameters with what the parts found, if any was fitted; likelihood, success
        and view are those of the face's own fit.
    parts : mapping of str to PartFit
        By name, in the model's order.
    """

    face: FitResult
    parts: Mapping[str, PartFit]

    @property
    def refined(self) -> bool:
        """Whether any part was fitted."""
        return any(part.fitted for part in self.parts.values())


def refine(
    image: PaddedImage,
    face: FitResult,
    backend: Backend,
    parts: Sequence[PartModel],
    threads: int = 1,
    observer: FaceObserver | None = None,
) -> WholeFit:
    """Fit the parts of a face that has been fitted, and put them back into it.

    Parameters
    ----------
    image : PaddedImage
    face : FitResult
    backend : Backend
        Of the face.
    parts : sequence of PartModel
    threads : int
        The most to use. They decide no bit.
    observer : FaceObserver, optional
        Told where each part starts.

    Returns
    -------
    WholeFit
        Its ``face`` is the one given where no part was fitted.
    """
    fits = {part.name: _fit(part, image, face, threads, observer) for part in parts}
    whole = WholeFit(face, fits)
    if not whole.refined:
        return whole
    found = {name: fit.landmarks for name, fit in fits.items()}
    return WholeFit(explained(face, backend, put_back(face.landmarks, parts, found)), fits)


def start_of(part: PartModel, landmarks: Float32Array) -> Parameters:
    """Return the part's parameters that explain a face's (n, 2) landmarks best.

    Raises
    ------
    ValueError
        Naming ``landmarks``, if they tell nothing.
    """
    known = np.zeros((part.backend.detector.pdm.n_landmarks, 2), np.float32)
    known[part.in_part] = landmarks[part.in_face]
    return part.backend.parameters_from_landmarks(known)


def least_scale(part: PartModel) -> float:
    """Return the face's scale above which a part is fitted."""
    return _LEAST_OF_PATCH_SCALE * part.backend.detector.experts.patch_scales[0]


def is_large_enough(part: PartModel, scale: float) -> bool:
    """Tell whether a part's experts see a face of that scale without magnification."""
    return scale > least_scale(part)


def fit_part(
    image: PaddedImage,
    part: PartModel,
    start: Parameters,
    shared: Float32Array,
    observer: Observer | None = None,
    threads: int = 1,
) -> PartFit:
    """Fit a part from where it starts; `shared` are the (k, 2) landmarks that told that."""
    backend, extent = part.backend.using(threads), extent_of(shared)
    found = fitting.fit(image, extent, start, part.settings, backend, observer)
    told = {field.name: getattr(found, field.name) for field in fields(found)}
    return PartFit(**told, fitted=True)


def put_back(
    landmarks: Float32Array, parts: Sequence[PartModel], found: Mapping[str, Float32Array]
) -> Float32Array:
    """Return a face's (n, 2) landmarks with those of its parts, by name, in their places."""
    together = landmarks.copy()
    for part in parts:
        own = found[part.name][part.in_part]
        if not np.isnan(own).any():
            together[part.in_face] = own
    return together


def explained(face: FitResult, backend: Backend, landmarks: Float32Array) -> FitResult:
    """Return a face with the model's landmarks nearest to the given ones."""
    found = backend.parameters_from_landmarks(landmarks)
    nearest = backend.detector.pdm.pose(found).landmarks
    return replace(face, landmarks=nearest, params_global=found.global_, params_local=found.local)


def _fit(
    part: PartModel,
    image: PaddedImage,
    face: FitResult,
    threads: int,
    observer: FaceObserver | None,
) -> PartFit:
    """Fit one part from where the face's landmarks are."""
    try:
        start = start_of(part, face.landmarks)
    except ValueError as error:
        return _lost(part, str(error))
    inside = None if observer is None else observer.on_part(part.name, start)
    scale = float(face.params_global[0])
    if not is_large_enough(part, scale):
        least = least_scale(part)
        failure = f"the face is too small: its scale is {scale:.3f}, at most {least:g}"
        landmarks = part.backend.detector.pdm.pose(start).landmarks
        return _not_fitted(start, landmarks, failure)
    return fit_part(image, part, start, face.landmarks[part.in_face], inside, threads)


def _lost(part: PartModel, failure: str) -> PartFit:
    """Return a part of which the face's landmarks tell nothing."""
    pdm = part.backend.detector.pdm
    nothing = Parameters(np.full(6, np.nan, np.float32), np.full(pdm.n_modes, np.nan, np.float32))
    return _not_fitted(nothing, np.full((pdm.n_landmarks, 2), np.nan, np.float32), failure)


def _not_fitted(parameters: Parameters, landmarks: Float32Array, failure: str) -> PartFit:
    """Return a part as the face's landmarks tell it, and why it was not fitted."""
    return PartFit(
        landmarks=landmarks,
        params_global=parameters.global_,
        params_local=parameters.local,
        likelihood=UNEVALUATED,
        success=False,
        view=0,
        failure=failure,
    )
