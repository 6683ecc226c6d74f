"""Where two free runs decide differently, and whether rounding can have made them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openface_bridge.parity.decisions import DECISIONS, Choice, Decision
from openface_bridge.parity.noise_floor import landmark_errors
from openface_bridge.parity.place import Moment, Place, moments
from openface_bridge.parity.teacher import Teacher
from pyclnf.typing import BoolArray

__all__ = ["Branch", "first_branch"]


@dataclass(frozen=True)
class Branch:
    """A decision that two engines took differently.

    Attributes
    ----------
    decision : str
        See :data:`~openface_bridge.parity.decisions.DECISIONS`.
    stage : str
    place : Place
    margin : float
        How far the reference was from deciding otherwise.
    moved : float
        How far apart the engines' inputs were, rounding within the stage included.
    drift_px : float
        How far the two shapes had drifted apart before the decision.
    unit : str
        Of `margin` and `moved`.
    count : int
        How many decisions of the kind differ at this moment; `margin` and `moved` are those of
        the one that is hardest to excuse.
    """

    decision: str
    stage: str
    place: Place
    margin: float
    moved: float
    drift_px: float
    unit: str
    count: int

    def excused(self, limit_px: float) -> bool:
        """Tell whether rounding can have made the difference.

        It can if the margin lies within what the inputs differ by, and they differ by no more than
        the reference does from itself: `limit_px` is what :class:`NoiseFloor` allows.
        """
        return self.margin <= self.moved and self.drift_px <= limit_px


# What is not finite decides as well, and is nothing that excuses.
@np.errstate(invalid="ignore", over="ignore")
def first_branch(reference: Teacher, candidate: Teacher) -> Branch | None:
    """Return the first decision that differs in two free runs; None if all are alike.

    Parameters
    ----------
    reference, candidate : Teacher
        Of the two traces.
    """
    there = set(_occasions(candidate))
    for moment, decision in _occasions(reference):
        if (moment, decision) in there:
            branch = _branch(decision, moment, reference, candidate)
            if branch is not None:
                return branch
    return None


def _occasions(teacher: Teacher) -> list[tuple[Moment, Decision]]:
    """Return all moments of all decisions, in the order of execution."""
    found = [
        (moment, decision)
        for decision in DECISIONS
        for moment in moments(teacher.trace, decision.per)
    ]
    return sorted(found, key=lambda pair: _order(*pair))


def _order(moment: Moment, decision: Decision) -> tuple[float, ...]:
    """Return a sorting key: the size of a face is looked at when its scale is done."""
    scale, phase, index = moment.order
    phase = 3 if decision.name == "face size" else phase
    return (scale, phase, index, DECISIONS.index(decision))


def _branch(
    decision: Decision, moment: Moment, reference: Teacher, candidate: Teacher
) -> Branch | None:
    """Compare one decision; None if it is alike, or was not asked of both."""
    ours, theirs = decision.choose(candidate, moment), decision.choose(reference, moment)
    if ours is None or theirs is None or ours.values.shape != theirs.values.shape:
        return None
    differing = ours.values != theirs.values
    if not differing.any():
        return None
    margin, moved = _hardest(ours, theirs, differing)
    count = 1 if decision.name == "view" else int(differing.sum())  # two views, one choice
    drift = _drift(reference, candidate, moment)
    place = moment.place
    return Branch(decision.name, decision.stage, place, margin, moved, drift, decision.unit, count)


def _hardest(ours: Choice, theirs: Choice, differing: BoolArray) -> tuple[float, float]:
    """Return margin and movement of the differing decision that is hardest to excuse."""
    margins = np.where(np.isfinite(theirs.margins), theirs.margins, 0.0)[differing]
    apart = np.abs(ours.inputs - theirs.inputs)
    several = apart.ndim > differing.ndim
    moved = (apart.max(axis=0) if several else apart)[differing] + theirs.slack
    hardest = int(np.argmax(np.nan_to_num(margins - moved, nan=np.inf)))
    return float(margins[hardest]), float(moved[hardest])


def _drift(reference: Teacher, candidate: Teacher, moment: Moment) -> float:
    """Return how far the two shapes have drifted apart when the decision is made, px."""
    name = moment.name("base_shape" if moment.step is None else "shape")
    return float(landmark_errors(candidate.trace[name], reference.trace[name]).max())
