"""A fit from coarse to fine: the phases of each scale, and what they end with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.likelihood import UNEVALUATED
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Phase, PhaseResult, regularisation
from pyclnf.observe import Observer
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.scale_plan import ScalePlan, is_likelihood_due, kernel_sigmas, plan_scales
from pyclnf.settings import FitSettings
from pyclnf.typing import Float32Array

__all__ = [
    "NOT_FINITE",
    "FitResult",
    "fit",
    "none_visible",
    "phase_of",
    "too_small",
]

NOT_FINITE = "the parameters ceased to be finite; those before that are kept"
"""The failure of a fit that diverged."""

_SMALLEST_FACE = 0.25


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
        what :func:`pyclnf.scale_plan.kernel_sigmas` finds in these settings.

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
