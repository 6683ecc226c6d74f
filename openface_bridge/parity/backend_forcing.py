"""Teacher forcing of backends whose stages cannot be called one by one.

A compiled backend does a scale's response maps in one call and a phase in another. It is given the
reference's parameters at each scale and before each iteration, and within that goes on with what is
its own: the first stage that differs is still the one that is wrong.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from openface_bridge.parity.forcing import Forced, forced_name
from openface_bridge.parity.place import Moment, moments
from openface_bridge.parity.stages import STAGES, stage_named
from openface_bridge.parity.stages.iteration import likelihood_scale
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from pyclnf.backends.base import Backend
from pyclnf.likelihood import UNEVALUATED
from pyclnf.nu_rlms import Iteration
from pyclnf.scale_plan import kernel_sigmas

__all__ = ["forced_by_backend"]


def forced_by_backend(teacher: Teacher, backend: Backend) -> Forced:
    """Let a backend do each scale, each iteration and the likelihood of a recorded fit.

    Parameters
    ----------
    teacher : Teacher
    backend : Backend
        The one that the teacher was made with.

    Returns
    -------
    mapping of str to ndarray
        As :func:`openface_bridge.parity.forcing.forced`.
    """
    found = _start(teacher)
    for moment in moments(teacher.trace, "scale"):
        found.update(_named(_scale(teacher, backend, moment), moment))
    for moment in moments(teacher.trace, "iteration"):
        found.update(_named(_iteration(teacher, backend, moment), moment))
    for moment in moments(teacher.trace, "end"):
        likelihood = {"final.likelihood": _likelihood(teacher, backend)}
        found.update(_named({"likelihood": likelihood}, moment))
    return found


def _named(outputs: dict[str, dict[str, Array]], moment: Moment) -> Forced:
    """Return outputs of stages under their names."""
    return {
        forced_name(stage_named(stage), moment, entry): np.asarray(array)
        for stage, entries in outputs.items()
        for entry, array in entries.items()
    }


def _start(teacher: Teacher) -> Forced:
    """Return what no backend does by itself: the initialisation and the schedule."""
    initialisation = STAGES[0]
    found: Forced = {}
    for moment in moments(teacher.trace, "start"):
        outputs = dict(initialisation.perform(teacher, moment))
        found.update(_named({initialisation.name: outputs}, moment))
    for stage in STAGES:
        for moment in moments(teacher.trace, "scale"):
            assert moment.scale is not None
            plan = teacher.plans[moment.scale]
            planned = {entry: np.array(getattr(plan, entry)) for entry in stage.schedule}
            found.update(_named({stage.name: planned}, moment))
    return found


def _scale(teacher: Teacher, backend: Backend, moment: Moment) -> dict[str, dict[str, Array]]:
    """Return what a backend makes of the picture around the reference's shape."""
    assert moment.scale is not None
    posed = teacher.pdm.pose(teacher.start(moment.scale))
    window_size = teacher.window_size(moment.scale)
    done = backend.responses(teacher.image, posed, moment.scale, window_size)
    return {
        "view": {"view": np.array(done.view)},
        "similarity": {
            "base_shape": done.base_landmarks,
            "similarity_image_to_reference": done.image_to_reference,
            "similarity_reference_to_image": done.reference_to_image,
        },
        "area of interest": {"areas_of_interest": done.areas},
        "response map": {"response_maps": done.maps},
    }


def _iteration(teacher: Teacher, backend: Backend, moment: Moment) -> dict[str, dict[str, Array]]:
    """Return one iteration from the reference's parameters on its maps, and if another follows."""
    step = moment.step
    assert step is not None
    sigma = kernel_sigmas(list(teacher.plans.values()))[teacher.plans[step.scale].window_size]
    phase = replace(
        teacher.phase(step),
        kernels=backend.kernels(teacher.window_size(step.scale), sigma),
        max_iterations=min(2, teacher.settings.max_iterations - step.index),
    )
    told: list[Iteration] = []
    backend.phase(teacher.pose(step), phase, lambda index, iteration: told.append(iteration))
    return _outputs(told[0], goes_on=len(told) > 1)


def _outputs(iteration: Iteration, *, goes_on: bool) -> dict[str, dict[str, Array]]:
    """Return an iteration by stages; modes within their limits come from the update."""
    after = iteration.parameters
    return {
        "offsets": {"offset_x": iteration.offsets[:, 0], "offset_y": iteration.offsets[:, 1]},
        "mean shift": {"mean_shift": iteration.mean_shifts},
        "Jacobian": {"shape": iteration.posed.landmarks, "jacobian": iteration.jacobian},
        "normal equations": {
            "hessian": iteration.hessian,
            "right_hand_side": iteration.right,
            "change": iteration.change,
        },
        "update": {"params_global_out": after.global_, "params_local_out": after.local},
        "clamp": {"params_local_out": after.local},
        "stopping": {"goes_on": np.array(int(goes_on))},
    }


def _likelihood(teacher: Teacher, backend: Backend) -> Array:
    """Return the likelihood of the last scale that gives one."""
    scale = likelihood_scale(teacher)
    if scale is None:
        return np.array([UNEVALUATED], np.float32)
    found = backend.likelihood(
        teacher.at_scale(scale, "response_maps").astype(np.float32),
        teacher.offsets(teacher.trace.phase(scale, nonrigid=True)[-1]),
        float(teacher.plans[scale].sigma),
        teacher.view(scale).visible,
    )
    return np.array([found], np.float32)
