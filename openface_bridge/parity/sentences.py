"""Verdicts in words."""

from __future__ import annotations

import math

from openface_bridge.parity.branches import Branch
from openface_bridge.parity.flow import GIVEN_OTHERS, HANDED_ON, ORDER, OUTCOME, SCHEDULE
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.place import Place
from openface_bridge.parity.stages import stage_named
from openface_bridge.parity.verdicts import Verdict

__all__ = ["REFERENCES_INPUTS", "branch_sentence", "verdict_sentence"]

REFERENCES_INPUTS = "the reference's own inputs"

_PLURALS = ("offsets", "normal equations")
"""Stages that are called so."""

_OF_SETTINGS = {
    "window_size": "window",
    "sigma": "σ",
    "reg_factor": "regularisation factor",
    "weight_factor": "weight factor",
}

_OF_FLOW = {
    HANDED_ON: "The parameters handed on are not those that were returned",
    OUTCOME: "The outcome is not that of the last iteration",
    GIVEN_OTHERS: "In the candidate's own fit, the {stage_does} not follow from what was before it",
    ORDER: "Scales or phases are executed in another order, first one before its turn",
    SCHEDULE: "A phase or a scale that is due does not follow, or one that is not due does",
}


def verdict_sentence(verdict: Verdict, given: str = REFERENCES_INPUTS) -> str:
    """Say what a verdict found, in a sentence; `given` what stages were performed on."""
    if verdict.kind == "equal":
        return "Equal in every bit of every stage."
    if verdict.kind == "bug":
        return _bug(verdict, given)
    if verdict.branch is not None:
        return f"Every stage agrees, given the same inputs; {branch_sentence(verdict.branch)}."
    assert verdict.finding is not None
    if verdict.kind == "branch":
        return (
            f"Every stage agrees, given the same inputs, but for the {verdict.stage} "
            f"({_where(verdict)}), whose input lies on a discontinuity."
        )
    return (
        f"Every stage agrees, given the same inputs; rounding is first seen in the "
        f"{verdict.stage} ({_where(verdict)})."
    )


def branch_sentence(branch: Branch) -> str:
    """Say how two free runs branched."""
    several = f"{branch.count} decisions" if branch.count > 1 else "one decision"
    return (
        f"the free runs branch at {_article(branch.decision)} ({branch.place}): {several} fell "
        f"otherwise, {branch.margin:.2g} {branch.unit} from doing so alike, by inputs "
        f"{branch.moved:.2g} {branch.unit} apart"
    )


def _where(verdict: Verdict) -> str:
    """Name a verdict's place; that of a stage at the end of a fit has no name of its own."""
    assert verdict.stage is not None
    ended = verdict.place == Place() and stage_named(verdict.stage).per == "end"
    return "end of the fit" if ended else str(verdict.place)


def _article(name: str) -> str:
    return f"the {name}"


def _stage(verdict: Verdict, one: str, several: str) -> str:
    """Return a stage's name with the form of a verb that it takes."""
    return f"{verdict.stage} {several if verdict.stage in _PLURALS else one}"


def _bug(verdict: Verdict, given: str) -> str:
    """Say what a bug is."""
    if verdict.finding is not None:
        return _wrong_stage(verdict, verdict.finding, given)
    assert verdict.branch is not None
    return (
        f"The {verdict.stage} decides otherwise than the reference ({verdict.place}): by "
        f"{verdict.branch.margin:.2g} {verdict.branch.unit}, where inputs are only "
        f"{verdict.branch.moved:.2g} {verdict.branch.unit} apart."
    )


def _wrong_stage(verdict: Verdict, finding: Finding, given: str) -> str:
    """Say which stage is wrong, and by how much."""
    entry = finding.entry.rpartition(".")[2]
    if entry in _OF_FLOW:
        off = "" if entry in (ORDER, SCHEDULE) else f", {finding.apart:.3g} off"
        said = _OF_FLOW[entry].format(stage_does=_stage(verdict, "does", "do"))
        return f"{said} ({_where(verdict)}){off}."
    if entry in _OF_SETTINGS:
        return (
            f"The {_stage(verdict, 'uses', 'use')} another {_OF_SETTINGS[entry]} than the "
            f"reference ({_where(verdict)}), {finding.apart:.3g} off."
        )
    is_wrong = f"{_stage(verdict, 'is', 'are')} wrong"
    at = f"({_where(verdict)}): {_difference(finding)}."
    if verdict.instead is not None:
        return f"The {is_wrong}, or the {verdict.instead}, which was not recorded {at}"
    return f"Given {given}, the {is_wrong} {at}"


def _difference(finding: Finding) -> str:
    """Say how large a difference is."""
    if not math.isfinite(finding.apart):
        return "it is not finite, or has another shape"
    if finding.bound == 0:
        return f"it differs by {finding.apart:.3g}, and should not at all"
    explained = finding.apart * finding.bound / finding.ulps
    return f"it differs by {finding.apart:.3g}; rounding explains {explained:.2g}"
