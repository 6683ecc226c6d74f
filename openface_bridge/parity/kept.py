"""A reference whose fits are read, completed and kept in memory, to be compared with many times."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openface_bridge.parity.completion import completed
from openface_bridge.parity.models import Models, check_model
from openface_bridge.parity.origin import check_picture
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case, Reference
from openface_bridge.trace import Trace
from pyclnf import FitSettings

__all__ = ["Kept"]


class Kept:
    """A reference, see :class:`openface_bridge.reference.Reference`.

    Parameters
    ----------
    reference : Reference
    models : Models
        Sound ones: what lean traces leave out is computed with their definition, and proved.
    pictures : Path
    """

    def __init__(self, reference: Reference, models: Models, pictures: Path) -> None:
        self.description = reference.description
        self._cases = reference.cases()
        self._reruns = {case: reference.rerun_landmarks(case) for case in self._cases}
        self._traces = {
            case: _completed(reference.trace(case), case, models, pictures) for case in self._cases
        }

    def cases(self) -> Sequence[Case]:
        """Return the fits there are."""
        return self._cases

    def trace(self, case: Case) -> Trace:
        """Return a fit's trace."""
        return self._traces[case]

    def rerun_landmarks(self, case: Case) -> Array | None:
        """Return landmarks of the reference's own reruns."""
        return self._reruns[case]


def _completed(trace: Trace, case: Case, models: Models, pictures: Path) -> Trace:
    """Return a trace with what it leaves out."""
    backend = models.definition.backend(case.setting)
    picture = find_picture(pictures, case.face)
    check_model(trace, backend.detector)
    check_picture(trace, picture)
    image = backend.picture(read_picture(picture))
    return completed(Teacher(trace, image, FitSettings.named(case.setting), backend))
