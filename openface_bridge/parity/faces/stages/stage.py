"""What a row of the table of stages says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openface_bridge.parity.faces.check import Check
from openface_bridge.parity.faces.subject import Subject

__all__ = ["FaceOutput", "FaceStage", "Perform"]

Perform = Callable[[Subject], Iterator[Check]]


@dataclass(frozen=True)
class FaceOutput:
    """Something that a stage gives: its name, what bounds its difference, and why."""

    entry: str
    bound: str
    reason: str


@dataclass(frozen=True)
class FaceStage:
    """A stage.

    Attributes
    ----------
    name : str
    function : str
        What performs it.
    given : str
        The reference's inputs that it is given.
    outputs : tuple of FaceOutput
    force : callable
        Yields what the candidate gives on the reference's inputs; nothing where the record lacks
        them.
    free : callable
        Yields what the candidate's own run gives.
    branches : tuple of str
        Discontinuities that may be in the way.
    """

    name: str
    function: str
    given: str
    outputs: tuple[FaceOutput, ...]
    force: Perform
    free: Perform
    branches: tuple[str, ...] = ()
