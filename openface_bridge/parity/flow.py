"""Whether what a stage of a fit returned is what the next one was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby

import numpy as np

from openface_bridge.parity.comparison import Order, StageComparison
from openface_bridge.parity.decisions import SMALLEST_FACE
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.place import Moment, Place
from openface_bridge.parity.stages import EPS, STAGES, stage_named
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Step
from pyclnf.pdm import Parameters
from pyclnf.scale_plan import plan_scales

__all__ = [
    "FLOW", "GIVEN_OTHERS", "HANDED_ON", "ORDER", "OUTCOME", "SCHEDULE", "Broken", "broken_flow",
    "with_flow",
]  # fmt: skip

HANDED_ON, OUTCOME, SCHEDULE, ORDER = "handed_on", "outcome", "schedule", "order"
GIVEN_OTHERS = "given_others"
FLOW = (HANDED_ON, OUTCOME, SCHEDULE, ORDER, GIVEN_OTHERS)
"""What findings are called: the entries they are about have no name of their own."""

Broken = tuple[str, Order, Finding]
"""A stage's name, and a finding with its order."""

_BOUND = 4.0
"""As for the parameters that an update gives."""
_SHAPE_BOUND = 8.0


def broken_flow(teacher: Teacher, went_on: Step | None = None) -> list[Broken]:
    """Return where a fit does not go on with what it had.

    Parameters
    ----------
    teacher : Teacher
        Of the fit that is looked at.
    went_on : Step, optional
        The last iteration, if the fit went on after it though it was not finite.
    """
    phases = _as_executed(teacher)
    broken = [*_out_of_turn(phases), *_handed_on(teacher, phases)]
    broken += [*_schedule(teacher), *_outcome(teacher)]
    if went_on is not None:
        broken.append(_off_schedule(went_on))
    return broken


def with_flow(stages: Sequence[StageComparison], broken: Sequence[Broken]) -> list[StageComparison]:
    """Add what is wrong between stages to the stages that it is blamed on."""
    found = []
    for each in stages:
        known = [] if each.over is None else [each.over]
        known += [(order, finding) for stage, order, finding in broken if stage == each.stage.name]
        found.append(replace(each, over=min(known, key=lambda pair: pair[0], default=None)))
    return found


def _as_executed(teacher: Teacher) -> list[list[Step]]:
    """Return the phases in the order in which one goes on with what another ended with.

    A trace is sorted, whatever order its phases were executed in. Where parameters tell no order
    of all of them, it is the trace's.
    """
    waiting = [list(phase) for _, phase in groupby(teacher.trace.steps, _phase_of)]
    sorted_, found, before = list(waiting), [], _started(teacher)
    while waiting:
        following = (each for each in waiting if _goes_on_with(teacher, each[0], before))
        phase = next(following, None)
        if phase is None:
            return sorted_
        waiting.remove(phase)
        found.append(phase)
        before = _parameters(teacher, phase[-1], "_out")
    return found


def _phase_of(step: Step) -> tuple[int, bool]:
    return step.scale, step.nonrigid


def _started(teacher: Teacher) -> Array:
    """Return all parameters that a fit starts with, (6 + m,)."""
    modes = np.zeros(teacher.trace["final.params_local"].size, np.float32)
    return np.concatenate((teacher.trace["init.params_global"], modes))


def _goes_on_with(teacher: Teacher, step: Step, before: Array) -> bool:
    """Tell whether an iteration starts with some parameters."""
    found = _parameters(teacher, step, "")
    return next(_unlike(found, before, "update", Moment("start"), HANDED_ON), None) is None


def _out_of_turn(phases: list[list[Step]]) -> Iterator[Broken]:
    """Yield the first phase that was executed before one that it comes after."""
    moment = Moment("start")
    for phase, due in zip(phases, sorted(phases), strict=True):
        if phase is not due:
            yield _broken("stopping", moment, ORDER, Place.of(phase[0]), 1.0, 1.0, 0.0)
            return
        moment = Moment("iteration", phase[-1].scale, phase[-1])


def _handed_on(teacher: Teacher, phases: list[list[Step]]) -> Iterator[Broken]:
    """Yield where parameters at the start of an iteration are not those there were."""
    before = _started(teacher)
    stage, moment = "initialisation", Moment("start")
    for step in chain.from_iterable(phases):
        found = _parameters(teacher, step, "")
        yield from _unlike(found, before, stage, moment, HANDED_ON)
        before = _parameters(teacher, step, "_out")
        stage, moment = "update", Moment("iteration", step.scale, step)


def _outcome(teacher: Teacher) -> Iterator[Broken]:
    """Yield whether the outcome is not that of the last iteration, or not what it says it is."""
    trace, last = teacher.trace, teacher.trace.steps[-1]
    moment = Moment("iteration", last.scale, last)
    ended = _parameters(teacher, last, "_out")
    if not np.isfinite(ended).all():
        ended = _parameters(teacher, last, "")  # those before are kept
    final = np.concatenate((trace["final.params_global"], trace["final.params_local"]))
    broken = list(_unlike(final, ended, "update", moment, OUTCOME))
    yield from broken
    if not broken and np.isfinite(final).all():
        yield from _landmarks(teacher, final, moment)
    yield from _view(teacher, Moment("scale", last.scale))
    yield from _success(teacher, last)


def _view(teacher: Teacher, moment: Moment) -> Iterator[Broken]:
    """Yield whether the view that a fit returns is not that of its last scale."""
    if "final.view" in teacher.trace:
        returned, last = teacher.trace["final.view"], teacher.recorded(moment, "view")
        if returned != last:
            apart = float(abs(int(returned) - int(last)))
            yield _broken("view", moment, OUTCOME, moment.place, apart, apart, 0.0)


def _success(teacher: Teacher, last: Step) -> Iterator[Broken]:
    """Yield whether a fit returns success though it ended early, or none though it did not."""
    if "final.success" not in teacher.trace:
        return
    after = _parameters(teacher, last, "_out")
    succeeded = bool(np.isfinite(after).all() and after[0] >= SMALLEST_FACE)
    near = abs(float(after[0]) - SMALLEST_FACE) <= 4 * EPS
    if bool(teacher.trace["final.success"]) != succeeded and not near:
        moment = Moment("iteration", last.scale, last)
        yield _broken("stopping", moment, OUTCOME, moment.place, 1.0, 1.0, 0.0)


def _landmarks(teacher: Teacher, final: Array, moment: Moment) -> Iterator[Broken]:
    """Yield whether the landmarks that a fit returns are not the shape of its parameters."""
    posed = teacher.pdm.pose(Parameters(final[:6], final[6:]))
    told = teacher.trace["final.landmarks"]
    largest = float(np.abs(posed.landmarks).max(initial=1.0))
    apart = np.abs(told.astype(np.float64) - posed.landmarks)
    apart = np.where(np.isnan(apart), np.inf, apart)
    ulps = apart / (EPS * largest)
    if ulps.max() > _SHAPE_BOUND:
        worst = int(ulps.max(axis=1).argmax())
        place = moment.place.at(landmark=worst)
        yield _broken(
            "update", moment, OUTCOME, place, apart[worst].max(), ulps.max(), _SHAPE_BOUND
        )


def _schedule(teacher: Teacher) -> Iterator[Broken]:
    """Yield phases and scales that were left out, or are too many."""
    trace = teacher.trace
    planned = [plan.scale for plan in plan_scales(teacher.settings, teacher.experts.patch_scales)]
    for position, scale in enumerate(trace.scales):
        last = [step for step in trace.steps if step.scale == scale][-1]
        following = trace.scales[position + 1 : position + 2]
        if planned[position : position + 1] != [scale] or not _is_due(
            teacher, last, following, planned[position + 1 : position + 2]
        ):
            yield _off_schedule(last)


def _off_schedule(last: Step) -> Broken:
    """Say that what follows an iteration is not what is due."""
    moment = Moment("iteration", last.scale, last)
    return _broken("stopping", moment, SCHEDULE, moment.place, 1.0, 1.0, 0.0)


def _is_due(teacher: Teacher, last: Step, following: list[int], planned: list[int]) -> bool:
    """Tell whether what follows a scale is what is planned, or its end explains the fit's."""
    after = _parameters(teacher, last, "_out")
    if not np.isfinite(after).all():
        return not following
    if not last.nonrigid:
        return False
    near = abs(float(after[0]) - SMALLEST_FACE) <= 4 * EPS
    ends = after[0] < SMALLEST_FACE
    return near or following == ([] if ends else planned)


def _parameters(teacher: Teacher, step: Step, suffix: str) -> Array:
    """Return all parameters of an iteration, (6 + m,)."""
    names = (f"params_global{suffix}", f"params_local{suffix}")
    return np.concatenate([teacher.at_step(step, name) for name in names])


def _unlike(
    found: Array, wanted: Array, stage: str, moment: Moment, entry: str
) -> Iterator[Broken]:
    """Yield the largest difference of parameters that rounding does not explain."""
    sizes = np.maximum(np.abs(found), np.abs(wanted)).astype(np.float64)
    sizes[1:4] = 1.0
    apart = np.abs(found.astype(np.float64) - wanted)
    apart[(found == wanted) | (np.isnan(found) & np.isnan(wanted))] = 0.0
    apart = np.where(np.isnan(apart), np.inf, apart)
    ulps = np.divide(apart, EPS * sizes, out=apart.copy(), where=np.isfinite(apart) & (apart > 0))
    if ulps.max() > _BOUND:
        worst = int(np.argmax(ulps))
        names = ("scale", "rx", "ry", "rz", "tx", "ty")
        parameter = names[worst] if worst < 6 else f"mode {worst - 6}"
        place = moment.place.at(parameter=parameter)
        yield _broken(stage, moment, entry, place, apart[worst], ulps[worst], _BOUND)


def _broken(
    stage: str, moment: Moment, entry: str, place: Place, apart: float, ulps: float, bound: float
) -> Broken:
    """Return a finding."""
    when = Moment("end") if entry == OUTCOME else moment
    order = (*when.order, STAGES.index(stage_named(stage)))
    return stage, order, Finding(moment.name(entry), place, float(apart), float(ulps), bound)
