"""What a reference for whole faces is: recorded or live, it gives records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from openface_bridge.faces.record import FaceRecord
from openface_bridge.reference import Case

__all__ = ["SEQUENCE", "WHOLE", "FaceReference"]

WHOLE, SEQUENCE = "whole", "sequence"
"""What stands in the place of a setting: a face in a picture, or in frames."""


class FaceReference(Protocol):
    """An OpenFace whose steps from box to face can be looked at."""

    @property
    def description(self) -> str:
        """What and where it is, for reports."""
        ...

    def cases(self) -> Sequence[Case]:
        """Return the faces and sequences there are, in a fixed order."""
        ...

    def record(self, case: Case) -> FaceRecord:
        """Return what it made of one."""
        ...
