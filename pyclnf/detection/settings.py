"""What a user may choose about a search for faces."""

from __future__ import annotations

from dataclasses import dataclass

from pyclnf.arguments import real_numbers, shown, whole_number
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
    side = whole_number("smallest_face", given)
    if not PROPOSAL_SIZE <= side <= _LARGEST_FACE:
        limits = f"{PROPOSAL_SIZE} to {_LARGEST_FACE}"
        raise ValueError(f"smallest_face: must be {limits}, is {shown(side)}")
    return side


def _thresholds(given: object) -> tuple[float, ...]:
    """Return three thresholds, checked."""
    expected = "three numbers from 0 to 1"
    values = real_numbers("thresholds", given, expected)
    if values.shape != (3,) or not all(0 <= value <= 1 for value in values):
        raise ValueError(f"thresholds: expected {expected}, got {shown(given)}")
    return tuple(values.tolist())
