"""A fit from coarse to fine: which window, view, σ, r and w each scale uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.likelihood import UNEVALUATED, log_likelihood
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Phase, PhaseResult, regularisation
from pyclnf.observe import Observer
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.settings import FitSettings
from pyclnf.typing import Float32Array

__all__ = ["FitResult", "ScalePlan", "fit", "plan_scale"]

_COARSEST = 0.25
_LAST_ADAPTED_SCALE = 2
_SMALLEST_REG_FACTOR = 0.001
_SMALLEST_FACE = 0.25
_LIKELIHOOD_BELOW = 0.30


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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

    Returns
    -------
    FitResult
    """
    if observer is not None:
        observer.on_start(bbox, start)
    posed = backend.detector.pdm.pose(start)
    likelihood, view, failure = UNEVALUATED, 0, ""
    tables: dict[int, KernelTable] = {}
    patch_scales = backend.detector.experts.patch_scales
    for scale in _active_scales(settings, len(patch_scales)):
        plan = plan_scale(settings, scale, patch_scales)
        responses = backend.responses(image, posed, scale, plan.window_size)
        if observer is not None:
            observer.on_scale(plan, responses)
        view = responses.view
        outcome = _fit_scale(posed, plan, responses, settings, backend, tables, observer)
        posed = outcome.phase.posed
        likelihood = likelihood if outcome.likelihood is None else outcome.likelihood
        failure = _failure(outcome.phase)
        if failure:
            break
    result = _result(posed, likelihood, view, failure)
    if observer is not None:
        observer.on_finish(result)
    return result


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
        r - 15q (0.001 if that is not positive), σ + 0.25q, w + 2wq; rounded to float32.
    """
    ratio = patch_scales[min(scale, _LAST_ADAPTED_SCALE)] / _COARSEST
    logarithm, octave = math.log(ratio), math.log(2)
    reg_factor = float(np.float32(settings.reg_factor))
    sigma = float(np.float32(settings.sigma))
    weight = float(np.float32(settings.weight_factor))
    adapted = np.float32(reg_factor - 15 * logarithm / octave)
    return ScalePlan(
        scale=scale,
        window_size=settings.window_sizes[scale],
        reg_factor=adapted if adapted > 0 else np.float32(_SMALLEST_REG_FACTOR),
        sigma=np.float32(sigma + 0.25 * logarithm / octave),
        weight_factor=np.float32(weight + 2 * weight * logarithm / octave),
    )


def _active_scales(settings: FitSettings, n_scales: int) -> list[int]:
    """Return the scales that have a window."""
    return [scale for scale, size in enumerate(settings.window_sizes[:n_scales]) if size != 0]


def _fit_scale(
    posed: PosedShape,
    plan: ScalePlan,
    responses: Responses,
    settings: FitSettings,
    backend: Backend,
    tables: dict[int, KernelTable],
    observer: Observer | None,
) -> _ScaleResult:
    """Run a scale's rigid, then its non-rigid phase."""
    experts = backend.detector.experts
    if plan.window_size not in tables:
        # Quirk: the first sigma that a window size is used with serves it to the end.
        tables[plan.window_size] = experts.kernels(plan.window_size, float(plan.sigma))
    kernels = tables[plan.window_size]
    rigid = _run("rigid", posed, plan, responses, kernels, settings, backend, observer)
    if rigid.diverged:
        return _ScaleResult(rigid, None)
    last = _is_last(plan.scale, settings, len(experts.scales)) or (
        rigid.posed.parameters.global_[0] < np.float32(_LIKELIHOOD_BELOW)
    )
    nonrigid = _run("nonrigid", rigid.posed, plan, responses, kernels, settings, backend, observer)
    if not last or nonrigid.diverged:
        return _ScaleResult(nonrigid, None)
    likelihood = log_likelihood(
        responses.maps, nonrigid.offsets, float(plan.sigma), responses.visible
    )
    return _ScaleResult(nonrigid, likelihood)


def _run(
    name: str,
    posed: PosedShape,
    plan: ScalePlan,
    responses: Responses,
    kernels: KernelTable,
    settings: FitSettings,
    backend: Backend,
    observer: Observer | None,
) -> PhaseResult:
    """Run one phase on the backend."""
    weighted = plan.weight_factor > 0
    eigenvalues = backend.detector.pdm.eigenvalues
    phase = Phase(
        rigid=name == "rigid",
        response_maps=responses.maps,
        visible=responses.visible,
        base_landmarks=responses.base_landmarks,
        image_to_reference=responses.image_to_reference,
        reference_to_image=responses.reference_to_image,
        kernels=kernels,
        prior=regularisation(eigenvalues, plan.reg_factor, rigid=name == "rigid"),
        landmark_weights=plan.weight_factor * responses.confidences if weighted else None,
        max_iterations=settings.max_iterations,
    )
    told = None if observer is None else partial(observer.on_iteration, plan.scale, name)
    return backend.phase(posed, phase, told)


def _is_last(scale: int, settings: FitSettings, n_scales: int) -> bool:
    """Tell whether a scale is the final one or is followed by one without a window."""
    following = scale + 1
    if following >= min(n_scales, len(settings.window_sizes)):
        return True
    return settings.window_sizes[following] == 0


def _failure(phase: PhaseResult) -> str:
    """Return why a fit cannot go on after a scale; empty if it can."""
    if phase.diverged:
        return "the parameters ceased to be finite; those before that are kept"
    scale = float(phase.posed.parameters.global_[0])
    if scale < _SMALLEST_FACE:
        return f"the face is too small: its scale fell to {scale:.3f}, below {_SMALLEST_FACE}"
    return ""


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
