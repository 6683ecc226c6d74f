"""Errors by size: noise in the last bit, which is no fault, and one part in a thousand, which is.

Where a comparison's limits are right, it calls the first rounding and the second, in any stage, a
bug.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from openface_bridge.parity.faults.decisions import flip_stopping, flip_view
from openface_bridge.parity.faults.planting import Planting, planting
from pyclnf import likelihood, mean_shift, nu_rlms, similarity
from pyclnf.arithmetic import Arithmetic
from pyclnf.experts import area_of_interest, ccnf
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.typing import Float32Array

__all__ = ["SCALED_STAGES", "map_noise", "scaled_stage"]

_Scale = Callable[[Any, np.float32], Any]
_Plant = Callable[[Planting, np.float32], None]


@contextmanager
def map_noise(seed: int) -> Iterator[None]:
    """Move every value of the candidate's response maps by one unit in the last place.

    Up or down at random, anew for every map that is made. Zeros stay, as a lifted map's least
    value is exact.
    """
    random = np.random.default_rng(seed)
    original = ccnf.response_maps

    def noisy(
        areas: Float32Array,
        experts: ccnf.ViewExperts,
        sigmas: Float32Array,
        arithmetic: Arithmetic,
    ) -> Float32Array:
        maps = original(areas, experts, sigmas, arithmetic)
        towards = np.where(random.random(maps.shape) < 0.5, -np.inf, np.inf).astype(np.float32)
        return np.where(maps == 0, maps, np.nextafter(maps, towards))

    with planting() as substitutions:
        substitutions.function(original, noisy)
        yield


@contextmanager
def scaled_stage(stage: str, relative: float = 1e-3) -> Iterator[None]:
    """Let one stage of the candidate be wrong by a relative error.

    Parameters
    ----------
    stage : str
        One of :data:`SCALED_STAGES`.
    relative : float
        What the stage gives is multiplied with one plus this.

    Raises
    ------
    ValueError
        If there is no stage of that name.

    Notes
    -----
    Where that means nothing, or nothing that could be seen, it is something else:

    - *normal equations*: the right-hand side alone; the same factor on both sides cancels.
    - *likelihood*: the landmarks' likelihoods, of which it is the mean logarithm. A relative error
      of a logarithm may be anything: it passes through 0.
    - *clamp*: the limits. Fits in which no mode reaches its limit do not see it.
    - *view*, *stopping*: a choice cannot be a little wrong. A thousandth of what is decided upon
      (the distances of the views, the 0.01 px) scales all distances alike, or changes no
      decision in a thousand fits. The smallest error that there is, is one wrong decision: the
      first one asked for is taken the other way (the second nearest view; stopping instead of
      going on), whenever the same is asked again up to rounding, and whatever `relative` is.
    """
    if stage not in _SCALED:
        raise ValueError(f"no stage is called {stage!r}; there are {', '.join(_SCALED)}")
    with planting() as substitutions:
        _SCALED[stage](substitutions, np.float32(1 + relative))
        yield


def _function(find: Callable[[], Callable[..., Any]], scaled: _Scale) -> _Plant:
    """Return how to scale what a function, looked up when it is replaced, returns."""

    def plant(substitutions: Planting, factor: np.float32) -> None:
        original = find()
        substitutions.function(original, _erring(original, scaled, factor))

    return plant


def _method(name: str, scaled: _Scale) -> _Plant:
    """Return how to scale what a method of the point distribution model returns."""

    def plant(substitutions: Planting, factor: np.float32) -> None:
        original = getattr(PointDistributionModel, name)
        substitutions.method(PointDistributionModel, name, _erring(original, scaled, factor))

    return plant


def _erring(original: Callable[..., Any], scaled: _Scale, factor: np.float32) -> Callable[..., Any]:
    """Return a function that returns scaled what another returns."""

    def erring(*arguments: Any, **options: Any) -> Any:
        return scaled(original(*arguments, **options), factor)

    return erring


def _scaled(array: Float32Array, factor: np.float32) -> Float32Array:
    return array * factor


def _scaled_parameters(parameters: Parameters, factor: np.float32) -> Parameters:
    return Parameters(parameters.global_ * factor, parameters.local * factor)


def _scaled_right(
    equations: tuple[Float32Array, Float32Array], factor: np.float32
) -> tuple[Float32Array, Float32Array]:
    hessian, right = equations
    return hessian, right * factor


def _scaled_limits(substitutions: Planting, factor: np.float32) -> None:
    """Clamp at the limits times a factor."""

    def erring(self: PointDistributionModel, parameters: Parameters) -> Parameters:
        limits = factor * (np.float32(3) * np.sqrt(self.eigenvalues))
        local = np.clip(parameters.local, -limits, limits)
        if np.array_equal(local, parameters.local):
            return parameters
        return Parameters(parameters.global_, local)

    substitutions.method(PointDistributionModel, "clamped", erring)


_SCALED: dict[str, _Plant] = {
    "initialisation": _method("parameters_from_box", _scaled_parameters),
    "view": lambda substitutions, factor: flip_view(substitutions),
    "similarity": _function(lambda: similarity.align, _scaled),
    "area of interest": _function(lambda: area_of_interest.sample_areas, _scaled),
    "response map": _function(lambda: ccnf.response_maps, _scaled),
    "offsets": _function(lambda: mean_shift.map_offsets, _scaled),
    "mean shift": _function(lambda: mean_shift.mean_shifts, _scaled),
    "Jacobian": _method("jacobian", _scaled),
    "normal equations": _function(lambda: nu_rlms.normal_equations, _scaled_right),
    "update": _method("updated", _scaled_parameters),
    "clamp": _scaled_limits,
    "stopping": lambda substitutions, factor: flip_stopping(substitutions),
    "likelihood": _function(lambda: likelihood.landmark_likelihoods, _scaled),
}

SCALED_STAGES = tuple(_SCALED)
"""The stages that :func:`scaled_stage` knows, in the order of execution."""
