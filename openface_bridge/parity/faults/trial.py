"""Faults put to the test: planted one at a time, each must be reported as a bug, where it is.

Where a backend does a fault's part of a fit in code of its own, its candidate does that part as the
definition does, see :mod:`openface_bridge.parity.mixed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from openface_bridge.faces.record import FaceRecord
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.mixed import MixedFaces
from openface_bridge.parity.faces.run import compare_face
from openface_bridge.parity.faces.verdicts import FaceVerdict
from openface_bridge.parity.faults.fault import Fault, planted
from openface_bridge.parity.kept import Kept
from openface_bridge.parity.mixed import MixedModels, Part
from openface_bridge.parity.models import Models
from openface_bridge.parity.run import Comparison, compare_fit
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.verdicts import Verdict
from openface_bridge.reference import Case

__all__ = [
    "FaceTrials",
    "FitTrial",
    "Trial",
    "face_trials",
    "parts_left",
    "sound_faces",
    "sound_trial",
    "trials",
]

MakeModels = Callable[[], Models]


@dataclass(frozen=True)
class FitTrial:
    """What one fit, or whole face, showed of a fault.

    Attributes
    ----------
    case : Case
    verdict : Verdict or FaceVerdict
    max_px : float
        The worst landmark's error, running freely.
    """

    case: Case
    verdict: Verdict | FaceVerdict
    max_px: float

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if isinstance(self.verdict, FaceVerdict):
            return self.verdict.sentence
        return verdict_sentence(self.verdict)

    @property
    def is_bug(self) -> bool:
        """Whether the verdict is a bug."""
        return self.verdict.kind == "bug"


@dataclass(frozen=True)
class Trial:
    """What all fits showed of a fault.

    Attributes
    ----------
    fault : Fault or None
        None for the sound candidate.
    fits : tuple of FitTrial
    left : Part or None
        What of the backend was left to the definition, if anything was.
    """

    fault: Fault | None
    fits: tuple[FitTrial, ...]
    left: Part | None = None

    @property
    def bugs(self) -> list[FitTrial]:
        """The fits with a bug, in their order."""
        return [fit for fit in self.fits if fit.is_bug]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that were named, in the order of the fits, each once."""
        named = (fit.verdict.stage for fit in self.bugs)
        return tuple(dict.fromkeys(stage for stage in named if stage is not None))

    @property
    def first(self) -> FitTrial | None:
        """The first fit with a bug."""
        return self.bugs[0] if self.bugs else None

    @property
    def max_px(self) -> float:
        """The worst landmark of all fits."""
        return max(fit.max_px for fit in self.fits)

    @property
    def passed(self) -> bool:
        """Whether a fault was called a bug where it is and nowhere else; of none, nothing was."""
        if self.fault is None:
            return not self.bugs
        return bool(self.bugs) and set(self.stages) <= set(self.fault.stages)


def parts_left(faults: Iterable[Fault], backend: str) -> tuple[Part, ...]:
    """Return what a backend leaves to the definition for some of the faults, each once."""
    left = (fault.part_left_by(backend) for fault in faults)
    return tuple(dict.fromkeys(part for part in left if part is not None))


def trials(
    faults: tuple[Fault, ...],
    reference: Kept,
    models: Models,
    make_models: MakeModels,
    pictures: Path,
) -> Iterator[Trial]:
    """Plant one fault after the other.

    Parameters
    ----------
    faults : tuple of Fault
    reference : Kept
        Completed while the candidate was sound.
    models : Models
        The sound candidate's.
    make_models : callable
        Loads them anew, for faults in what is loaded.
    pictures : Path

    Yields
    ------
    Trial
    """
    for fault in faults:
        left = fault.part_left_by(models.name)
        with planted(fault):
            candidate = make_models() if fault.in_preparation else models
            fits = _fits(reference, candidate, pictures, left)
        yield Trial(fault, fits, left)


def sound_trial(reference: Kept, models: Models, pictures: Path, left: Part | None = None) -> Trial:
    """Compare the sound candidate, or one with a part left to the definition: it has no bug."""
    return Trial(None, _fits(reference, models, pictures, left), left)


def _fits(
    reference: Kept, models: Models, pictures: Path, left: Part | None
) -> tuple[FitTrial, ...]:
    """Compare all fits with the candidate as it is now."""
    candidate = models if left is None else MixedModels(models, left)
    compared = (compare_fit(reference, case, candidate, pictures) for case in reference.cases())
    return tuple(_fit_trial(comparison) for comparison in compared)


@dataclass(frozen=True)
class FaceTrials:
    """What faults beyond a single fit are tried on.

    Attributes
    ----------
    records : mapping of Case to FaceRecord
        Made or read while the candidate was sound.
    candidate : FaceCandidate
    pictures : Path
    """

    records: Mapping[Case, FaceRecord]
    candidate: FaceCandidate
    pictures: Path

    def fits(self, left: Part | None = None) -> tuple[FitTrial, ...]:
        """Compare all faces with the candidate as it is now, a part left to the definition."""
        candidate = self.candidate if left is None else MixedFaces(self.candidate)
        found = (
            compare_face(record, case, candidate, self.pictures)
            for case, record in self.records.items()
        )
        return tuple(FitTrial(each.case, each.verdict, each.max_px) for each in found)


def face_trials(faults: tuple[Fault, ...], faces: FaceTrials) -> Iterator[Trial]:
    """Plant one fault beyond a single fit after the other, see :func:`trials`."""
    for fault in faults:
        left = fault.part_left_by(faces.candidate.name)
        with planted(fault):
            yield Trial(fault, faces.fits(left), left)


def sound_faces(faces: FaceTrials, left: Part | None = None) -> Trial:
    """Compare the sound candidate's faces: they must have no bug, see :func:`sound_trial`."""
    return Trial(None, faces.fits(left), left)


def _fit_trial(comparison: Comparison) -> FitTrial:
    """Keep what a trial is about, and none of the arrays."""
    return FitTrial(comparison.case, comparison.verdict, comparison.free_run.max_px)
