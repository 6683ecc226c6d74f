"""The free-running comparison: both engines start alike and go on alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from openface_bridge.parity.difference import Place, largest
from openface_bridge.parity.noise_floor import landmark_errors
from openface_bridge.parity.stages import STAGES
from openface_bridge.starts import Start
from openface_bridge.trace import OPTIONAL, Trace
from pyclnf import FitSettings, TraceRecorder
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import fit

__all__ = ["FirstDifference", "FreeRun", "first_difference", "run_free"]

_NAME = re.compile(r"(?:scale(\d+)\.)?(?:(rigid|nonrigid)\.(\d+)\.)?(.+)")
_STAGE_OF_ENTRY = {entry: stage.name for stage in STAGES for entry in stage.entries}


@dataclass(frozen=True)
class FirstDifference:
    """The first entry of two traces, in the order of execution, that is not equal in every bit.

    Attributes
    ----------
    entry : str
        Its name in the trace.
    stage : str
        The stage that wrote it.
    place : Place
    error : float
        Largest absolute difference, in the entry's own unit; infinite if one engine did not get
        there.
    """

    entry: str
    stage: str
    place: Place
    error: float


@dataclass(frozen=True)
class FreeRun:
    """Two fits side by side.

    Attributes
    ----------
    reference, candidate : Trace
    success : bool
        Of the candidate's fit.
    """

    reference: Trace
    candidate: Trace
    success: bool

    @cached_property
    def errors(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Distance of each landmark, (n,) px."""
        return landmark_errors(self.candidate["final.landmarks"], self.reference["final.landmarks"])

    @property
    def max_px(self) -> float:
        """The worst landmark's error."""
        return float(self.errors.max())

    @property
    def mean_px(self) -> float:
        """The mean error over landmarks."""
        return float(self.errors.mean())

    @cached_property
    def first_difference(self) -> FirstDifference | None:
        """Where the two part; None if they are equal in every bit of every stage."""
        return first_difference(self.reference, self.candidate)


def run_free(
    reference: Trace, image: PaddedImage, settings: FitSettings, backend: Backend
) -> FreeRun:
    """Fit from where the reference did and put the trace beside its own."""
    recorder = TraceRecorder(areas_of_interest=True, normal_equations=True)
    given = Start.of(reference)
    start = backend.detector.pdm.parameters_from_box(given.box, given.angles)
    result = fit(image, given.box, start, settings, backend, recorder)
    return FreeRun(reference, Trace(recorder.trace, "candidate"), result.success)


def first_difference(reference: Trace, candidate: Trace) -> FirstDifference | None:
    """Return where two traces part first, or None."""
    for name in _in_order(reference, candidate):
        if name not in reference or name not in candidate:
            return _described(name, float("inf"))
        found = largest(candidate[name], reference[name], Place())
        if not found.equal:
            return _described(name, found.error)
    return None


def _in_order(reference: Trace, candidate: Trace) -> list[str]:
    """Return the names to compare as a fit writes them.

    Optional entries count where both traces have them, others where either has them, unless one
    leaves them out altogether. So an iteration that one of them lacks counts.
    """
    kinds = (_kinds(reference) & _kinds(candidate)) - OPTIONAL
    names = {*reference.entries, *candidate.entries}
    shared = reference.entries.keys() & candidate.entries.keys()
    return sorted(
        (name for name in names if name in shared or _parse(name)[3] in kinds), key=_order
    )


def _order(name: str) -> tuple[float, int, int, int, str]:
    """Return a sorting key: scale, phase, iteration, then the order of the stages."""
    scale, phase, index, entry = _parse(name)
    at = {"bbox": -3.0, "rotation": -2.0, "init.params_global": -1.0}.get(name, float("inf"))
    stages = list(_STAGE_OF_ENTRY)
    position = stages.index(entry) if entry in stages else -1
    in_scale = 0 if phase is None else 1 if phase == "rigid" else 2
    return (at if scale is None else float(scale), in_scale, index or 0, position, entry)


def _parse(name: str) -> tuple[int | None, str | None, int | None, str]:
    """Split a name into scale, phase, iteration and entry."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None, None, None, name
    scale, phase, index, entry = match.groups()
    return (
        None if scale is None else int(scale),
        phase,
        None if index is None else int(index),
        entry,
    )


def _kinds(trace: Trace) -> set[str]:
    """Return the kinds of entries a trace has."""
    return {_parse(name)[3] for name in trace.entries}


def _described(name: str, error: float) -> FirstDifference:
    """Return where an entry belongs."""
    scale, phase, index, entry = _parse(name)
    stage = _STAGE_OF_ENTRY.get(entry, "outcome" if name.startswith("final.") else "schedule")
    return FirstDifference(name, stage, Place(scale, phase, index), error)
