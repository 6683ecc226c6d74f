"""Changing a recorded fit, and comparing the candidate with what became of it. For tests only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from support.recordings import Recordings

from openface_bridge.parity.comparison import StageComparison
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.run import Comparison, Models, compare_run, run_fit
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace


class Changed(Recorded):
    """Recordings with entries changed."""

    def __init__(self, original: Recorded, changes: dict[str, npt.NDArray[Any]]) -> None:
        self.original = original
        self.changes = changes

    def trace(self, case: Case) -> Trace:
        return Trace({**self.original.trace(case).entries, **self.changes}, "a source")

    def rerun_landmarks(self, case: Case) -> npt.NDArray[Any] | None:
        return self.original.rerun_landmarks(case)


def changed(trace: Trace, name: str, by: float, at: Any = 0) -> Trace:
    """Return a trace with a number added to one of an entry's elements, counted flat."""
    copy = trace[name].copy()
    copy.flat[at] += np.asarray(by, copy.dtype)
    return Trace({**trace.entries, name: copy}, trace.source)


def without(trace: Trace, left_out: Callable[[str], bool]) -> Trace:
    """Return a trace without the entries whose names fulfil a condition."""
    kept = {name: array for name, array in trace.entries.items() if not left_out(name)}
    return Trace(kept, trace.source)


def compared(
    trace: Trace,
    case: Case,
    models: Models,
    recordings: Recordings,
    floor: NoiseFloor | None = None,
) -> Comparison:
    """Compare a candidate with a trace that may never have been a fit's."""
    run = run_fit(trace, case, models, recordings.images)
    return compare_run(run, models, NoiseFloor(None) if floor is None else floor)


def over(stages: Iterable[StageComparison]) -> list[str]:
    """Return the names of stages over their bounds."""
    return [each.stage.name for each in stages if not each.passed]
