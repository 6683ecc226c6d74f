"""What a fault is, and how it is planted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from openface_bridge.parity.faults.planting import Planting, planting

__all__ = ["Fault", "Plant", "planted"]

Plant = Callable[[Planting], None]


@dataclass(frozen=True)
class Fault:
    """A fault that ports of the detector have had.

    Attributes
    ----------
    number : str
        Of the list of faults that must be caught; a letter tells variants apart.
    name : str
    stages : tuple of str
        Where it must be reported: the first stage that fails is one of these.
    plant : callable
        Makes its substitutions.
    in_preparation : bool
        Whether it takes effect when a model is loaded and prepared, not when a face is fitted: a
        model must be loaded while it is planted, and not be used afterwards.
    """

    number: str
    name: str
    stages: tuple[str, ...]
    plant: Plant
    in_preparation: bool = False

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


@contextmanager
def planted(fault: Fault) -> Iterator[Fault]:
    """Let pyclnf have a fault, in the whole process, until the end of the block."""
    with planting() as substitutions:
        fault.plant(substitutions)
        yield fault
