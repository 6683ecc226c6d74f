"""What a lean trace leaves out, put back and proved."""

from __future__ import annotations

import numpy as np

from openface_bridge.parity.measure import measure
from openface_bridge.parity.place import Moment, moments
from openface_bridge.parity.stages import Stage, stage_named
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Trace

__all__ = ["completed"]


def completed(teacher: Teacher) -> Trace:
    """Return a trace with its areas of interest and Jacobians.

    They are pyclnf's own, and kept only where what the reference made of them was recorded and
    follows from them within rounding: response maps from areas, updates from Jacobians.

    Parameters
    ----------
    teacher : Teacher
        Of the lean trace, with a sound candidate.
    """
    entries = dict(teacher.trace.entries)
    for moment in moments(teacher.trace, "scale"):
        _put_back("area of interest", "areas_of_interest", "response map", moment, teacher, entries)
    for moment in moments(teacher.trace, "iteration"):
        _put_back("Jacobian", "jacobian", "normal equations", moment, teacher, entries)
    return Trace(entries, teacher.trace.source)


def _put_back(
    stage: str,
    entry: str,
    consumer: str,
    moment: Moment,
    teacher: Teacher,
    entries: dict[str, Array],
) -> None:
    """Add one entry if it is absent and what consumes it agrees."""
    name = moment.name(entry)
    if name in entries or not _agrees(stage_named(consumer), moment, teacher):
        return
    entries[name] = np.asarray(stage_named(stage).perform(teacher, moment)[entry])


def _agrees(stage: Stage, moment: Moment, teacher: Teacher) -> bool:
    """Tell whether a stage's outputs were recorded and are within their bounds."""
    found = stage.perform(teacher, moment)
    measured = [measure(found[output.entry], teacher, moment, output) for output in stage.outputs]
    known = [each for each in measured if each is not None]
    return bool(known) and all(each.over is None for each in known)
