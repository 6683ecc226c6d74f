"""Why a fit fails: bugs, the limit that the noise floor sets, thresholds, or no comparison."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openface_bridge.gate.results import FitResult
from openface_bridge.gate.thresholds import Limit, Reach, reach
from openface_bridge.gate.toml import GateFileError
from openface_bridge.parity.refused import ERROR

__all__ = ["Failure", "failures"]


@dataclass(frozen=True)
class Failure:
    """One reason.

    Attributes
    ----------
    kind : str
        ``bug``, ``limit`` or ``threshold``; ``error`` of what could not be compared.
    sentence : str
    stage : str or None
        Of a bug.
    error : float
        Of a bug, in the unit of what the stage gives; of landmarks, the worst one's, px.
    landmarks : mapping of int to float
        Those that are beyond, with their errors, px.
    """

    kind: str
    sentence: str
    stage: str | None
    error: float
    landmarks: Mapping[int, float]


def failures(fit: FitResult, limits: Mapping[str, Limit]) -> list[Failure]:
    """Return all reasons for which a fit fails; none if it passes.

    Raises
    ------
    GateFileError
        If there are limits for regions that the fit's model does not have.
    """
    if not fit.compared:
        return [Failure(ERROR, fit.sentence, None, math.inf, {})]
    found = [Failure("bug", each.sentence, each.stage, each.error, {}) for each in fit.wrong]
    beyond = _beyond(fit, range(len(fit.errors)), fit.limit_px)
    if beyond:
        found.append(_of_landmarks("limit", beyond, f"the limit of {fit.limit_px:.4g} px"))
    for region, limit in limits.items():
        found += _of_region(fit, region, limit, _reach(fit, region))
    if not found and not fit.passed:
        found.append(Failure("limit", fit.sentence, None, math.inf, {}))
    return found


def _reach(fit: FitResult, region: str) -> Reach:
    """Return how far a region is off, if the fit's model has it."""
    try:
        return reach(fit, region)
    except ValueError as error:
        raise GateFileError(f"thresholds of {fit.key}: {error}") from error


def _of_region(fit: FitResult, region: str, limit: Limit, found: Reach) -> Iterator[Failure]:
    """Yield how a region is beyond its thresholds."""
    beyond = _beyond(fit, found.landmarks, limit.px)
    if beyond:
        yield _of_landmarks("threshold", beyond, f"the threshold of {region}, {limit.px:g} px")
    if limit.floors is None:
        return
    if fit.floors is None:
        lost = dict.fromkeys(found.landmarks, math.inf)
        sentence = f"There is no noise floor to compare {region} with: the run has lost it."
        yield Failure("threshold", sentence, None, math.inf, lost)
        return
    beyond = _beyond(fit, found.landmarks, limit.floors * found.floor) if found.floor > 0 else {}
    if beyond:
        allowed = f"{limit.floors:g} times the noise floor of {region}, {found.floor:.3g} px"
        yield _of_landmarks("threshold", beyond, allowed)


def _beyond(fit: FitResult, among: range, allowed_px: float) -> dict[int, float]:
    """Return landmarks whose errors are larger than allowed."""
    return {index: fit.errors[index] for index in among if not fit.errors[index] <= allowed_px}


def _of_landmarks(kind: str, beyond: Mapping[int, float], allowed: str) -> Failure:
    """Return a failure of landmarks."""
    worst = max(beyond, key=lambda index: beyond[index])
    others = len(beyond) - 1
    more = f"; so {'are' if others > 1 else 'is'} {others} more" if others else ""
    sentence = f"Landmark {worst} is {beyond[worst]:.4g} px off, beyond {allowed}{more}."
    return Failure(kind, sentence, None, beyond[worst], dict(beyond))
