"""Results of a parity run, as the gate needs them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openface_bridge.faces.reference import SEQUENCE, WHOLE
from openface_bridge.gate.toml import GateFileError, read_text
from openface_bridge.parity.refused import ERROR
from openface_bridge.parity.summary import REPORT_VERSION

__all__ = ["FitKey", "FitResult", "Results", "Wrong", "read_results", "results_of"]


@dataclass(frozen=True, order=True)
class FitKey:
    """Which fit of which candidate."""

    backend: str
    face: str
    setting: str

    @property
    def of_face(self) -> bool:
        """Whether it is of a whole face or a sequence, not of a fit."""
        return self.setting in (WHOLE, SEQUENCE)

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.face}, {self.setting}, {self.backend}"


@dataclass(frozen=True)
class Wrong:
    """A stage that is a bug.

    Attributes
    ----------
    stage, sentence : str
    error : float
        Its largest difference that nothing explains, in the entry's own unit.
    """

    stage: str
    sentence: str
    error: float


@dataclass(frozen=True)
class FitResult:
    """One fit's results; or a whole face's, whose setting is ``whole`` or ``sequence``.

    Attributes
    ----------
    key : FitKey
    passed : bool
        Without regard to thresholds and known divergences.
    kind, sentence : str
        The verdict, and what it says; kind ``error`` is of one that could not be compared.
    wrong : tuple of Wrong
        Every stage that is a bug, the verdict's first.
    errors : tuple of float
        Of each landmark, px; infinite where it is lost. Empty if it could not be compared.
    floors : tuple of float, or None
        Of each landmark, px; None if unknown.
    limit_px : float
        What the noise floor allows every landmark.
    """

    key: FitKey
    passed: bool
    kind: str
    sentence: str
    wrong: tuple[Wrong, ...]
    errors: tuple[float, ...]
    floors: tuple[float, ...] | None
    limit_px: float

    @property
    def of_face(self) -> bool:
        """Whether it is of a whole face or a sequence, not of a fit."""
        return self.key.of_face

    @property
    def compared(self) -> bool:
        """Whether it could be compared."""
        return self.kind != ERROR

    @property
    def max_px(self) -> float:
        """The worst landmark's error; infinite if it could not be compared."""
        return max(self.errors, default=math.inf)


@dataclass(frozen=True)
class Results:
    """A run's results.

    Attributes
    ----------
    backend, reference : str
    fits : tuple of FitResult
    source : str
        Where they come from, for messages.
    with_faces : bool
        Whether whole faces were to be compared; if not, nothing is expected of them.
    """

    backend: str
    reference: str
    fits: tuple[FitResult, ...]
    source: str
    with_faces: bool = True

    def expects(self, key: FitKey) -> bool:
        """Tell whether a fit belongs to the run, if it is one of its backends."""
        return self.with_faces or not key.of_face


def read_results(path: Path) -> Results:
    """Read what ``parity --json`` wrote.

    Raises
    ------
    GateFileError
        If it is missing, damaged, or of another version.
    """
    try:
        data = json.loads(read_text(path), parse_constant=_refuse)
    except ValueError as error:
        if isinstance(error, GateFileError):
            raise
        raise GateFileError(f"{path}: is no JSON: {error}") from error
    return results_of(data, str(path))


def _refuse(constant: str) -> None:
    """Raise a ValueError for NaN and infinities, which Python alone takes for JSON."""
    raise ValueError(f"{constant} is no number of JSON's")


def results_of(data: Any, source: str = "results") -> Results:
    """Return a run's results from its data, see :func:`openface_bridge.parity.summary.run_summary`.

    Raises
    ------
    GateFileError
        If something is missing, or of another kind than expected.
    """
    version = data.get("report_version") if isinstance(data, dict) else None
    if version != REPORT_VERSION:
        raise GateFileError(
            f"{source}: is no parity run of version {REPORT_VERSION}, but {version!r}; make it "
            f"anew: python -m openface_bridge parity --json"
        )
    try:
        faces = data.get("faces")
        fits = tuple(_fit(fit) for fit in (*data["fits"], *(faces or ())))
        told = str(data["backend"]), str(data["reference"])
        found = Results(*told, fits, source, with_faces=faces is not None)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise GateFileError(
            f"{source}: lacks what a parity run has ({type(error).__name__}: {error}); make it anew"
        ) from error
    _check(found)
    return found


def _check(results: Results) -> None:
    """Raise a GateFileError unless fits are there once each, and their arrays fit each other."""
    keys = [fit.key for fit in results.fits]
    for fit in results.fits:
        if keys.count(fit.key) > 1:
            raise GateFileError(f"{results.source}: holds the fit {fit.key} more than once")
        lost = fit.compared and not fit.errors
        if lost or (fit.floors is not None and len(fit.floors) != len(fit.errors)):
            raise GateFileError(f"{results.source}: {fit.key}: errors and floors do not match")


def _fit(fit: Mapping[str, Any]) -> FitResult:
    """Return one fit's results."""
    verdict = fit["verdict"]
    key = FitKey(str(fit["backend"]), str(fit["face"]), str(fit["setting"]))
    if verdict["kind"] == ERROR:
        return FitResult(key, False, ERROR, str(verdict["sentence"]), (), (), None, 0.0)
    floors = fit["floor"]["landmarks_px"]
    return FitResult(
        key=key,
        passed=bool(fit["passed"]),
        kind=str(verdict["kind"]),
        sentence=str(verdict["sentence"]),
        wrong=_wrong(verdict, fit["stages"]),
        errors=_numbers(fit["free_run"]["errors_px"]),
        floors=None if floors is None else _numbers(floors),
        limit_px=float(fit["floor"]["limit_px"]),
    )


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    """Return numbers; what JSON cannot say is infinite."""
    return tuple(_number(value) for value in values)


def _number(value: Any) -> float:
    return math.inf if value is None else float(value)


def _wrong(verdict: Mapping[str, Any], stages: Mapping[str, Any]) -> tuple[Wrong, ...]:
    """Return the stages that are bugs, that of the verdict first."""
    if verdict["kind"] != "bug":
        return ()
    named = str(verdict["stage"])
    found = {
        name: Wrong(name, f"The {name} fails as well.", _error(stage["forced"]))
        for name, stage in stages.items()
        if not stage["forced"]["passed"]
    }
    decisive = verdict["finding"] or verdict["branch"]
    error = _number(decisive.get("apart", decisive.get("margin")))
    known = found.pop(named, None)
    largest = error if known is None else max(error, known.error)
    return (Wrong(named, str(verdict["sentence"]), largest), *found.values())


def _error(forced: Mapping[str, Any]) -> float:
    """Return the larger one of a stage's first and worst difference over its bound."""
    findings = [forced[name] for name in ("first_over", "worst") if forced[name] is not None]
    return max((_number(finding["apart"]) for finding in findings), default=math.inf)
