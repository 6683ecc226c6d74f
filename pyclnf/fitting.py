"""A fit from coarse to fine: which window, view, σ, r and w each scale uses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.likelihood import UNEVALUATED
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Phase, PhaseResult, regularisation
from pyclnf.observe import Observer
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.settings import FitSettings
from pyclnf.typing import Float32Array

__all__ = [
    "NOT_FINITE",
    "FitResult",
    "ScalePlan",
    "fit",
    "is_likelihood_due",
    "kernel_sigmas",
    "none_visible",
    "phase_of",
    "plan_scale",
    "plan_scales",
    "too_small",
]

NOT_FINITE = "the parameters ceased to be finite; those before that are kept"
"""The failure of a fit that diverged."""

_COARSEST = 0.25
_LAST_ADAPTED_SCALE = 2
_SMALLEST_REG_FACTOR = 0.001
_SMALLEST_FACE = 0.25
_LIKELIHOOD_BELOW = 0.30


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit found.

    Attributes
    ----------
    landmarks : (n, 2) float32
        x, y in px; (0, 0) is the centre of the top left pixel.
    params_global : (6,) float32
        scale, rx, ry, rz (radians), tx, ty (px).
    params_local : (m,) float32
    likelihood : float
        Mean log likelihood of the visible landmarks; -10 if the fit ended before one was computed.
    success : bool
    view : int
        Of the last scale that was fitted.
    failure : str
        Why the fit did not succeed; empty if it did.
    """

    landmarks: Float32Array
    params_global: Float32Array
    params_local: Float32Array
    likelihood: float
    success: bool
    view: int
    failure: str = ""


@dataclass(frozen=True)
class ScalePlan:
    """What one scale is fitted with.

    Attributes
    ----------
    scale, window_size : int
    reg_factor, sigma, weight_factor : float32
    """

    scale: int
    window_size: int
    reg_factor: np.float32
    sigma: np.float32
    weight_factor: np.float32


@dataclass(frozen=True, eq=False)
class _ScaleResult:
    """Where a scale ended, and its likelihood if one was due."""

    phase: PhaseResult
    likelihood: float | None


def fit(
    image: PaddedImage,
    bbox: Float32Array,
    start: Parameters,
    settings: FitSettings,
    backend: Backend,
    observer: Observer | None = None,
    *,
    sigmas: Mapping[int, float] | None = None,
) -> FitResult:
    """Fit a face from coarse to fine.

    Parameters
    ----------
    image : PaddedImage
    bbox : (4,) float32
        The box that `start` was derived from; only the observer is told.
    start : Parameters
    settings : FitSettings
    backend : Backend
    observer : Observer, optional
    sigmas : mapping of int to float, optional
        Of each window size's kernels, where this fit goes on from one of coarser scales; by default
        what :func:`kernel_sigmas` finds in these settings.

    Returns
    -------
    FitResult
    """
    plans = plan_scales(settings, backend.detector.experts.patch_scales)
    sigmas = kernel_sigmas(plans) if sigmas is None else sigmas
    if observer is not None:
        observer.on_start(bbox, start)
    posed = backend.detector.pdm.pose(start)
    likelihood, view, failure = UNEVALUATED, 0, ""
    for plan in plans:
        responses = backend.responses(image, posed, plan.scale, plan.window_size)
        if observer is not None:
            observer.on_scale(plan, responses)
        view = responses.view
        if not responses.visible.any():
            failure = none_visible(view, plan.scale)
            break
        kernels = backend.kernels(plan.window_size, sigmas[plan.window_size])
        outcome = _ScaleFit(plan, responses, kernels, settings, backend, observer).run(posed)
        posed = outcome.phase.posed
        likelihood = likelihood if outcome.likelihood is None else outcome.likelihood
        failure = _failure(outcome.phase)
        if failure:
            break
    result = _result(posed, likelihood, view, failure)
    if observer is not None:
        observer.on_finish(result)
    return result


def prepare(settings: FitSettings, backend: Backend) -> None:
    """Prepare all that fits with these settings may need; fits prepare what is missing."""
    experts = backend.detector.experts
    plans = plan_scales(settings, experts.patch_scales)
    sigmas = kernel_sigmas(plans)
    for plan in plans:
        backend.kernels(plan.window_size, sigmas[plan.window_size])
        for view in range(len(experts.scales[plan.scale].centers)):
            backend.prepare(plan.scale, view, plan.window_size)


def plan_scales(settings: FitSettings, patch_scales: tuple[float, ...]) -> list[ScalePlan]:
    """Return the plans of the scales that have a window, coarse to fine.

    Raises
    ------
    ValueError
        Naming ``settings``, if there are none.
    """
    sizes = settings.window_sizes[: len(patch_scales)]
    plans = [plan_scale(settings, scale, patch_scales) for scale, size in enumerate(sizes) if size]
    if not plans:
        raise ValueError(
            f"settings: window_sizes {settings.window_sizes} have no window for any of the "
            f"model's {len(patch_scales)} scales"
        )
    return plans


def kernel_sigmas(plans: list[ScalePlan]) -> dict[int, float]:
    """Return the sigma of each window size's kernels.

    *Quirk:* the first sigma that a window size is used with serves it to the end.
    """
    sigmas: dict[int, float] = {}
    for plan in plans:
        sigmas.setdefault(plan.window_size, float(plan.sigma))
    return sigmas


def plan_scale(settings: FitSettings, scale: int, patch_scales: tuple[float, ...]) -> ScalePlan:
    """Adapt the settings to a scale: finer ones trust the shape prior less, the experts more.

    Parameters
    ----------
    settings : FitSettings
    scale : int
    patch_scales : tuple of float
        Of all scales, coarse to fine.

    Returns
    -------
    ScalePlan
        With q = log2(patch scale / 0.25), of scale 2 for finer ones (*quirk*):
        r - 15q (0.001 if that is not positive), σ + 0.25q, w + 2wq; rounded to float32. As they
        are, for the settings of a part.

    Raises
    ------
    ValueError
        Naming ``settings``, if a patch scale below 0.25 leaves no positive sigma.
    """
    nearest = patch_scales[min(scale, _LAST_ADAPTED_SCALE)]
    ratio = nearest / _COARSEST if settings.adapts_to_scale else 1.0
    logarithm, octave = math.log(ratio), math.log(2)
    reg_factor = float(np.float32(settings.reg_factor))
    sigma = float(np.float32(settings.sigma))
    weight = float(np.float32(settings.weight_factor))
    adapted = np.float32(reg_factor - 15 * logarithm / octave)
    adapted_sigma = np.float32(sigma + 0.25 * logarithm / octave)
    if not adapted_sigma > 0:
        raise ValueError(
            f"settings: sigma {settings.sigma:g} becomes {adapted_sigma:g} at patch scale "
            f"{patch_scales[scale]:g}; choose a larger one"
        )
    return ScalePlan(
        scale=scale,
        window_size=settings.window_sizes[scale],
        reg_factor=adapted if adapted > 0 else np.float32(_SMALLEST_REG_FACTOR),
        sigma=adapted_sigma,
        weight_factor=np.float32(weight + 2 * weight * logarithm / octave),
    )


def phase_of(
    plan: ScalePlan,
    responses: Responses,
    kernels: KernelTable,
    eigenvalues: Float32Array,
    max_iterations: int,
    *,
    rigid: bool,
) -> Phase:
    """Return what a phase of a scale works on."""
    weighted = plan.weight_factor > 0
    return Phase(
        rigid=rigid,
        response_maps=responses.maps,
        visible=responses.visible,
        base_landmarks=responses.base_landmarks,
        image_to_reference=responses.image_to_reference,
        reference_to_image=responses.reference_to_image,
        kernels=kernels,
        prior=regularisation(eigenvalues, plan.reg_factor, rigid=rigid),
        landmark_weights=plan.weight_factor * responses.confidences if weighted else None,
        max_iterations=max_iterations,
    )


def is_likelihood_due(
    scale: int, settings: FitSettings, n_scales: int, face_scale: np.float32
) -> bool:
    """Tell whether a scale's non-rigid phase, entered with a face scale, gives the likelihood.

    It does at the final scale, before one without a window, and for a very small face.
    """
    following = scale + 1
    if following >= min(n_scales, len(settings.window_sizes)):
        return True
    return settings.window_sizes[following] == 0 or bool(face_scale < np.float32(_LIKELIHOOD_BELOW))


@dataclass(frozen=True, eq=False)
class _ScaleFit:
    """One scale, ready to be fitted."""

    plan: ScalePlan
    responses: Responses
    kernels: KernelTable
    settings: FitSettings
    backend: Backend
    observer: Observer | None

    def run(self, posed: PosedShape) -> _ScaleResult:
        """Run the rigid, then the non-rigid phase."""
        rigid = self._phase(posed, "rigid")
        if rigid.diverged:
            return _ScaleResult(rigid, None)
        nonrigid = self._phase(rigid.posed, "nonrigid")
        n_scales = len(self.backend.detector.experts.scales)
        face_scale = rigid.posed.parameters.global_[0]
        due = is_likelihood_due(self.plan.scale, self.settings, n_scales, face_scale)
        if not due or nonrigid.diverged:
            return _ScaleResult(nonrigid, None)
        maps, visible = self.responses.maps, self.responses.visible
        sigma = float(self.plan.sigma)
        likelihood = self.backend.likelihood(maps, nonrigid.offsets, sigma, visible)
        return _ScaleResult(nonrigid, likelihood)

    def _phase(self, posed: PosedShape, name: str) -> PhaseResult:
        """Run one phase on the backend."""
        phase = phase_of(
            self.plan,
            self.responses,
            self.kernels,
            self.backend.detector.pdm.eigenvalues,
            self.settings.max_iterations,
            rigid=name == "rigid",
        )
        told = None
        if self.observer is not None:
            told = partial(self.observer.on_iteration, self.plan.scale, name)
        return self.backend.phase(posed, phase, told)


def too_small(scale: float) -> str:
    """Return the failure of a face whose scale fell below what can be fitted."""
    return f"the face is too small: its scale fell to {scale:.3f}, below {_SMALLEST_FACE}"


def none_visible(view: int, scale: int) -> str:
    """Return the failure of a face in a view without landmarks."""
    return f"no landmark is visible in view {view} of scale {scale}"


def _failure(phase: PhaseResult) -> str:
    """Return why a fit cannot go on after a scale; empty if it can."""
    if phase.diverged:
        return NOT_FINITE
    scale = float(phase.posed.parameters.global_[0])
    return too_small(scale) if scale < _SMALLEST_FACE else ""


def _result(posed: PosedShape, likelihood: float, view: int, failure: str) -> FitResult:
    """Gather the outcome."""
    return FitResult(
        landmarks=posed.landmarks,
        params_global=posed.parameters.global_,
        params_local=posed.parameters.local,
        likelihood=likelihood,
        success=not failure,
        view=view,
        failure=failure,
    )
