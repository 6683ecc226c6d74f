"""One comparison: what was found, what was wanted, and how far apart rounding can bring them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.faces.place import FacePlace

__all__ = ["EPS", "Check", "FaceFinding", "Tie", "same"]

Array = npt.NDArray[Any]
Axis = Literal["none", "boxes", "landmarks", "parameters"]

EPS = float(np.finfo(np.float32).eps)
_GLOBAL = ("scale", "rx", "ry", "rz", "tx", "ty")


@dataclass(frozen=True)
class Tie:
    """A discontinuity that an input lies on, but for rounding.

    Attributes
    ----------
    branch : str
        Its name.
    margin : float
        How far the reference was from deciding otherwise.
    slack : float
        How far rounding moves it.
    unit : str
        Of both.
    """

    branch: str
    margin: float
    slack: float
    unit: str

    @property
    def excuses(self) -> bool:
        """Whether rounding can have turned the decision."""
        return self.margin <= self.slack


@dataclass(frozen=True)
class FaceFinding:
    """One measured difference.

    Attributes
    ----------
    entry : str
    place : FacePlace
    found, wanted : float
        Both engines' values there.
    apart, limit : float
        How far apart they are, and how far rounding can bring them; infinite where one is not
        finite, or the number of values differs.
    """

    entry: str
    place: FacePlace
    found: float
    wanted: float
    apart: float
    limit: float

    @property
    def ratio(self) -> float:
        """The difference in parts of its limit."""
        if self.limit > 0:
            return self.apart / self.limit
        return 0.0 if self.apart == 0 else float("inf")


@dataclass(frozen=True, eq=False)
class Check:
    """What a stage of the candidate gave, beside what the reference did.

    Attributes
    ----------
    entry : str
        What it is, as the stage's row names it.
    place : FacePlace
    found, wanted : ndarray
    limit : ndarray or float
        Of the absolute difference; broadcast.
    tie : Tie or None
        The discontinuity that may be in the way.
    axis : str
        What the first axis counts.
    leads : bool
        Whether what follows depends on it: a free run that decides otherwise is another run.
    """

    entry: str
    place: FacePlace
    found: Array
    wanted: Array
    limit: Array | float
    tie: Tie | None = None
    axis: Axis = "none"
    leads: bool = False

    @property
    def equal(self) -> bool:
        """Whether all values are the same."""
        return self.found.shape == self.wanted.shape and not self._apart().any()

    @property
    def over(self) -> bool:
        """Whether a difference is beyond its limit."""
        worst = self.worst
        return worst.apart > worst.limit

    @property
    def excused(self) -> bool:
        """Whether a difference beyond its limit lies on a discontinuity."""
        return self.over and self.tie is not None and self.tie.excuses

    @property
    def worst(self) -> FaceFinding:
        """The difference that is largest in parts of its limit."""
        if self.found.shape != self.wanted.shape:
            found, wanted = (float(len(np.atleast_1d(each))) for each in (self.found, self.wanted))
            return FaceFinding(self.entry, self.place, found, wanted, float("inf"), 0.0)
        apart = self._apart()
        limit = np.broadcast_to(np.asarray(self.limit, np.float64), apart.shape)
        if not apart.size:
            return FaceFinding(self.entry, self.place, 0.0, 0.0, 0.0, 0.0)
        ratio = np.where(apart > 0, np.inf, 0.0)
        np.divide(apart, limit, out=ratio, where=limit > 0)
        at = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
        found, wanted, off, allowed = (
            float(each[at]) for each in (self.found, self.wanted, apart, limit)
        )
        return FaceFinding(self.entry, self._narrowed(at), found, wanted, off, allowed)

    def _apart(self) -> Array:
        """Return absolute differences; infinite where only one is finite."""
        found, wanted = self.found.astype(np.float64), self.wanted.astype(np.float64)
        with np.errstate(invalid="ignore"):
            apart = np.abs(found - wanted)
        alike = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
        return np.asarray(np.where(alike, 0.0, np.where(np.isfinite(apart), apart, np.inf)))

    def _narrowed(self, at: tuple[Any, ...]) -> FacePlace:
        """Name the box, landmark or parameter of an element."""
        if self.axis == "none" or not at:
            return self.place
        first = int(at[0])
        if self.axis == "boxes":
            return self.place.at(box=first)
        if self.axis == "landmarks":
            return self.place.at(landmark=first)
        return self.place.at(
            parameter=_GLOBAL[first] if first < len(_GLOBAL) else f"mode {first - len(_GLOBAL)}"
        )


def same(
    entry: str,
    place: FacePlace,
    found: float | bool,
    wanted: float,
    tie: Tie | None = None,
    *,
    leads: bool = False,
) -> Check:
    """Compare a choice, which must be the same."""
    values = (np.array(float(found)), np.array(float(wanted)))
    return Check(entry, place, *values, 0.0, tie, leads=leads)
