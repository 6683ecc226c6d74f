"""Comparing a reference's fits with several candidates, one fit at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openface_bridge.cli.progress import with_progress
from openface_bridge.parity.models import Models
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.refused import REASONS, Refused
from openface_bridge.parity.run import Comparison, compare_run, run_fit
from openface_bridge.parity.store import backend_of, read_run
from openface_bridge.reference import Case, Reference
from openface_bridge.trace import Trace
from pyclnf.reasons import said_of

__all__ = ["Candidates"]


@dataclass(frozen=True)
class Candidates:
    """What is compared with a reference.

    Attributes
    ----------
    models : sequence of Models
        One for each backend.
    pictures : Path
        A folder.
    stored : Path or None
        A folder that holds what the only one did; None to let them run.
    """

    models: Sequence[Models]
    pictures: Path
    stored: Path | None

    def comparisons(self, reference: Reference) -> Iterator[tuple[Comparison | Refused, Models]]:
        """Compare; what cannot be compared is told, and the next one taken."""
        for case in with_progress(reference.cases()):
            try:
                trace, floor = _given(reference, case)
            except REASONS as error:
                yield from ((self._refused(case, each, error), each) for each in self.models)
                continue
            for models in self.models:
                yield self._compared(trace, floor, case, models), models

    def _compared(
        self, trace: Trace, floor: NoiseFloor, case: Case, models: Models
    ) -> Comparison | Refused:
        """Compare one candidate's fit."""
        try:
            if self.stored is None:
                run = run_fit(trace, case, models, self.pictures)
            else:
                run = read_run(self.stored, trace, case, models, self.pictures)
            return compare_run(run, models, floor)
        except REASONS as error:
            return self._refused(case, models, error)

    def _refused(self, case: Case, models: Models, error: Exception) -> Refused:
        """Say why a fit cannot be compared."""
        backend = models.name if self.stored is None else backend_of(self.stored)
        return Refused(case, backend, said_of(error))


def _given(reference: Reference, case: Case) -> tuple[Trace, NoiseFloor]:
    """Return what the reference has of a fit."""
    trace = reference.trace(case)
    return trace, NoiseFloor.of(trace["final.landmarks"], reference.rerun_landmarks(case))
