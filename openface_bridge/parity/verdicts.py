"""What a comparison means: exactly one of equal, rounding, branch and bug."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from openface_bridge.parity.branches import Branch
from openface_bridge.parity.comparison import Order, StageComparison
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.place import Place

__all__ = ["Kind", "Verdict", "judge"]

Kind = Literal["equal", "rounding", "branch", "bug"]


@dataclass(frozen=True)
class Verdict:
    """A verdict on one fit.

    Attributes
    ----------
    kind : {"equal", "rounding", "branch", "bug"}
    stage : str or None
        Where a bug is, or where the engines branch or differ first.
    place : Place or None
    finding : Finding or None
        The difference that decided; None for equal, and for a branch of the free runs.
    branch : Branch or None
        The decision that differs.
    instead : str or None
        The stage before it, if a bug may as well be there: nothing was recorded of what it gave.
    """

    kind: Kind
    stage: str | None = None
    place: Place | None = None
    finding: Finding | None = None
    branch: Branch | None = None
    instead: str | None = None

    @property
    def blamed(self) -> str | None:
        """The stage, and that where the bug may be instead, in words."""
        return self.stage if self.instead is None else f"{self.stage} or {self.instead}"


def judge(
    forced: Sequence[StageComparison],
    free: Sequence[StageComparison],
    branch: Branch | None,
    limit_px: float,
) -> Verdict:
    """Judge one fit.

    Parameters
    ----------
    forced : sequence of StageComparison
        Teacher forced, and what the fit hands on from stage to stage. A stage over its bound here
        is wrong: it had the reference's own inputs.
    free : sequence of StageComparison
        Free run. Differences here accumulate; they are a branch if a decision differs that the
        inputs' difference excuses, and else the rounding that went in, amplified.
    branch : Branch or None
        The first decision that the free runs took differently. One that nothing excuses is a bug:
        the engines do not decide alike.
    limit_px : float
        What the reference's own scatter allows landmarks to differ by.
    """
    wrong = _first([(each, each.over) for each in forced])
    if wrong is not None:
        return _verdict("bug", *wrong)
    if branch is not None and not branch.excused(limit_px):
        return Verdict("bug", branch.stage, branch.place, branch=branch)
    if branch is not None:
        return Verdict("branch", branch.stage, branch.place, branch=branch)
    tied = _first([(each, each.excused) for each in forced])
    if tied is not None:
        return _verdict("branch", *tied)
    # Where free runs are equal, each stage was given equal inputs.
    unequal = _first([(each, each.unequal) for each in free])
    return Verdict("equal") if unequal is None else _verdict("rounding", *unequal)


def _verdict(kind: Kind, comparison: StageComparison, finding: Finding) -> Verdict:
    """Return a verdict by a finding."""
    return Verdict(kind, comparison.stage.name, finding.place, finding)


def _first(
    candidates: list[tuple[StageComparison, tuple[Order, Finding] | None]],
) -> tuple[StageComparison, Finding] | None:
    """Return the first finding in the order of execution."""
    found = [(pair[0], comparison, pair[1]) for comparison, pair in candidates if pair is not None]
    if not found:
        return None
    _, comparison, finding = min(found, key=lambda each: each[0])
    return comparison, finding
