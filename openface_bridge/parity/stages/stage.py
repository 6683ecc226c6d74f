"""What a row of the table of stages says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.place import Moment, Per
from openface_bridge.parity.teacher import Teacher

__all__ = ["EPS", "Array", "Axis", "Output", "Stage"]

Array = npt.NDArray[Any]
Axis = Literal["landmarks", "coordinates", "parameters", "modes", "none"]
"""What an array's first axis counts: coordinates are x of all landmarks, then y; parameters the six
global ones, then modes."""

EPS = float(np.finfo(np.float32).eps)
"""One unit in the last place of 1 in float32."""


@dataclass(frozen=True)
class Output:
    """One entry that a stage writes, and how closely it must be met.

    Attributes
    ----------
    entry : str
        Its name in the trace, without the prefix of scale and iteration.
    ulps : float
        The largest difference that rounding explains, in units in the last place: float32's
        epsilon times `size`. 0 for what must be the same.
    of : str
        What `size` is, in words.
    reason : str
        Why that much.
    size : callable
        Gives the magnitude whose last place counts, broadcast against the entry.
    axis : {"landmarks", "coordinates", "parameters", "modes", "none"}
    excuse : callable or None
        Tells where an input lies within rounding of a discontinuity, broadcast against the entry:
        a difference there is a branch.
    counts : callable or None
        Tells which elements count, broadcast against the entry; all if None.
    promise : callable or None
        How many last places a candidate says that its precision takes, where it may say so.
    """

    entry: str
    ulps: float
    of: str
    reason: str
    size: Callable[[Teacher, Moment], Array | float]
    axis: Axis = "none"
    excuse: Callable[[Teacher, Moment], Array] | None = None
    counts: Callable[[Teacher, Moment], Array] | None = None
    promise: Callable[[Teacher], float] | None = None

    def bound(self, teacher: Teacher) -> float:
        """Return the largest difference that is none of a candidate's, in the unit of `ulps`."""
        return self.ulps if self.promise is None else max(self.ulps, self.promise(teacher))


@dataclass(frozen=True)
class Stage:
    """A row of the table.

    Attributes
    ----------
    name : str
    function : str
        The function of pyclnf that performs it.
    per : {"start", "scale", "iteration", "end"}
    takes : tuple of str
        Entries that it needs, and ``picture``.
    outputs : tuple of Output
        What it writes.
    perform : callable
        The candidate's outputs on the reference's inputs, by entry; what is missing does not occur
        at this moment.
    schedule : tuple of str
        Settings of the scale that it uses; they must be the reference's.
    branches : tuple of str
        The discontinuities that can excuse it, see :mod:`~openface_bridge.parity.decisions`.
    """

    name: str
    function: str
    per: Per
    takes: tuple[str, ...]
    outputs: tuple[Output, ...]
    perform: Callable[[Teacher, Moment], Mapping[str, Array]]
    schedule: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """Names of the entries that it writes."""
        return tuple(output.entry for output in self.outputs)
