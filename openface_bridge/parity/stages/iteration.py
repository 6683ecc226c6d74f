"""Stages of each iteration and of the end of a fit, on the reference's inputs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openface_bridge.parity.decisions import cell_ties, shape_after, stop_ties
from openface_bridge.parity.place import Moment
from openface_bridge.parity.stages import sizes
from openface_bridge.parity.stages.stage import EPS, Array, Output, Stage
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Step
from pyclnf import mean_shift, nu_rlms
from pyclnf.likelihood import UNEVALUATED, log_likelihood
from pyclnf.pdm import Parameters
from pyclnf.scale_plan import is_likelihood_due

__all__ = ["STAGES", "likelihood_scale"]

Outputs = Mapping[str, Array]


def _step(moment: Moment) -> Step:
    assert moment.step is not None
    return moment.step


def _offsets(teacher: Teacher, moment: Moment) -> Outputs:
    step = _step(moment)
    offsets = mean_shift.map_offsets(
        teacher.at_step(step, "shape"),
        teacher.at_scale(step.scale, "base_shape"),
        teacher.at_scale(step.scale, "similarity_image_to_reference"),
        teacher.window_size(step.scale),
    )
    return {"offset_x": offsets[:, 0], "offset_y": offsets[:, 1]}


def _mean_shift(teacher: Teacher, moment: Moment) -> Outputs:
    step = _step(moment)
    phase, offsets = teacher.phase(step), teacher.offsets(step)
    shifts = mean_shift.mean_shifts(phase.response_maps, offsets, phase.kernels, phase.visible)
    return {"mean_shift": shifts}


def _jacobian(teacher: Teacher, moment: Moment) -> Outputs:
    step = _step(moment)
    posed = teacher.pose(step)
    jacobian = teacher.pdm.jacobian(posed, rigid=not step.nonrigid)
    return {"shape": posed.landmarks, "jacobian": jacobian}


def _normal_equations(teacher: Teacher, moment: Moment) -> Outputs:
    hessian, right = teacher.equations(_step(moment))
    change = teacher.arithmetic.solve(hessian, right)
    return {"hessian": hessian, "right_hand_side": right, "change": change}


def _known(teacher: Teacher, moment: Moment) -> Array:
    """Tell which elements of the update are known, (c,)."""
    return ~teacher.hidden(_step(moment))


def _update(teacher: Teacher, moment: Moment) -> Outputs:
    step = _step(moment)
    after = teacher.pdm.updated(teacher.pose(step), teacher.change(step))
    return {"params_global_out": after.global_, "params_local_out": after.local}


def _free(teacher: Teacher, moment: Moment) -> Array:
    """Tell which modes the update leaves within their limits, (m,)."""
    step = _step(moment)
    within = ~teacher.modes_beyond_limit(step, -_AT_LIMIT)
    return within & ~teacher.hidden(step)[6:] if step.nonrigid else within


def _clamp(teacher: Teacher, moment: Moment) -> Outputs:
    step = _step(moment)
    before = teacher.parameters(step)
    if not step.nonrigid:
        return {"params_local_out": teacher.pdm.clamped(before).local}
    local = before.local + teacher.change(step)[6:]
    return {"params_local_out": teacher.pdm.clamped(Parameters(before.global_, local)).local}


def _limited(teacher: Teacher, moment: Moment) -> Array:
    """Tell which modes the update takes beyond their limits, (m,)."""
    return teacher.modes_beyond_limit(_step(moment), _AT_LIMIT)


def _stopping(teacher: Teacher, moment: Moment) -> Outputs:
    """Tell whether the phase goes on after the iteration: 1 or 0."""
    step = _step(moment)
    after = shape_after(teacher, step).astype(np.float32)
    still = nu_rlms.has_converged(teacher.at_step(step, "shape"), after)
    return {"goes_on": np.array(int(not still and step.index + 1 < _allowed(teacher)))}


def _allowed(teacher: Teacher) -> int:
    return teacher.settings.max_iterations


def _likelihood(teacher: Teacher, moment: Moment) -> Outputs:
    """Perform the stage at the last scale that gives a likelihood."""
    scale = likelihood_scale(teacher)
    if scale is None:
        return {"final.likelihood": np.array([UNEVALUATED], np.float32)}
    likelihood = log_likelihood(
        teacher.at_scale(scale, "response_maps"),
        teacher.offsets(teacher.trace.phase(scale, nonrigid=True)[-1]),
        float(teacher.plans[scale].sigma),
        teacher.view(scale).visible,
    )
    return {"final.likelihood": np.array([likelihood], np.float32)}


def likelihood_scale(teacher: Teacher) -> int | None:
    """Return the scale whose likelihood a fit ended with; None if none was due."""
    due = None
    for scale in teacher.trace.scales:
        steps = teacher.trace.phase(scale, nonrigid=True)
        if steps and _is_due(teacher, steps[0]):
            due = scale
    return due


def _is_due(teacher: Teacher, entered: Step) -> bool:
    """Tell whether a non-rigid phase, of which this is the first iteration, gives a likelihood."""
    face_scale = teacher.at_step(entered, "params_global")[0]
    n_scales = len(teacher.experts.scales)
    return is_likelihood_due(entered.scale, teacher.settings, n_scales, face_scale)


_AT_LIMIT = 8 * EPS
"""A mode so near to its limit may be clamped or not."""
_SETTINGS = ("params_global", "params_local")

STAGES = (
    Stage(
        "offsets", "pyclnf.mean_shift.map_offsets", "iteration",
        ("shape", "base_shape", "similarity_image_to_reference"),
        tuple(
            Output(
                entry, 1, "the window, or the distance of what lies beyond",
                "summed in float64, rounded once, and the centre added",
                sizes.within_map(entry), "landmarks",
            )
            for entry in ("offset_x", "offset_y")
        ),
        _offsets,
    ),
    Stage(
        "mean shift", "pyclnf.mean_shift.mean_shifts", "iteration",
        ("response_maps", "offset_x", "offset_y"),
        (
            Output(
                "mean_shift", 28, "the window",
                "a quotient of sums of up to 225 products, 4√n·u (Higham and Mary 2019)",
                sizes.window, "landmarks", excuse=cell_ties,
            ),
        ),
        _mean_shift,
        schedule=("sigma",),
        branches=("kernel cell",),
    ),
    Stage(
        "Jacobian", "pyclnf.pdm.PointDistributionModel.jacobian", "iteration",
        _SETTINGS,
        (
            Output(
                "shape", 8, "the largest coordinate",
                "five roundings of the projection, and the sum over modes, which is smaller",
                sizes.largest("shape"), "landmarks",
            ),
            Output(
                "jacobian", 8, "the column's maximum",
                "a sum over modes, a product with a rotation, and five operations",
                sizes.columns, "coordinates",
            ),
        ),
        _jacobian,
    ),
    Stage(
        "normal equations", "pyclnf.nu_rlms.normal_equations", "iteration",
        ("jacobian", "mean_shift", "similarity_reference_to_image", "params_local"),
        (
            Output(
                "hessian", 24, "√(Hᵢᵢ·Hⱼⱼ)",
                "sums of 136 products, 4√n·u (Higham and Mary 2019)", sizes.equations, "parameters",
            ),
            Output(
                "right_hand_side", 2, "the sum of its terms' sizes",
                "summed in float64, rounded twice", sizes.right_hand_side, "parameters",
            ),
            Output(
                "change", 24, "|H⁻¹|·(√(H·H)·|Δ| + sizes of the right side)",
                "what the Hessian's rounding makes of the solution",
                sizes.solution, "parameters", counts=_known,
            ),
        ),
        _normal_equations,
        schedule=("reg_factor", "weight_factor"),
    ),
    Stage(
        "update", "pyclnf.pdm.PointDistributionModel.updated", "iteration",
        (*_SETTINGS, "change"),
        (
            Output(
                "params_global_out", 4, "each parameter; 1 radian",
                "sums are rounded once; a rotation goes through a matrix, an axis and back",
                sizes.parameters, "parameters",
            ),
            Output(
                "params_local_out", 2, "each parameter", "sums are rounded once",
                sizes.local_parameters, "modes", counts=_free,
            ),
        ),
        _update,
    ),
    Stage(
        "clamp", "pyclnf.pdm.PointDistributionModel.clamped", "iteration",
        ("params_local", "change"),
        (
            Output(
                "params_local_out", 0, "the limit", "the limit comes from the model file",
                sizes.nothing, "modes", counts=_limited,
            ),
            Output(
                "params_local_out", 2, "each parameter",
                "within its limit it passes, and what was added to it was rounded once",
                sizes.local_parameters, "modes", counts=_free,
            ),
        ),
        _clamp,
        branches=("clamp",),
    ),
    Stage(
        "stopping", "pyclnf.nu_rlms.has_converged", "iteration",
        ("shape",),
        (Output("goes_on", 0, "the decision", "a choice", sizes.nothing, excuse=stop_ties),),
        _stopping,
        branches=("stop", "face size"),
    ),
    Stage(
        "likelihood", "pyclnf.likelihood.log_likelihood", "end",
        ("response_maps", "offset_x", "offset_y"),
        (
            Output(
                "final.likelihood", 64, "the likelihood, or 1",
                "sums of up to 225 products, 4√n·u (Higham and Mary 2019), whose logarithm is "
                "off by as much as they are in parts",
                sizes.own_or_one("final.likelihood"),
            ),
        ),
        _likelihood,
    ),
)  # fmt: skip
"""In the order of execution."""
