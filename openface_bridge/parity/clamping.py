"""Whether a clamp that is too tight explains what looks like a wrong update.

Where a candidate's update and clamp are seen together, or not even the solution of its normal
equations is, a mode that was stopped before its limit differs there first. A clamp's trace is
plain, though: in the whole fit, a mode that is off is nearer to zero than it should be, always at
the same distance, and never beyond that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from openface_bridge.parity.comparison import Order, StageComparison
from openface_bridge.parity.forcing import Forced
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.stages import EPS, STAGES, stage_named
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Step

__all__ = ["with_tight_clamp"]

_CLAMP = stage_named("clamp")
_ENTRY = "params_local_out"
_ROUNDED = 8 * EPS
_SOLVED = 1e-3
"""How far a solution may be off that was not told, in parts of itself."""

_Modes = tuple[Array, Array]
"""What a candidate's modes ended at, and what they should have: (m,) each."""


def with_tight_clamp(
    stages: Sequence[StageComparison], performed: Forced, teacher: Teacher, *, told: bool
) -> list[StageComparison]:
    """Blame the clamp for differences of modes that a tighter one explains.

    Parameters
    ----------
    stages : sequence of StageComparison
        Of `performed`.
    performed : mapping of str to ndarray
        See :func:`openface_bridge.parity.forcing.forced`.
    teacher : Teacher
    told : bool
        Whether the candidate is who told the trace, not who performed the stages.
    """
    blamed = next((each for each in stages if each.over and _is_of_modes(each.over[1])), None)
    if blamed is None:
        return list(stages)
    assert blamed.over is not None
    solved = blamed.stage.name != "update"
    pairs = list(_modes(performed, teacher, told=told))
    if not _is_explained(pairs, _SOLVED if solved else _ROUNDED):
        return list(stages)
    return [_moved(each, blamed, _of_clamp(*blamed.over)) for each in stages]


def _is_of_modes(finding: Finding) -> bool:
    """Tell whether a finding is of modes after an update, or of what they change by."""
    entry, parameter = finding.entry.rpartition(".")[2], finding.place.parameter or ""
    return parameter.startswith("mode") and entry in (_ENTRY, "change")


def _modes(performed: Forced, teacher: Teacher, *, told: bool) -> Iterator[_Modes]:
    """Yield what modes ended at and should have, of every non-rigid iteration."""
    for step in teacher.trace.steps:
        if not step.nonrigid:
            continue
        recorded = teacher.at_step(step, _ENTRY)
        if told:
            limits = teacher.mode_limits
            yield recorded, np.clip(_due(performed, teacher, step), -limits, limits)
        else:
            yield performed[f"update/{step.prefix}.{_ENTRY}"], recorded


def _due(performed: Forced, teacher: Teacher, step: Step) -> Array:
    """Return the modes of an iteration that nothing stops."""
    if teacher.has_change(step):
        return performed[f"update/{step.prefix}.{_ENTRY}"]
    change = performed[f"normal equations/{step.prefix}.change"]
    return np.asarray(teacher.parameters(step).local + change[6:])


# What is not finite is explained by no limit.
@np.errstate(invalid="ignore", over="ignore")
def _is_explained(pairs: list[_Modes], within: float) -> bool:
    """Tell whether there are limits of the modes that make of one what the other is."""
    found, due = (np.array(each, np.float64) for each in zip(*pairs, strict=True))
    off = ~(np.abs(found - due) <= within * np.maximum(np.abs(found), np.abs(due)))
    inward = (np.abs(found) < np.abs(due)) & (found * due > 0)
    if not off.any() or (off & ~inward).any() or (off | (due == 0)).all():
        return False
    limits = np.where(off, np.abs(found), np.inf).min(axis=0)
    return bool((np.abs(found) <= limits * (1 + within)).all())


def _of_clamp(order: Order, finding: Finding) -> tuple[Order, Finding]:
    """Return a finding as one of the clamp."""
    prefix = finding.entry.rpartition(".")[0]
    moved = replace(finding, entry=f"{prefix}.{_ENTRY}")
    return (*order[:3], STAGES.index(_CLAMP)), moved


def _moved(
    each: StageComparison, blamed: StageComparison, moved: tuple[Order, Finding]
) -> StageComparison:
    """Take a finding from one stage to the clamp."""
    if each is blamed:
        return replace(each, over=None)
    return replace(each, over=moved) if each.stage is _CLAMP else each
