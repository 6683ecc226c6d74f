"""What a comparison of faces means: exactly one of equal, rounding, branch and bug."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from openface_bridge.parity.faces.check import Check, FaceFinding, Tie
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.stages import FaceStage
from openface_bridge.parity.verdicts import Kind

__all__ = ["FaceVerdict", "StageResult", "judge_face"]


_SEVERE: tuple[Kind, ...] = ("bug", "branch")


@dataclass(frozen=True, eq=False)
class StageResult:
    """What comparing one stage of a face found.

    Attributes
    ----------
    stage : FaceStage
    forced, free : tuple of Check
        On the reference's inputs, and running freely.
    """

    stage: FaceStage
    forced: tuple[Check, ...]
    free: tuple[Check, ...]

    @property
    def compared(self) -> int:
        """How many comparisons there are, both ways."""
        return len(self.forced) + len(self.free)

    @property
    def forced_kind(self) -> Kind:
        """The verdict on what the stage gives, given the reference's inputs."""
        return _kind(self.forced, wrong=self.wrong(free=False), tied=self.tied(free=False))

    @property
    def free_kind(self) -> Kind:
        """The verdict on what the candidate's own run gives."""
        return _kind(self.free, wrong=self.wrong(free=True), tied=self.tied(free=True))

    @property
    def leads_elsewhere(self) -> bool:
        """Whether the free run took another way, so that what follows cannot be compared."""
        return any(check.leads and check.excused for check in self.free)

    def wrong(self, *, free: bool) -> Check | None:
        """Return the first difference that nothing explains.

        Where a stage branches on the reference's inputs, its free run is another one.
        """
        if free and self.tied(free=False) is not None:
            return None
        checks = self.free if free else self.forced
        return next((each for each in checks if each.over and not each.excused), None)

    def tied(self, *, free: bool) -> Check | None:
        """Return the first difference at a discontinuity."""
        checks = self.free if free else self.forced
        return next((each for each in checks if each.excused), None)


@dataclass(frozen=True)
class FaceVerdict:
    """A verdict on one face or sequence.

    Attributes
    ----------
    kind : {"equal", "rounding", "branch", "bug"}
    stage : str or None
        Where a bug is, or where the engines branch or differ first.
    place : FacePlace or None
    finding : FaceFinding or None
        The difference that decided; None for equal.
    tie : Tie or None
        Of a branch.
    free : bool
        Whether only the free run shows it.
    compared : tuple of str
        The stages that something was compared of.
    left_out : tuple of str
        Those that it was not.
    """

    kind: Kind
    stage: str | None = None
    place: FacePlace | None = None
    finding: FaceFinding | None = None
    tie: Tie | None = None
    free: bool = False
    compared: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What was found, in a sentence."""
        if self.finding is None:
            return self._equal
        where = f"{self.finding.entry}; {self.place}"
        if self.kind == "bug":
            given = "Running freely" if self.free else "Given the reference's own inputs"
            return (
                f"{given}, the stage {self.stage!r} fails ({where}): {_difference(self.finding)}."
            )
        every = "Every stage that was compared" if self.left_out else "Every stage"
        if self.tie is not None:
            which = "; running freely, the first branch is in" if self.free else ", but for"
            return (
                f"{every} agrees, given the same inputs{which} {self.stage!r} ({where}): "
                f"{self.tie.branch}, {self.tie.margin:.2g} {self.tie.unit} from falling alike, "
                f"where rounding moves it by {self.tie.slack:.2g}."
            )
        return (
            f"{every} agrees, given the same inputs; rounding is first seen in the stage "
            f"{self.stage!r} ({where})."
        )

    @property
    def _equal(self) -> str:
        """Say what is equal: no more than was compared."""
        if not self.left_out:
            return "Equal in every bit of every stage."
        if not self.compared:
            return "Nothing was compared."
        return f"Equal in every bit of what was compared: {', '.join(self.compared)}."


def judge_face(stages: Sequence[StageResult]) -> FaceVerdict:
    """Judge one face: what is wrong on the reference's inputs first, then what runs away freely.

    A record need not hold all stages; the verdict tells of which it does.
    """
    compared = tuple(result.stage.name for result in stages if result.compared)
    left_out = tuple(result.stage.name for result in stages if not result.compared)
    return replace(_judged(stages), compared=compared, left_out=left_out)


def _judged(stages: Sequence[StageResult]) -> FaceVerdict:
    """Judge what was compared."""
    for kind in _SEVERE:
        for free in (False, True):
            for result in stages:
                found = result.wrong(free=free) if kind == "bug" else result.tied(free=free)
                if found is not None:
                    return _verdict(kind, result, found, free=free)
    for result in stages:
        unequal = next((each for each in (*result.forced, *result.free) if not each.equal), None)
        if unequal is not None:
            return _verdict("rounding", result, unequal, free=unequal in result.free)
    return FaceVerdict("equal")


def _kind(checks: Sequence[Check], *, wrong: Check | None, tied: Check | None) -> Kind:
    """Return the verdict on some comparisons."""
    if wrong is not None:
        return "bug"
    if tied is not None:
        return "branch"
    return "equal" if all(check.equal for check in checks) else "rounding"


def _verdict(kind: Kind, result: StageResult, check: Check, *, free: bool) -> FaceVerdict:
    """Return a verdict by a comparison."""
    worst = check.worst
    tie = check.tie if kind == "branch" else None
    return FaceVerdict(kind, result.stage.name, worst.place, worst, tie, free)


def _difference(finding: FaceFinding) -> str:
    """Say how large a difference is."""
    if not math.isfinite(finding.apart):
        return f"{finding.found:g} instead of {finding.wanted:g}"
    if finding.limit == 0:
        return f"it is {finding.found:.6g}, and should be {finding.wanted:.6g}"
    return f"it differs by {finding.apart:.3g}; rounding explains {finding.limit:.2g}"
