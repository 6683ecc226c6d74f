"""Two fits compared stage by stage: what was measured, before anything is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from openface_bridge.parity.forcing import Forced, forced_name
from openface_bridge.parity.measure import Finding, Measured, expected, measure, same
from openface_bridge.parity.place import Moment, moments
from openface_bridge.parity.stages import STAGES, Output, Stage
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Trace

__all__ = ["Order", "StageComparison", "compare_forced", "compare_free"]

Order = tuple[float, int, int, int]
"""Sorting key of findings: scale, phase, iteration, stage."""
Find = Callable[[Stage, Moment, str], Array | None]


@dataclass(frozen=True)
class StageComparison:
    """What comparing one stage over a fit found.

    Attributes
    ----------
    stage : Stage
    compared, equal : int
        Number of comparisons, and of those in which every bit agreed.
    worst : Finding or None
        The largest difference in parts of its bound; None where nothing was compared.
    unequal, over, excused : tuple of Order and Finding, or None
        The first difference at all, the first over its bound that nothing excuses, and the first
        over its bound at a discontinuity; in the order of execution.
    """

    stage: Stage
    compared: int
    equal: int
    worst: Finding | None
    unequal: tuple[Order, Finding] | None
    over: tuple[Order, Finding] | None
    excused: tuple[Order, Finding] | None

    @property
    def passed(self) -> bool:
        """Whether rounding and discontinuities explain all differences."""
        return self.over is None


def compare_forced(forced: Forced, teacher: Teacher) -> list[StageComparison]:
    """Compare a candidate's stages on the reference's inputs with the reference's outputs.

    Parameters
    ----------
    forced : mapping of str to ndarray
        See :func:`openface_bridge.parity.forcing.forced`.
    teacher : Teacher
        The reference.

    Returns
    -------
    list of StageComparison
        In the order of :data:`~openface_bridge.parity.stages.STAGES`.
    """

    def find(stage: Stage, moment: Moment, entry: str) -> Array | None:
        return forced.get(forced_name(stage, moment, entry))

    return _compare(find, teacher)


def compare_free(candidate: Trace, teacher: Teacher) -> list[StageComparison]:
    """Compare two free runs as far as both got; parameters as in :func:`compare_forced`."""

    def find(stage: Stage, moment: Moment, entry: str) -> Array | None:
        if entry == "goes_on":
            return _goes_on(candidate, moment)
        return candidate.entries.get(moment.name(entry))

    return _compare(find, teacher)


def _goes_on(candidate: Trace, moment: Moment) -> Array | None:
    """Tell whether a candidate went on after an iteration; None if it did not get there."""
    step = moment.step
    assert step is not None
    executed = len(candidate.phase(step.scale, nonrigid=step.nonrigid))
    return np.array(int(step.index + 1 < executed)) if step.index < executed else None


def _compare(
    find: Find, teacher: Teacher, stages: Sequence[Stage] = STAGES
) -> list[StageComparison]:
    """Walk the table."""
    return [
        _compared(stage, index, list(_measurements(stage, find, teacher)))
        for index, stage in enumerate(stages)
    ]


def _measurements(stage: Stage, find: Find, teacher: Teacher) -> Iterator[tuple[Moment, Measured]]:
    """Yield what each output of a stage measures, in the order of execution."""
    for moment in moments(teacher.trace, stage.per):
        for output in stage.outputs:
            measured = _output(stage, output, moment, find, teacher)
            if measured is not None:
                yield moment, measured
    for moment in moments(teacher.trace, "scale"):
        for entry in stage.schedule:
            found, name = find(stage, moment, entry), moment.name(entry)
            if found is not None:
                yield moment, same(found, teacher.trace[name], name, moment.place)


def _output(
    stage: Stage, output: Output, moment: Moment, find: Find, teacher: Teacher
) -> Measured | None:
    """Measure one output."""
    if expected(teacher, moment, output) is None:
        return None
    found = find(stage, moment, output.entry)
    return None if found is None else measure(found, teacher, moment, output)


def _compared(
    stage: Stage, index: int, measurements: list[tuple[Moment, Measured]]
) -> StageComparison:
    """Reduce a stage's measurements."""

    def first(pick: Callable[[Measured], Finding | None]) -> tuple[Order, Finding] | None:
        found = (((*moment.order, index), pick(each)) for moment, each in measurements)
        known = [(order, finding) for order, finding in found if finding is not None]
        return min(known, key=lambda pair: pair[0], default=None)

    return StageComparison(
        stage=stage,
        compared=len(measurements),
        equal=sum(each.equal for _, each in measurements),
        worst=max((each.worst for _, each in measurements), key=_ratio, default=None),
        unequal=first(lambda each: None if each.equal else each.worst),
        over=first(lambda each: each.over),
        excused=first(lambda each: each.excused),
    )


def _ratio(finding: Finding) -> float:
    """Return a sorting key."""
    return finding.ratio
