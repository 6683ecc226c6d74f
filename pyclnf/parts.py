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
from pyclnf.part_models import PartModel
from pyclnf.pdm import Parameters
from pyclnf.typing import Float32Array

__all__ = ["PartFit", "WholeFit", "refine"]

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

    Returns
    -------
    WholeFit
        Its ``face`` is the one given where no part was fitted.
    """
    fits = {part.name: _fit(part, image, face, threads) for part in parts}
    whole = WholeFit(face, fits)
    if not whole.refined:
        return whole
    landmarks = face.landmarks.copy()
    for part in parts:
        found = fits[part.name].landmarks[part.in_part]
        if not np.isnan(found).any():
            landmarks[part.in_face] = found
    return WholeFit(_explained(face, backend, landmarks), fits)


def _explained(face: FitResult, backend: Backend, landmarks: Float32Array) -> FitResult:
    """Return a face with the model's landmarks nearest to the given ones."""
    found = backend.parameters_from_landmarks(landmarks)
    nearest = backend.detector.pdm.pose(found).landmarks
    return replace(face, landmarks=nearest, params_global=found.global_, params_local=found.local)


def _fit(part: PartModel, image: PaddedImage, face: FitResult, threads: int) -> PartFit:
    """Fit one part from where the face's landmarks are."""
    backend, shared = part.backend, face.landmarks[part.in_face]
    known = np.zeros((backend.detector.pdm.n_landmarks, 2), np.float32)
    known[part.in_part] = shared
    try:
        start = backend.parameters_from_landmarks(known)
    except ValueError as error:
        return _lost(part, str(error))
    scale = float(face.params_global[0])
    least = _LEAST_OF_PATCH_SCALE * backend.detector.experts.patch_scales[0]
    if not scale > least:
        failure = f"the face is too small: its scale is {scale:.3f}, at most {least:g}"
        return _not_fitted(start, backend.detector.pdm.pose(start).landmarks, failure)
    found = fitting.fit(image, extent_of(shared), start, part.settings, backend.using(threads))
    told = {field.name: getattr(found, field.name) for field in fields(found)}
    return PartFit(**told, fitted=True)


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
