"""What the fixture ``parity`` is: one recorded fit, to hold any port to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy.typing as npt

from openface_bridge.fixtures import Embedded, FixtureError, embedded
from openface_bridge.gate.outputs import write_outputs
from openface_bridge.manifests import split_models
from openface_bridge.parity.audit import audit
from openface_bridge.parity.candidate import Candidate
from openface_bridge.parity.models import Models
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.summary import fit_summary, run_summary
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case, Reference
from openface_bridge.starts import Start
from openface_bridge.trace import TraceError
from pyclnf.settings import FitSettings

__all__ = ["Fits", "Parity"]

_SOUND = "numpy"
_GIVEN = "its own inputs"


@dataclass(frozen=True)
class Fits:
    """Recorded fits, the sound code to audit with, and what was found.

    Attributes
    ----------
    reference : Reference
    models : Models
    pictures : Path
    asked : set of Case
        Fits that a test had.
    summaries : list
        Of the fits that were checked.
    """

    reference: Reference
    models: Models
    pictures: Path
    asked: set[Case] = field(default_factory=set)
    summaries: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def found(cls, traces: str | None, images: str | None, model: Sequence[str]) -> Fits:
        """Return the fits that options name; without any, those embedded in a clone.

        Raises
        ------
        ValueError
            If some options are missing, there are no fits, or two models for one setting.
        """
        given = {"--parity-traces": traces, "--parity-images": images, "--parity-model": model}
        if not any(given.values()):
            fixtures = _embedded()
            return cls(
                Recorded(fixtures.recordings), Models(_SOUND, fixtures.model, {}), fixtures.pictures
            )
        missing = [option for option, value in given.items() if not value]
        if missing:
            raise TraceError(f"{' and '.join(missing)} must be given as well")
        models = Models(_SOUND, *split_models(model))
        return cls(Recorded(Path(str(traces))), models, Path(str(images)))

    @cached_property
    def cases(self) -> Sequence[Case]:
        """The fits there are."""
        return self.reference.cases()

    def write(self, path: Path) -> None:
        """Write what was found, as ``parity --json`` does."""
        backends = sorted({str(fit["backend"]) for fit in self.summaries})
        run = run_summary(
            self.summaries,
            backend=", ".join(backends) or "none",
            reference=self.reference.description,
        )
        text = json.dumps(run, indent=1) + "\n"
        write_outputs({path: lambda partial: _write(partial, text)})


def _embedded() -> Embedded:
    """Return the embedded fits, or raise a FixtureError that says what else there is."""
    try:
        return embedded()
    except FixtureError as error:
        named = "--parity-traces DIR, --parity-images DIR and --parity-model MAIN.txt"
        raise FixtureError(f"{error}; or give {named}") from error


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


class Parity:
    """One recorded fit of OpenFace.

    Parameters
    ----------
    fits : Fits
    case : Case

    Attributes
    ----------
    case : Case
        Its face and setting.
    """

    def __init__(self, fits: Fits, case: Case) -> None:
        self.case = case
        self._fits = fits

    @property
    def image(self) -> npt.NDArray[Any]:
        """The picture, (H, W, 3) blue, green, red."""
        return read_picture(find_picture(self._fits.pictures, self.case.face))

    @property
    def bbox(self) -> tuple[float, ...]:
        """The box that the fit starts from: x, y, width, height, px."""
        return tuple(float(each) for each in self._start.box)

    @property
    def rotation(self) -> tuple[float, float, float]:
        """The head pose that it starts from: Euler angles, radians."""
        return self._start.angles

    @property
    def settings(self) -> FitSettings:
        """What it is fitted with."""
        return FitSettings.named(self.case.setting)

    @property
    def model(self) -> Path:
        """The manifest of the model that it is fitted with."""
        return self._fits.models.manifest(self.case.setting)

    def compare(self, candidate: Candidate, name: str | None = None) -> Comparison:
        """Let a candidate fit the face, and audit it; raises as :func:`audit` does."""
        fits = self._fits
        found = audit(candidate, fits.reference, self.case, fits.models, fits.pictures, name)
        fits.summaries.append(fit_summary(found, _GIVEN))
        return found

    def check(self, candidate: Candidate, name: str | None = None) -> Comparison:
        """Compare, and fail unless the candidate has no bug and its landmarks are close enough.

        Raises
        ------
        AssertionError
            With the verdict in a sentence.
        """
        __tracebackhide__ = True
        found = self.compare(candidate, name)
        if not found.passed:
            raise AssertionError(_complaint(found))
        return found

    @property
    def _start(self) -> Start:
        return Start.of(self._fits.reference.trace(self.case))


def _complaint(found: Comparison) -> str:
    """Say why a fit fails."""
    sentence = verdict_sentence(found.verdict, _GIVEN)
    if not found.within_floor:
        landmark, px = int(found.free_run.errors.argmax()), found.free_run.max_px
        sentence += (
            f" Its worst landmark, {landmark}, ends {px:.4g} px off; the noise floor allows "
            f"{found.floor.limit_px:.4g} px."
        )
    return f"{found.run.backend}, {found.case.face}, {found.case.setting}: {sentence}"
