"""The decision: which fits of a run fail, which may, and what is wrong with the gate's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from openface_bridge.gate.divergences import Divergence
from openface_bridge.gate.failures import Failure, failures
from openface_bridge.gate.results import FitKey, FitResult, Results
from openface_bridge.gate.thresholds import Thresholds

__all__ = ["Decision", "FitDecision", "Problem", "decide"]


_LOST = "It has thresholds, but is not in the run."
_OTHERS = "None are for it, only for {known}: nothing would be held to them."
_EMPTY = (
    "There is nothing to judge: let 'parity' compare traces, or pictures with boxes, that are "
    "there, and tests with the fixture parity run."
)
_NEW = "It has no thresholds: 'thresholds --tighten' proposes some."


@dataclass(frozen=True)
class FitDecision:
    """What is decided about a fit.

    Attributes
    ----------
    fit : FitResult
    failures : tuple of Failure
        That nothing excuses.
    known : tuple of (Failure, Divergence)
        That are known.
    """

    fit: FitResult
    failures: tuple[Failure, ...]
    known: tuple[tuple[Failure, Divergence], ...]

    @property
    def status(self) -> Literal["pass", "known", "FAIL"]:
        """In a word."""
        if self.failures:
            return "FAIL"
        return "known" if self.known else "pass"

    @property
    def sentence(self) -> str:
        """Why, in a sentence: the first failure, or the verdict."""
        return self.failures[0].sentence if self.failures else self.fit.sentence


@dataclass(frozen=True)
class Problem:
    """What fails a run besides its fits, or does not (a remark)."""

    title: str
    sentence: str
    fatal: bool = True


@dataclass(frozen=True)
class Decision:
    """What is decided about a run.

    Attributes
    ----------
    backend, reference : str
    fits : tuple of FitDecision
    problems : tuple of Problem
    """

    backend: str
    reference: str
    fits: tuple[FitDecision, ...]
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        """Whether no fit fails, and nothing else is wrong, such as that there are none."""
        fatal = any(problem.fatal for problem in self.problems)
        return not fatal and all(fit.status != "FAIL" for fit in self.fits)


def decide(
    results: Results,
    thresholds: Thresholds | None = None,
    divergences: Sequence[Divergence] = (),
    today: date | None = None,
) -> Decision:
    """Decide about a run.

    Parameters
    ----------
    results : Results
    thresholds : Thresholds, optional
        Fits of the run's backends that have some must be in the run; whole faces, if they were to
        be compared.
    divergences : sequence of Divergence
        Strict: one that has expired, no longer diverges, or whose fit is not in the run is a
        problem. Those of other backends do not count.
    today : date, optional

    Raises
    ------
    GateFileError
        If there are thresholds for regions that a fit's model does not have.
    """
    backends = {fit.key.backend for fit in results.fits} or {results.backend}
    concerned = [
        each for each in divergences if each.key.backend in backends and results.expects(each.key)
    ]
    day = date.today() if today is None else today
    valid = [each for each in concerned if each.expires >= day]
    limits = thresholds or {}
    fits, used = [], set()
    for fit in results.fits:
        found = failures(fit, limits.get(fit.key, {}))
        fits.append(_fit(fit, found, [each for each in valid if each.key == fit.key]))
        used |= {each.name for each in concerned if _is_needed(each, fit, found)}
    problems = [
        *([] if fits else [Problem("no fit", _EMPTY)]),
        *_missing(results, thresholds, backends),
        *(problem for each in concerned for problem in _stale(each, each.name in used, day)),
    ]
    return Decision(results.backend, results.reference, tuple(fits), tuple(problems))


def _is_needed(divergence: Divergence, fit: FitResult, found: Sequence[Failure]) -> bool:
    """Tell whether an entry covers a failure, or, as far as is known, may still do so."""
    if not fit.compared:
        return divergence.key == fit.key
    return any(_covers(divergence, fit, failure) for failure in found)


def _covers(divergence: Divergence, fit: FitResult, failure: Failure) -> bool:
    """Tell whether a failure is, at least partly, the one that an entry knows."""
    if divergence.key != fit.key:
        return False
    if divergence.stage is not None:
        return divergence.stage == failure.stage
    return not (divergence.landmarks or frozenset()).isdisjoint(failure.landmarks)


def _fit(
    fit: FitResult, found: Sequence[Failure], divergences: Sequence[Divergence]
) -> FitDecision:
    """Set known failures apart from the others."""
    remaining: list[Failure] = []
    known: list[tuple[Failure, Divergence]] = []
    for failure in found:
        covering = [each for each in divergences if _covers(each, fit, failure)]
        left = _left(failure, covering)
        if left is None:
            known.append((failure, covering[0]))
        else:
            remaining.append(left)
    return FitDecision(fit, tuple(remaining), tuple(known))


def _left(failure: Failure, covering: Sequence[Divergence]) -> Failure | None:
    """Return what entries leave of a failure; None if they explain it wholly."""
    if not covering:
        return failure
    allowed = max(each.max_error for each in covering)
    if failure.stage is not None:
        left = failure.error > allowed
    else:
        left = any(
            not any(index in (each.landmarks or ()) and px <= each.max_error for each in covering)
            for index, px in failure.landmarks.items()
        )
    if not left:
        return None
    remark = f"More than what is known: {covering[0].name} up to {allowed:g}."
    return replace(failure, sentence=f"{failure.sentence} {remark}")


def _stale(divergence: Divergence, used: bool, day: date) -> list[Problem]:
    """Return what is wrong with an entry."""
    title = f"known divergence: {divergence.name}"
    if divergence.expires < day:
        sentence = f"It expired on {divergence.expires}: mend it, or decide anew ({{}})."
        return [Problem(title, sentence.format(divergence.reason))]
    if not used:
        return [Problem(title, "It does not diverge any more, or is not in the run: remove it.")]
    return []


def _missing(results: Results, thresholds: Thresholds | None, backends: set[str]) -> list[Problem]:
    """Return fits without thresholds, and thresholds without a fit."""
    if thresholds is None:
        return []
    present = {fit.key for fit in results.fits}
    theirs = {key for key in thresholds if key.backend in backends}
    if thresholds and not theirs:
        known = ", ".join(sorted({key.backend for key in thresholds}))
        asked = ", ".join(sorted(backends))
        return [Problem(f"thresholds: {asked}", _OTHERS.format(known=known), fatal=True)]
    expected = set(filter(results.expects, theirs))
    lost = (_problem(key, _LOST) for key in sorted(expected - present))
    compared = {fit.key for fit in results.fits if fit.compared}
    new = (_problem(key, _NEW, fatal=False) for key in sorted(compared - set(thresholds)))
    return [*lost, *new]


def _problem(key: FitKey, sentence: str, *, fatal: bool = True) -> Problem:
    return Problem(f"thresholds: {key}", sentence, fatal)
