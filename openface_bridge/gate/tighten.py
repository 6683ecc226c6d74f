"""Tighter thresholds from a measured run.

The rule: a threshold is a quarter above what was measured, but at least 0.0001 px (a few units in
the last place of a coordinate), rounded up to two digits; the multiple of the noise floor is that
of this threshold. A fit that is equal in every bit gets 0, and so does a whole face all of whose
landmarks are. Where there is a threshold already, the
tighter one stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from openface_bridge.gate.regions import ALL, REGIONS
from openface_bridge.gate.results import FitResult, Results
from openface_bridge.gate.thresholds import Limit, Thresholds, reach

__all__ = ["Change", "Proposal", "propose"]

_HEADROOM = 1.25
_LEAST_PX = 1e-4
_DIGITS = 2


@dataclass(frozen=True)
class Change:
    """What tightening does to an entry: None is what there was not."""

    entry: str
    before: Limit | None
    after: Limit


@dataclass(frozen=True)
class Proposal:
    """What a run proposes.

    Attributes
    ----------
    thresholds : Thresholds
        All of them, tightened.
    changes : tuple of Change
    refused : tuple of str
        Why nothing may be tightened: fits that fail, or are beyond a threshold, which would have
        to be loosened for them.
    """

    thresholds: Thresholds
    changes: tuple[Change, ...]
    refused: tuple[str, ...]


def propose(results: Results, present: Thresholds) -> Proposal:
    """Propose thresholds that a run's fits pass, none of them looser than the present one."""
    proposed = {key: dict(limits) for key, limits in present.items()}
    changes: list[Change] = []
    refused: list[str] = []
    for fit in results.fits:
        limits = proposed.setdefault(fit.key, {})
        if not fit.passed or not math.isfinite(fit.max_px):
            refused.append(f"{fit.key}: the fit fails; only fits that pass have thresholds")
            continue
        for region in _regions(fit, limits):
            before, measured = limits.get(region), measured_limit(fit, region)
            after = measured if before is None else before.tightened(measured)
            refused += _refusals(fit, region, before)
            if after != before:
                limits[region] = after
                changes.append(Change(f"{fit.key}: {region}", before, after))
    return Proposal(proposed, tuple(changes), tuple(refused))


def measured_limit(fit: FitResult, region: str) -> Limit:
    """Return what the rule makes of a region."""
    if fit.kind == "equal" or (fit.of_face and fit.max_px == 0):
        return Limit(0.0, 0.0)
    found = reach(fit, region)
    px = _rounded_up(max(_HEADROOM * found.px, _LEAST_PX))
    return Limit(px, _rounded_up(px / found.floor) if found.floor > 0 else None)


def _regions(fit: FitResult, limits: dict[str, Limit]) -> Sequence[str]:
    """Return the regions to have thresholds: those named already, or all of the model."""
    whole = tuple(REGIONS) if len(fit.errors) == 68 else (ALL,)
    return tuple(dict.fromkeys((*limits, *whole)))


def _refusals(fit: FitResult, region: str, present: Limit | None) -> list[str]:
    """Say where a present threshold would have to be loosened."""
    if present is None:
        return []
    found = reach(fit, region)
    beyond = []
    if found.px > present.px:
        beyond.append(f"{fit.key}: {region} is {found.px:.2g} px off, beyond {present.px} px")
    if present.floors is not None and (found.floors or 0.0) > present.floors:
        beyond.append(
            f"{fit.key}: {region} is {found.floors:.2g} times its noise floor off, beyond "
            f"{present.floors}"
        )
    return beyond


def _rounded_up(value: float) -> float:
    """Round a positive number up to two digits."""
    exponent = math.floor(math.log10(value)) - _DIGITS + 1
    # Through text: what is written must read back as what was compared.
    return float(f"{math.ceil(value / 10.0**exponent - 1e-9)}e{exponent}")
