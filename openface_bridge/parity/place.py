"""When and where in a fit something happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from openface_bridge.trace import Step, Trace

__all__ = ["Moment", "Per", "Place", "moments"]

Per = Literal["start", "scale", "iteration", "end"]
"""How often a stage happens: once at the start or end of a fit, per scale, or per iteration."""


@dataclass(frozen=True)
class Place:
    """Where in a fit: what does not apply is None.

    Attributes
    ----------
    scale, phase, iteration
        As in the trace's names.
    landmark : int or None
    parameter : str or None
        ``scale``, ``rx``, ``ry``, ``rz``, ``tx``, ``ty``, or ``mode K``.
    """

    scale: int | None = None
    phase: str | None = None
    iteration: int | None = None
    landmark: int | None = None
    parameter: str | None = None

    @classmethod
    def of(cls, step: Step, landmark: int | None = None) -> Place:
        """Return the place of an iteration."""
        return cls(step.scale, step.phase, step.index, landmark)

    def at(self, *, landmark: int | None = None, parameter: str | None = None) -> Place:
        """Return this place, narrowed down to a landmark or a parameter."""
        return replace(self, landmark=landmark, parameter=parameter)

    def __str__(self) -> str:
        """Return it in words."""
        parts = [
            None if self.scale is None else f"scale {self.scale}",
            None if self.phase is None else f"{self.phase} phase",
            None if self.iteration is None else f"iteration {self.iteration}",
            None if self.landmark is None else f"landmark {self.landmark}",
            self.parameter,
        ]
        return ", ".join(part for part in parts if part) or "start of the fit"


@dataclass(frozen=True)
class Moment:
    """One occasion of a stage.

    Attributes
    ----------
    per : {"start", "scale", "iteration", "end"}
    scale : int or None
    step : Step or None
    """

    per: Per
    scale: int | None = None
    step: Step | None = None

    def name(self, entry: str) -> str:
        """Return an entry's full name in the trace."""
        if self.step is not None:
            return f"{self.step.prefix}.{entry}"
        return entry if self.scale is None else f"scale{self.scale}.{entry}"

    @property
    def place(self) -> Place:
        """Where that is."""
        return Place(self.scale) if self.step is None else Place.of(self.step)

    @property
    def order(self) -> tuple[float, int, int]:
        """A sorting key: the order of execution, but for that of the stages within a moment."""
        if self.step is not None:
            return (self.step.scale, 1 + self.step.nonrigid, self.step.index)
        if self.scale is not None:
            return (self.scale, 0, 0)
        return (-1.0, 0, 0) if self.per == "start" else (float("inf"), 0, 0)


def moments(trace: Trace, per: Per) -> Iterator[Moment]:
    """Yield the occasions that a fit had for stages of one kind, in order."""
    if per == "scale":
        yield from (Moment(per, scale) for scale in trace.scales)
    elif per == "iteration":
        yield from (Moment(per, step.scale, step) for step in trace.steps)
    else:
        yield Moment(per)
