"""Non-uniform regularised landmark mean shift: one iteration, and phases of them.

Baltrušaitis, Robinson and Morency, ICCVW 2013, eq. 23-24; Saragih, Lucey and Cohn, IJCV 2011,
eq. 36.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyclnf import mean_shift, similarity
from pyclnf.arithmetic import Arithmetic
from pyclnf.pdm import RIGID, Parameters, PointDistributionModel, PosedShape
from pyclnf.typing import BoolArray, Float32Array

__all__ = [
    "Iteration",
    "Phase",
    "PhaseResult",
    "has_converged",
    "is_finite",
    "iterate",
    "normal_equations",
    "regularisation",
    "right_hand_side",
    "run_phase",
]

_CONVERGED_BELOW = 0.01


@dataclass(frozen=True, eq=False)
class Phase:
    """What stays the same during a phase.

    Attributes
    ----------
    rigid : bool
        Whether only the six global parameters move.
    response_maps : (n, w, w) float32
        0 for invisible landmarks.
    visible : (n,) bool
    base_landmarks : (n, 2) float32
        The landmarks that the maps were taken around, px.
    image_to_reference, reference_to_image : (2, 2) float32
        Scaled rotations.
    kernels : KernelTable
    prior : (6,) or (6 + m,) float32
        r·Λ⁻¹, see :func:`regularisation`.
    landmark_weights : (n,) float32 or None
        w · confidence, or None to weigh all alike.
    max_iterations : int
    """

    rigid: bool
    response_maps: Float32Array
    visible: BoolArray
    base_landmarks: Float32Array
    image_to_reference: Float32Array
    reference_to_image: Float32Array
    kernels: mean_shift.KernelTable
    prior: Float32Array
    landmark_weights: Float32Array | None
    max_iterations: int


@dataclass(frozen=True, eq=False)
class Iteration:
    """What one iteration computed, in order.

    Attributes
    ----------
    posed : PosedShape
        Shape of the parameters before.
    offsets : (n, 2) float32
        Positions in the response maps, map px.
    mean_shifts : (n, 2) float32
        Map px, not yet turned to the picture.
    jacobian : (2n, 6) or (2n, 6 + m) float32
        Rows of invisible landmarks included.
    hessian : (c, c) float32
        JᵀWJ + r·Λ⁻¹.
    right : (c,) float32
        JᵀW·shift − r·Λ⁻¹·q.
    change : (c,) float32
        Solution of the normal equations.
    parameters : Parameters
        After the iteration.
    """

    posed: PosedShape
    offsets: Float32Array
    mean_shifts: Float32Array
    jacobian: Float32Array
    hessian: Float32Array
    right: Float32Array
    change: Float32Array
    parameters: Parameters


@dataclass(frozen=True, eq=False)
class PhaseResult:
    """How a phase ended.

    Attributes
    ----------
    posed : PosedShape
        Shape of the final parameters, which are always finite.
    offsets : (n, 2) float32
        Of the last executed iteration's start, map px.
    diverged : bool
        Whether the last iteration gave parameters that are not finite and was thrown away.
    """

    posed: PosedShape
    offsets: Float32Array
    diverged: bool


def run_phase(
    pdm: PointDistributionModel,
    posed: PosedShape,
    phase: Phase,
    arithmetic: Arithmetic,
    on_iteration: Callable[[int, Iteration], None] | None = None,
) -> PhaseResult:
    """Iterate until the shape stands still or the iterations are used up.

    Parameters
    ----------
    pdm : PointDistributionModel
    posed : PosedShape
        Where to start.
    phase : Phase
    arithmetic : Arithmetic
    on_iteration : callable, optional
        Called with index and :class:`Iteration` after each one.

    Returns
    -------
    PhaseResult
    """
    for index in range(phase.max_iterations):
        iteration = iterate(pdm, posed, phase, arithmetic)
        if on_iteration is not None:
            on_iteration(index, iteration)
        if not is_finite(iteration.parameters):
            return PhaseResult(posed, iteration.offsets, diverged=True)
        moved = pdm.pose(iteration.parameters, posed)
        stop = has_converged(posed.landmarks, moved.landmarks)
        posed = moved
        if stop:
            break
    return PhaseResult(posed, iteration.offsets, diverged=False)


def iterate(
    pdm: PointDistributionModel, posed: PosedShape, phase: Phase, arithmetic: Arithmetic
) -> Iteration:
    """Do one iteration; a pure function of its arguments."""
    window_size = phase.kernels.window_size
    offsets = mean_shift.map_offsets(
        posed.landmarks, phase.base_landmarks, phase.image_to_reference, window_size
    )
    shifts = mean_shift.mean_shifts(phase.response_maps, offsets, phase.kernels, phase.visible)
    jacobian = pdm.jacobian(posed, rigid=phase.rigid)
    hessian, right = normal_equations(
        jacobian,
        similarity.transform(phase.reference_to_image, shifts),
        phase,
        posed.parameters.local,
        arithmetic,
    )
    change = arithmetic.solve(hessian, right)
    parameters = pdm.clamped(pdm.updated(posed, change))
    return Iteration(posed, offsets, shifts, jacobian, hessian, right, change, parameters)


def normal_equations(
    jacobian: Float32Array,
    shifts: Float32Array,
    phase: Phase,
    local: Float32Array,
    arithmetic: Arithmetic,
) -> tuple[Float32Array, Float32Array]:
    """Return both sides of (JᵀWJ + r·Λ⁻¹)·Δ = JᵀW·shift − r·Λ⁻¹·q.

    Parameters
    ----------
    jacobian : (2n, c) float32
    shifts : (n, 2) float32
        Mean shifts in the picture's frame, px.
    phase : Phase
        Prior, visibility and weights.
    local : (m,) float32
        q, the current local parameters.
    arithmetic : Arithmetic

    Returns
    -------
    hessian : (c, c) float32
    right : (c,) float32
    """
    seen, pull = _of_visible(jacobian, shifts.T.ravel(), phase.visible)
    weighted = seen
    if phase.landmark_weights is not None:
        weighted = seen * np.concatenate((phase.landmark_weights, phase.landmark_weights))[:, None]
    right = right_hand_side(weighted, pull, phase.prior, local)
    return arithmetic.gram(weighted, seen, phase.prior), right


def right_hand_side(
    weighted: Float32Array, pull: Float32Array, prior: Float32Array, local: Float32Array
) -> Float32Array:
    """Return JᵀW·pull − r·Λ⁻¹·q.

    Parameters
    ----------
    weighted : (2n, c) float32
        W·J.
    pull : (2n,) float32
        How far landmarks are to move, px: x of all, then y.
    prior : (c,) float32
        r·Λ⁻¹. Where c is 6, the local parameters do not count.
    local : (m,) float32
        q.

    Returns
    -------
    (c,) float32
        Summed in float64 and rounded once, for JᵀW·pull and again after the prior's term.
    """
    terms = weighted * pull.astype(np.float64)[:, None]
    right: Float32Array = np.add.reduce(terms, axis=0).astype(np.float32)
    if len(right) > RIGID:
        right[RIGID:] = right[RIGID:].astype(np.float64) - prior[RIGID:].astype(
            np.float64
        ) * local.astype(np.float64)
    return right


def _of_visible(
    jacobian: Float32Array, pull: Float32Array, visible: BoolArray
) -> tuple[Float32Array, Float32Array]:
    """Return (2n, c) and (2n,) with zero rows for invisible landmarks."""
    if visible.all():
        return jacobian, pull
    rows = np.concatenate((visible, visible))
    return jacobian * rows[:, None], np.where(rows, pull, np.float32(0))


def regularisation(
    eigenvalues: Float32Array, reg_factor: np.float32, *, rigid: bool
) -> Float32Array:
    """Return the prior's diagonal r·Λ⁻¹, zero for global parameters: (6,) or (6 + m,) float32."""
    if rigid:
        return np.zeros(RIGID, np.float32)
    return np.concatenate((np.zeros(RIGID, np.float32), reg_factor / eigenvalues))


def has_converged(before: Float32Array, after: Float32Array) -> bool:
    """Tell whether a shape, (n, 2) px, moved by less than 0.01 over all coordinates together."""
    moved = (after - before).astype(np.float64).ravel()
    return math.sqrt(float(np.dot(moved, moved))) < _CONVERGED_BELOW


def is_finite(parameters: Parameters) -> bool:
    """Tell whether all parameters are finite."""
    return bool(np.isfinite(parameters.global_).all() and np.isfinite(parameters.local).all())
