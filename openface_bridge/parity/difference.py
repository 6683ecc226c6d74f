"""One measured difference between reference and candidate, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import Step

__all__ = ["Difference", "Place", "largest", "ulps"]


@dataclass(frozen=True)
class Place:
    """Where in a fit: what does not apply is None."""

    scale: int | None = None
    phase: str | None = None
    iteration: int | None = None
    landmark: int | None = None

    @classmethod
    def of(cls, step: Step, landmark: int | None = None) -> Place:
        """Return the place of an iteration."""
        return cls(step.scale, step.phase, step.index, landmark)

    def __str__(self) -> str:
        """Return it in words."""
        parts = [
            None if self.scale is None else f"scale {self.scale}",
            None if self.phase is None else f"{self.phase} phase",
            None if self.iteration is None else f"iteration {self.iteration}",
            None if self.landmark is None else f"landmark {self.landmark}",
        ]
        return ", ".join(part for part in parts if part) or "start of the fit"


@dataclass(frozen=True)
class Difference:
    """A difference in the unit of its stage.

    Attributes
    ----------
    error : float
        NaN counts as infinite.
    place : Place
    equal : bool
        Whether all bits agree.
    """

    error: float
    place: Place
    equal: bool


def largest(
    candidate: npt.NDArray[Any],
    reference: npt.NDArray[Any],
    place: Place,
    scale: float | npt.NDArray[Any] = 1.0,
    *,
    per_landmark: bool = False,
) -> Difference:
    """Return the largest absolute difference of two arrays.

    Parameters
    ----------
    candidate, reference : arrays of one shape
    place : Place
    scale : float or array
        What differences are divided by; broadcast.
    per_landmark : bool
        Whether the first axis counts landmarks, so that the worst one can be named.
    """
    if candidate.shape != reference.shape:
        return Difference(float("inf"), place, equal=False)
    if candidate.size == 0:
        return Difference(0.0, place, equal=True)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        apart = np.abs(candidate.astype(np.float64) - reference.astype(np.float64)) / scale
    apart = np.where(np.isfinite(apart), apart, np.inf)
    # What both engines fail to compute alike is not a difference.
    both_nan = np.isnan(candidate) & np.isnan(reference)
    apart = np.where((candidate == reference) | both_nan, 0.0, apart)
    if per_landmark:
        worst = int(np.argmax(apart.reshape(len(apart), -1).max(axis=1)))
        place = Place(place.scale, place.phase, place.iteration, worst)
    equal = bool(np.array_equal(candidate, reference, equal_nan=True))
    return Difference(float(apart.max()), place, equal)


def ulps(candidate: npt.NDArray[Any], reference: npt.NDArray[Any], place: Place) -> Difference:
    """Return the largest difference in units in the last place of the largest element."""
    size = np.abs(reference).max().astype(np.float32)
    unit = float(np.spacing(size)) if np.isfinite(size) else 1.0
    return largest(candidate, reference, place, unit)
