"""How far two arrays are apart, in units in the last place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from openface_bridge.parity.place import Moment, Place
from openface_bridge.parity.stages.stage import EPS, Array, Axis, Output
from openface_bridge.parity.teacher import Teacher

__all__ = ["Finding", "Measured", "expected", "measure", "same"]

_GLOBAL = ("scale", "rx", "ry", "rz", "tx", "ty")
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Finding:
    """One measured difference.

    Attributes
    ----------
    entry : str
        Its full name in the trace.
    place : Place
    apart : float
        Absolute difference, in the entry's own unit; infinite where one is not finite.
    ulps : float
        The same in units in the last place of what the stage's row names; for what must be the
        same, equal to `apart`.
    bound : float
        How many of them rounding explains.
    """

    entry: str
    place: Place
    apart: float
    ulps: float
    bound: float

    @property
    def ratio(self) -> float:
        """The difference in parts of its bound; infinite for any where none is allowed."""
        if self.bound > 0:
            return self.ulps / self.bound
        return 0.0 if self.ulps == 0 else float("inf")


@dataclass(frozen=True)
class Measured:
    """What comparing one output found.

    Attributes
    ----------
    worst : Finding
        The difference that is largest in parts of its bound.
    over : Finding or None
        The largest one over its bound that nothing excuses.
    excused : Finding or None
        The largest one over its bound at a discontinuity.
    equal : bool
        Whether all bits agree; of an update that was only inferred, whether it is within bounds.
    """

    worst: Finding
    over: Finding | None
    excused: Finding | None
    equal: bool


def expected(teacher: Teacher, moment: Moment, output: Output) -> Array | None:
    """Return what was recorded of an output; None if nothing was."""
    if output.entry == "goes_on":
        return np.array(int(_goes_on(teacher, moment)))
    if output.entry == "change":
        assert moment.step is not None
        return teacher.expected_change(moment.step)
    return teacher.trace.entries.get(moment.name(output.entry))


def _goes_on(teacher: Teacher, moment: Moment) -> bool:
    """Tell whether another iteration of the phase was executed."""
    step = moment.step
    assert step is not None
    return teacher.goes_on(step)


# Recordings may hold what is not finite: the reference goes on with it.
@np.errstate(invalid="ignore", over="ignore", divide="ignore")
def measure(found: Array, teacher: Teacher, moment: Moment, output: Output) -> Measured | None:
    """Compare an output with what was recorded of it; None if nothing was, or nothing counts."""
    wanted = expected(teacher, moment, output)
    if wanted is None:
        return None
    if found.shape != wanted.shape:
        bound = output.bound(teacher)
        whole = Finding(moment.name(output.entry), moment.place, np.inf, np.inf, bound)
        return Measured(whole, whole, None, equal=False)
    if found.size == 0:
        return None
    apart = np.asarray(_apart(found, wanted))
    if output.counts is not None:
        counts = np.broadcast_to(output.counts(teacher, moment), apart.shape)
        if not counts.any():
            return None
        apart = np.where(counts, apart, 0.0)
    measured = _measured(apart, _ulps(apart, teacher, moment, output), teacher, moment, output)
    derived = output.entry == "change" and moment.name("change") not in teacher.trace
    return replace(measured, equal=measured.over is None) if derived else measured


def same(found: Array, wanted: Array, name: str, place: Place) -> Measured:
    """Compare what must be the same."""
    apart = float(np.max(_apart(found, wanted), initial=0.0))
    finding = Finding(name, place, apart, apart, 0.0)
    return Measured(finding, finding if apart else None, None, equal=apart == 0)


def _apart(found: Array, wanted: Array) -> Array:
    """Return absolute differences; what both engines fail to compute alike is none."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(found.astype(np.float64) - wanted.astype(np.float64))
    alike = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return np.where(alike, 0.0, np.where(np.isfinite(apart), apart, np.inf))


def _ulps(apart: Array, teacher: Teacher, moment: Moment, output: Output) -> Array:
    """Return differences in units in the last place of what counts.

    Where that is not finite it measures nothing, and any difference is infinite.
    """
    if output.ulps == 0:
        return apart
    size = np.abs(np.asarray(output.size(teacher, moment), np.float64))
    ulps = np.where(np.isfinite(size), apart / np.maximum(EPS * size, _TINY), np.inf)
    ulps[np.isinf(apart)] = np.inf
    return np.where(apart > 0, ulps, 0.0)


def _measured(
    apart: Array, ulps: Array, teacher: Teacher, moment: Moment, output: Output
) -> Measured:
    """Reduce differences to the worst ones."""
    bound = output.bound(teacher)
    over = ulps > bound
    worst = _finding(apart, ulps, None, moment, output, bound)
    assert worst is not None
    if not over.any():
        return Measured(worst, None, None, equal=not apart.any())
    ties = np.zeros((), np.bool_)
    if output.excuse is not None:
        ties = output.excuse(teacher, moment)
    tied = np.broadcast_to(ties, over.shape)
    return Measured(
        worst,
        _finding(apart, ulps, over & ~tied, moment, output, bound),
        _finding(apart, ulps, over & tied, moment, output, bound),
        equal=False,
    )


def _finding(
    apart: Array, ulps: Array, among: Array | None, moment: Moment, output: Output, bound: float
) -> Finding | None:
    """Return the largest difference among some; None if there are none."""
    if among is not None and not among.any():
        return None
    shown = ulps if among is None else np.where(among, ulps, -1.0)
    index = np.unravel_index(int(np.argmax(shown)), shown.shape)
    place = _narrowed(moment.place, output.axis, index, shown.shape)
    return Finding(moment.name(output.entry), place, float(apart[index]), float(ulps[index]), bound)


def _narrowed(place: Place, axis: Axis, index: tuple[Any, ...], shape: tuple[int, ...]) -> Place:
    """Name the landmark or parameter of an element."""
    if axis == "none" or not index:
        return place
    first = int(index[0])
    if axis == "landmarks":
        return place.at(landmark=first)
    if axis == "coordinates":
        return place.at(landmark=first % (shape[0] // 2))
    mode = first - len(_GLOBAL) if axis == "parameters" else first
    return place.at(parameter=_GLOBAL[first] if mode < 0 else f"mode {mode}")
