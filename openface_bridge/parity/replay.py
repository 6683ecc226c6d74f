"""A reduced bug, performed again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from openface_bridge.parity.excerpt import Excerpt
from openface_bridge.parity.measure import Finding, expected, measure, same
from openface_bridge.parity.place import Moment, Place
from openface_bridge.parity.stages import Output, Stage, stage_named
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Step, TraceError, read_arrays
from pyclnf import FitSettings
from pyclnf.backends import create_backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

__all__ = ["Replayed", "moment_of", "perform_again", "replay"]


@dataclass(frozen=True)
class Replayed:
    """A case, performed again.

    Attributes
    ----------
    stage : str
    place : Place
    found, wanted : ndarray
        The candidate's output and the reference's.
    finding : Finding or None
        The difference, if rounding does not explain it.
    """

    stage: str
    place: Place
    found: Array
    wanted: Array
    finding: Finding | None

    @property
    def passed(self) -> bool:
        """Whether the stage agrees."""
        return self.finding is None

    def __str__(self) -> str:
        """Say what differs."""
        if self.finding is None:
            return f"{self.stage} ({self.place}) agrees with the reference"
        finding = self.finding
        allowed = (
            f"{finding.ulps:.4g} units in the last place; rounding explains {finding.bound:g}"
            if finding.bound
            else "and should not at all"
        )
        return (
            f"{self.stage} ({finding.place}): {finding.entry} differs by {finding.apart:.4g}, "
            f"{allowed}"
        )


def replay(case: Path, model: str | Path, backend: str | None = None) -> Replayed:
    """Perform a case's stage again and compare.

    Parameters
    ----------
    case : Path
        As :func:`reduce_bug` wrote it.
    model : path
        The manifest of the model that was fitted.
    backend : str, optional
        Instead of the one that failed.

    Raises
    ------
    TraceError
        If the file is missing, damaged or no case.
    """
    arrays = read_arrays(case)
    told = _told(arrays, case)
    loaded = create_backend(backend or told["backend"], model)
    entries = {
        name.removeprefix("reference/"): array
        for name, array in arrays.items()
        if name.startswith("reference/")
    }
    picture = arrays.get("picture", np.zeros((1, 1), np.uint8))
    windows = (*told["settings"].pop("window_sizes"),)
    teacher = Teacher(
        Excerpt(entries, str(case)),
        PaddedImage.of(to_grey(picture)),
        FitSettings(window_sizes=windows, **told["settings"]),
        loaded,
    )
    stage, place = stage_named(told["stage"]), Place(**told["place"])
    return perform_again(stage, told["entry"], place, teacher)


def perform_again(stage: Stage, entry: str, place: Place, teacher: Teacher) -> Replayed:
    """Perform a stage and compare one entry."""
    moment = moment_of(stage, place)
    setting = entry.rpartition(".")[2]
    if setting in stage.schedule:
        assert place.scale is not None
        planned = np.array(getattr(teacher.plans[place.scale], setting))
        wanted = teacher.trace[entry]
        over = same(planned, wanted, entry, place).over
        return Replayed(stage.name, place, planned, wanted, over)
    output = _of_landmark(output_of(stage, entry, moment), place.landmark)
    found = np.asarray(stage.perform(teacher, moment)[output.entry])
    known = expected(teacher, moment, output)
    assert known is not None
    measured = measure(found, teacher, moment, output)
    return Replayed(
        stage.name, moment.place, found, known, None if measured is None else measured.over
    )


def _told(arrays: Mapping[str, Array], case: Path) -> dict[str, Any]:
    """Return what a case says of itself."""
    try:
        told = json.loads(str(arrays["case"][()]))
        return {name: told[name] for name in ("stage", "place", "entry", "settings", "backend")}
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise TraceError(f"{case}: is no reduced case: {error!r}") from error


def moment_of(stage: Stage, place: Place) -> Moment:
    """Return the moment of a stage at a place."""
    if place.iteration is not None:
        assert place.scale is not None
        step = Step(place.scale, place.phase == "nonrigid", place.iteration)
        return Moment(stage.per, step.scale, step)
    return Moment(stage.per, place.scale)


def output_of(stage: Stage, entry: str, moment: Moment) -> Output:
    """Return the output that writes an entry."""
    return next(output for output in stage.outputs if moment.name(output.entry) == entry)


def _of_landmark(output: Output, landmark: int | None) -> Output:
    """Return an output of which only one landmark's part counts."""
    if landmark is None or output.axis != "landmarks":
        return output

    def counts(teacher: Teacher, moment: Moment) -> Array:
        wanted = expected(teacher, moment, output)
        assert wanted is not None
        row = np.zeros(wanted.shape, np.bool_)
        row[landmark] = True
        return row

    return replace(output, counts=counts)
