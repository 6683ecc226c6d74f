"""What a user may choose about a search for faces."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

from pyclnf.model.face_detector_file import PROPOSAL_SIZE

__all__ = ["CascadeSettings"]

_LARGEST_FACE = 1 << 20


@dataclass(frozen=True)
class CascadeSettings:
    """Settings of a search for faces; the defaults are OpenFace's.

    Parameters
    ----------
    smallest_face : int
        Side of the smallest face to look for, px, at least 12. The time that a search takes is
        proportional to its inverse square.
    thresholds : tuple of three floats
        Score, from 0 to 1, that a candidate must have from each of the three networks.

    Raises
    ------
    ValueError
        Naming the field, if a value is out of range.
    """

    smallest_face: int = 60
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)

    def __post_init__(self) -> None:
        object.__setattr__(self, "smallest_face", _face(self.smallest_face))
        object.__setattr__(self, "thresholds", _thresholds(self.thresholds))


def _face(given: object) -> int:
    """Return the side of a face, checked."""
    try:
        side = operator.index(given)  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(f"smallest_face: must be a whole number, is {given!r}") from error
    if not PROPOSAL_SIZE <= side <= _LARGEST_FACE:
        raise ValueError(f"smallest_face: must be {PROPOSAL_SIZE} to {_LARGEST_FACE}, is {side}")
    return side


def _thresholds(given: object) -> tuple[float, ...]:
    """Return three thresholds, checked."""
    try:
        values = tuple(float(value) for value in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise ValueError(f"thresholds: must be three numbers, are {given!r}") from error
    if len(values) != 3 or not all(math.isfinite(v) and 0 <= v <= 1 for v in values):
        raise ValueError(f"thresholds: must be three numbers from 0 to 1, are {given!r}")
    return values
