"""How much each term of the normal equations weighs, iteration by iteration.

They are (JᵀWJ + r·Λ⁻¹)·Δ = JᵀW·shift − r·Λ⁻¹·q. Where data and prior balance, a fit stands still
whatever the maps say; where the scale's column is too short, a face stays too small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.models import check_model
from openface_bridge.trace import Step, Trace
from pyclnf.detector import Detector
from pyclnf.pdm import RIGID, Parameters

__all__ = ["Magnitudes", "magnitudes"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Magnitudes:
    """Sizes of one iteration's terms; Euclidean norms unless said otherwise.

    Global parameters have different units (scale, radians, px), and so have the terms' global
    parts; their norms are comparable between iterations and engines, not with the local ones.

    Attributes
    ----------
    step : Step
    data_global, data_local : float
        JᵀW·shift.
    prior : float
        r·Λ⁻¹·q, which has only a local part; 0 in a rigid phase.
    update_global, update_local : float
        Δ, the change of the parameters before they are clamped.
    scale_column : float
        The Jacobian's first column over the landmarks that count (seen, with a weight): how far
        they move, px, when the scale grows by 1.
    scale_pull : float
        J₀ᵀW·shift, signed: the data term's scale component. Positive where the maps want a larger
        face.
    scale_update : float
        Δ₀, signed.
    """

    step: Step
    data_global: float
    data_local: float
    prior: float
    update_global: float
    update_local: float
    scale_column: float
    scale_pull: float
    scale_update: float


def magnitudes(trace: Trace, detector: Detector) -> list[Magnitudes]:
    """Return the sizes of all iterations' terms, in the order of their execution.

    Parameters
    ----------
    trace : Trace
        Of either engine. r and w are the trace's own. What it lacks is computed: the Jacobian by
        pyclnf, the update from the terms above, both in float64.
    detector : Detector
        The model that was fitted.

    Raises
    ------
    TraceError
        If the trace is of another model.
    """
    check_model(trace, detector)
    return [_of_step(trace, detector, step) for step in trace.steps]


def _of_step(trace: Trace, detector: Detector, step: Step) -> Magnitudes:
    """Return the sizes of one iteration's terms."""
    jacobian = _jacobian(trace, detector, step)
    weights = _weights(trace, detector, step.scale)
    data = jacobian.T @ (weights * _shift(trace, step))
    stiffness = _prior(trace, detector, step)
    local = trace[f"{step.prefix}.params_local"].astype(np.float64)
    pull = np.zeros_like(data)
    if step.nonrigid:
        pull[RIGID:] = stiffness[RIGID:] * local
    change = _change(trace, step, jacobian, weights, stiffness, data - pull)
    return Magnitudes(
        step=step,
        data_global=_norm(data[:RIGID]),
        data_local=_norm(data[RIGID:]),
        prior=_norm(pull),
        update_global=_norm(change[:RIGID]),
        update_local=_norm(change[RIGID:]),
        scale_column=_norm(jacobian[weights != 0, 0]),
        scale_pull=float(data[0]),
        scale_update=float(change[0]),
    )


def _jacobian(trace: Trace, detector: Detector, step: Step) -> Array:
    """Return J, (2n, c) float64."""
    name = f"{step.prefix}.jacobian"
    if name in trace:
        return trace[name].astype(np.float64)
    before = Parameters(trace[f"{step.prefix}.params_global"], trace[f"{step.prefix}.params_local"])
    pdm = detector.pdm
    return pdm.jacobian(pdm.pose(before), rigid=not step.nonrigid).astype(np.float64)


def _weights(trace: Trace, detector: Detector, scale: int) -> Array:
    """Return the diagonal of W, (2n,) float64: 0 for invisible landmarks."""
    view = detector.experts.view(scale, int(trace[f"scale{scale}.view"]))
    factor = float(trace[f"scale{scale}.weight_factor"])
    weights = factor * view.confidences.astype(np.float64) if factor > 0 else 1.0
    return np.tile(np.where(view.visible, weights, 0.0), 2)


def _shift(trace: Trace, step: Step) -> Array:
    """Return the mean shifts in the picture's frame, (2n,) float64, px: x of all, then y."""
    turned = trace[f"scale{step.scale}.similarity_reference_to_image"].astype(np.float64)
    shifts = trace[f"{step.prefix}.mean_shift"].astype(np.float64)
    return (turned @ shifts.T).ravel()


def _prior(trace: Trace, detector: Detector, step: Step) -> Array:
    """Return the diagonal r·Λ⁻¹, (c,) float64: 0 for global parameters."""
    if not step.nonrigid:
        return np.zeros(RIGID)
    factor = float(trace[f"scale{step.scale}.reg_factor"])
    eigenvalues = detector.pdm.eigenvalues.astype(np.float64)
    return np.concatenate((np.zeros(RIGID), factor / eigenvalues))


def _change(
    trace: Trace, step: Step, jacobian: Array, weights: Array, stiffness: Array, right: Array
) -> Array:
    """Return Δ, (c,) float64; zeros where the equations have no solution, as in a fit."""
    name = f"{step.prefix}.change"
    if name in trace:
        return trace[name].astype(np.float64)
    hessian = jacobian.T @ (weights[:, None] * jacobian) + np.diag(stiffness)
    try:
        return np.linalg.solve(hessian, right)
    except np.linalg.LinAlgError:
        return np.zeros_like(right)


def _norm(vector: Array) -> float:
    """Return the Euclidean norm; 0 of nothing."""
    return float(np.linalg.norm(vector))
