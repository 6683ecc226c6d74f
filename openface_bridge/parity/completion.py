"""What a lean trace leaves out, put back and proved.

An area of interest or a Jacobian is no choice: what was recorded determines it. It is computed by
the definition, and taken only if what was recorded of what follows from it (response maps, normal
equations, the parameters after them) follows from it in every bit. Whoever has computed it, it is
then the reference's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from openface_bridge.parity.forcing import Forced, forced_name
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.place import Moment, moments
from openface_bridge.parity.stages import Stage, stage_named
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Trace
from pyclnf.pdm import Parameters

__all__ = ["completed", "is_lean", "unrecorded_before"]


@dataclass(frozen=True)
class _Gap:
    """What may be absent.

    Attributes
    ----------
    stage : Stage
        Whose output it is.
    entry : str
    consumer : Stage
        What is given it.
    decisive : str
        The consumer's output that tells all its inputs apart. Where it was not recorded, the
        parameters after the iteration stand for it.
    """

    stage: Stage
    entry: str
    consumer: Stage
    decisive: str


_GAPS = (
    _Gap(
        stage_named("area of interest"), "areas_of_interest",
        stage_named("response map"), "response_maps",
    ),
    _Gap(stage_named("Jacobian"), "jacobian", stage_named("normal equations"), "change"),
)  # fmt: skip


def is_lean(trace: Trace) -> bool:
    """Tell whether a trace lacks anything that could be put back."""
    return next(_absent(trace), None) is not None


# Recordings may hold what is not finite: the reference goes on with it.
@np.errstate(invalid="ignore", over="ignore", divide="ignore")
def completed(definition: Teacher, done: Forced | None = None, *, shared: bool = False) -> Trace:
    """Return a trace with its areas of interest and Jacobians, as far as they can be proved.

    Parameters
    ----------
    definition : Teacher
        Of the lean trace, with the definition.
    done : mapping of str to ndarray, optional
        What a candidate's stages gave on the trace, see
        :func:`openface_bridge.parity.forcing.forced`. Where it has the same areas, or Jacobian, and
        went on from them to what was recorded, that is the proof, and spares the definition's.
    shared : bool
        Whether the candidate runs the definition's code: then the definition proves no more.
    """
    entries = dict(definition.trace.entries)
    for gap, moment in _absent(definition.trace):
        found = np.asarray(gap.stage.perform(definition, moment)[gap.entry])
        proved = _proved_by(done or {}, found, gap, moment, definition.trace)
        if proved or (not shared and _follows(gap, moment, definition)):
            entries[moment.name(gap.entry)] = found
    return Trace(entries, definition.trace.source)


def unrecorded_before(finding: Finding, trace: Trace) -> str | None:
    """Return the stage that may be wrong instead of the one that a finding is of, or None.

    Where nothing was recorded of what a stage is given, it was performed on what the stage before
    it gave: either may be wrong.

    Parameters
    ----------
    finding : Finding
        Of a stage that was performed by itself.
    trace : Trace
        What it was performed on.
    """
    prefix, _, entry = finding.entry.rpartition(".")
    before = (gap for gap in _GAPS if entry in gap.consumer.entries)
    return next((gap.stage.name for gap in before if f"{prefix}.{gap.entry}" not in trace), None)


def _absent(trace: Trace) -> Iterator[tuple[_Gap, Moment]]:
    """Yield what a trace lacks, and when."""
    for gap in _GAPS:
        for moment in moments(trace, gap.stage.per):
            if moment.name(gap.entry) not in trace:
                yield gap, moment


def _proved_by(done: Forced, found: Array, gap: _Gap, moment: Moment, trace: Trace) -> bool:
    """Tell whether a candidate has the same, and what was recorded follows from it."""
    own = done.get(forced_name(gap.stage, moment, gap.entry))
    if own is None or not _same(own, found):
        return False
    recorded = _recorded(gap, moment, trace)
    outputs = {name: done.get(forced_name(gap.consumer, moment, name)) for name in recorded}
    return gap.decisive in recorded and _all_same(outputs, recorded)


def _follows(gap: _Gap, moment: Moment, definition: Teacher) -> bool:
    """Tell whether what was recorded follows from what is absent, by the definition."""
    outputs = dict(gap.consumer.perform(definition, moment))
    recorded = _recorded(gap, moment, definition.trace)
    if gap.decisive not in recorded:
        after = _parameters_after(outputs[gap.decisive], moment, definition)
        outputs.update(after)
        recorded.update({name: definition.recorded(moment, name) for name in after})
    return _all_same(outputs, recorded)


def _recorded(gap: _Gap, moment: Moment, trace: Trace) -> dict[str, Array]:
    """Return what was recorded of the consumer's outputs."""
    named = ((entry, trace.entries.get(moment.name(entry))) for entry in gap.consumer.entries)
    return {entry: array for entry, array in named if array is not None}


def _parameters_after(change: Array, moment: Moment, definition: Teacher) -> dict[str, Array]:
    """Return the parameters after an iteration that solved its equations so."""
    assert moment.step is not None
    posed = definition.pose(moment.step)
    after: Parameters = definition.pdm.clamped(definition.pdm.updated(posed, change))
    return {"params_global_out": after.global_, "params_local_out": after.local}


def _all_same(found: Mapping[str, Array | None], recorded: Mapping[str, Array]) -> bool:
    """Tell whether all that was recorded was found, too."""
    return all(_same(found[name], array) for name, array in recorded.items())


def _same(one: Array | None, other: Array) -> bool:
    """Tell whether arrays agree in every bit; those of a NaN say nothing."""
    return one is not None and np.array_equal(one, other, equal_nan=True)
