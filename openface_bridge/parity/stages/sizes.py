"""Magnitudes whose last place counts: what a stage's rounding is proportional to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from openface_bridge.parity.place import Moment
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher

__all__ = [
    "columns", "equations", "largest", "local_parameters", "map_maximum", "nothing",
    "own_or_one", "parameters", "right_hand_side", "solution", "start", "window", "within_map",
]  # fmt: skip

_LOST = 8.0
"""An inferred update is off by three last places of its parameters; its bound is 24."""

_UNBOUNDED = float(np.finfo(np.float32).max)

Size = Callable[[Teacher, Moment], Array | float]


def nothing(teacher: Teacher, moment: Moment) -> float:
    """Return 1: what must be the same has no rounding."""
    return 1.0


def start(teacher: Teacher, moment: Moment) -> Array:
    """Return each initial parameter's own size, (6,); of translations at least the box's.

    A translation is the middle of the box less that of the scaled shape, which is no larger than
    the box; near the picture's corner little is left of either.
    """
    own = np.abs(teacher.recorded(moment, "init.params_global").astype(np.float64))
    own[4:] = np.maximum(own[4:], np.abs(teacher.trace["bbox"][2:]))
    return own


def own_or_one(entry: str) -> Size:
    """Return the size of each element itself, but at least 1."""

    def size(teacher: Teacher, moment: Moment) -> Array:
        return np.asarray(np.maximum(np.abs(teacher.recorded(moment, entry)), 1.0))

    return size


def largest(entry: str) -> Size:
    """Return the largest element's size."""

    def size(teacher: Teacher, moment: Moment) -> float:
        return float(np.abs(teacher.recorded(moment, entry)).max(initial=0.0))

    return size


def map_maximum(teacher: Teacher, moment: Moment) -> Array:
    """Return each landmark's map's largest response, (n, 1, 1); 1 where all are 0."""
    heights = teacher.recorded(moment, "response_maps").max(axis=(1, 2), keepdims=True)
    return np.where(heights > 0, heights, 1.0)


def within_map(entry: str) -> Size:
    """Return the map's side, or of what lies beyond it the distance."""

    def size(teacher: Teacher, moment: Moment) -> Array:
        beyond = np.abs(teacher.recorded(moment, entry))
        return np.asarray(np.maximum(beyond, window(teacher, moment)))

    return size


def window(teacher: Teacher, moment: Moment) -> float:
    """Return the map's side."""
    assert moment.scale is not None
    return float(teacher.window_size(moment.scale))


def columns(teacher: Teacher, moment: Moment) -> Array:
    """Return each column's largest element, (1, c)."""
    return np.asarray(np.abs(teacher.recorded(moment, "jacobian")).max(axis=0, keepdims=True))


def equations(teacher: Teacher, moment: Moment) -> Array:
    """Return √(Hᵢᵢ·Hⱼⱼ), (c, c): what the terms of Hᵢⱼ add up to at most, whatever their signs."""
    assert moment.step is not None
    diagonal = np.diagonal(teacher.hessian(moment.step))
    return np.sqrt(np.outer(diagonal, diagonal))


def right_hand_side(teacher: Teacher, moment: Moment) -> Array:
    """Return Σ|J|·w·|shift| + r·Λ⁻¹·|q|, (c,)."""
    step = moment.step
    assert step is not None
    turn = np.abs(teacher.at_scale(step.scale, "similarity_reference_to_image").astype(np.float64))
    shifts = np.abs(teacher.at_step(step, "mean_shift").astype(np.float64)) @ turn.T
    rows = teacher.row_weights(step) * shifts.T.ravel()
    sums = np.abs(teacher.jacobian(step).astype(np.float64)).T @ rows
    if step.nonrigid:
        sums[6:] += teacher.prior(step)[6:] * np.abs(teacher.at_step(step, "params_local"))
    return np.asarray(sums)


def solution(teacher: Teacher, moment: Moment) -> Array:
    """Return |H⁻¹|·(√(H·H)·|Δ| + Σ|terms of the right side|), (c,).

    How far the solution moves, to first order, if each number of the normal equations is off by
    one part (Higham, Accuracy and Stability of Numerical Algorithms, section 7.2). Singular
    equations have any solution.
    """
    step = moment.step
    assert step is not None
    hessian = teacher.hessian(step)
    if not np.isfinite(hessian).all():
        return np.ones(len(hessian))
    change = np.abs(np.nan_to_num(teacher.expected_change(step), nan=0.0).astype(np.float64))
    backward = equations(teacher, moment) @ change + right_hand_side(teacher, moment)
    try:
        inverse = np.abs(np.linalg.inv(hessian))
    except np.linalg.LinAlgError:
        return np.full_like(change, _UNBOUNDED)
    return np.asarray(inverse @ backward + _lost_places(teacher, moment))


def parameters(teacher: Teacher, moment: Moment) -> Array:
    """Return each global parameter's own size, before or after, (6,); 1 for rotations."""
    assert moment.step is not None
    return teacher.parameter_sizes(moment.step)[:6]


def local_parameters(teacher: Teacher, moment: Moment) -> Array:
    """Return each local parameter's own size, before or after, (m,)."""
    step = moment.step
    assert step is not None
    ends = (np.abs(teacher.at_step(step, name)) for name in ("params_local", "params_local_out"))
    return np.asarray(np.maximum(*ends))


def _lost_places(teacher: Teacher, moment: Moment) -> Array:
    """Return what an update loses when it is inferred from parameters, (c,); 0 if recorded."""
    step = moment.step
    assert step is not None
    sizes = teacher.parameter_sizes(step)
    return np.zeros_like(sizes) if teacher.has_change(step) else sizes / _LOST
