"""What differs at a finding: the reference's and the candidate's values around its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.comparison import StageComparison
from openface_bridge.parity.forcing import forced_name
from openface_bridge.parity.inference import inferred_change
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.place import Moment, Place
from openface_bridge.parity.run import FitRun
from openface_bridge.parity.stages import Stage
from openface_bridge.report.relations import relation
from openface_bridge.report.remarks import inputs_of, relations_of
from openface_bridge.report.rows import Row, rows_of
from openface_bridge.trace import Step
from pyclnf.pdm import Parameters

__all__ = ["Evidence", "evidence_of"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Evidence:
    """What a finding is about, in a few numbers.

    Attributes
    ----------
    finding : Finding
    stage : Stage
    heading : str
        What the numbers are.
    rows : list of Row
    remarks : list of str
        Relations between both engines' values, and inputs that help to see why.
    """

    finding: Finding
    stage: Stage
    heading: str
    rows: list[Row]
    remarks: list[str] = field(default_factory=list)


def evidence_of(comparison: StageComparison, finding: Finding, run: FitRun) -> Evidence | None:
    """Return the values at a finding of the teacher forced comparison; None if not at hand."""
    stage, place = comparison.stage, finding.place
    moment = _moment(stage, place)
    once = moment.per in ("start", "end")
    entry = finding.entry if once else finding.entry.rpartition(".")[2]
    ours = run.forced.get(forced_name(stage, moment, entry))
    theirs = _expected(run, moment, entry)
    if ours is None or theirs is None:
        return None
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if ours.shape != theirs.shape:
        return Evidence(finding, stage, entry, [], [str(relation(ours, theirs))])
    heading, rows = rows_of(entry, theirs, ours, place)
    remarks = [*relations_of(entry, theirs, ours, place), *inputs_of(stage, run, theirs, ours)]
    return Evidence(finding, stage, heading, rows, remarks)


def _moment(stage: Stage, place: Place) -> Moment:
    """Return when a finding was made: schedules are checked once per scale."""
    if place.scale is None:
        return Moment(stage.per)
    if place.phase is None or place.iteration is None:
        return Moment("scale", place.scale)
    step = Step(place.scale, place.phase == "nonrigid", place.iteration)
    return Moment("iteration", step.scale, step)


def _expected(run: FitRun, moment: Moment, entry: str) -> Array | None:
    """Return what the reference has of an entry, recorded or inferred."""
    step = moment.step
    name = moment.name(entry)
    if step is not None and entry == "goes_on":
        steps = run.reference.phase(step.scale, nonrigid=step.nonrigid)
        return np.array(int(step.index + 1 < len(steps)))
    if step is not None and entry == "change" and name not in run.reference:
        before, after = (
            Parameters(
                run.reference[moment.name(f"params_global{end}")],
                run.reference[moment.name(f"params_local{end}")],
            )
            for end in ("", "_out")
        )
        limits = np.full(len(before.local), np.inf, np.float32)
        return inferred_change(before, after, limits, rigid=not step.nonrigid)
    return run.reference.entries.get(name)
