"""Which window, σ, r and w each scale of a fit uses, and which gives the likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pyclnf.settings import FitSettings

__all__ = ["ScalePlan", "is_likelihood_due", "kernel_sigmas", "plan_scale", "plan_scales"]

_COARSEST = 0.25
_LAST_ADAPTED_SCALE = 2
_SMALLEST_REG_FACTOR = 0.001
_LIKELIHOOD_BELOW = 0.30


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
