"""A candidate's stages, each on the reference's own inputs: nothing accumulates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openface_bridge.parity.place import Moment, moments
from openface_bridge.parity.stages import STAGES, Stage
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher

__all__ = ["Forced", "forced", "forced_name"]

Forced = dict[str, Array]
"""Outputs of stages by :func:`forced_name`."""


# Recordings may hold what is not finite: the reference goes on with it.
@np.errstate(invalid="ignore", over="ignore", divide="ignore")
def forced(teacher: Teacher, stages: Sequence[Stage] = STAGES) -> Forced:
    """Perform every stage at every moment of a recorded fit."""
    found: Forced = {}
    for stage in stages:
        for moment in moments(teacher.trace, stage.per):
            for entry, array in stage.perform(teacher, moment).items():
                found[forced_name(stage, moment, entry)] = np.asarray(array)
        for moment in moments(teacher.trace, "scale"):
            assert moment.scale is not None
            for entry in stage.schedule:
                planned = getattr(teacher.plans[moment.scale], entry)
                found[forced_name(stage, moment, entry)] = np.array(planned)
    return found


def forced_name(stage: Stage, moment: Moment, entry: str) -> str:
    """Return the name of a stage's output: the stage's, a slash, and the trace's."""
    return f"{stage.name}/{moment.name(entry)}"
