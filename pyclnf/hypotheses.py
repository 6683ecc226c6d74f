"""One face from several head poses: the fit with the best likelihood wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyclnf.fitting import FitResult

__all__ = ["ROTATIONS", "Hypotheses", "Rotation"]

Rotation = tuple[float, float, float]
"""Euler angles of a head pose, radians."""

ROTATIONS: tuple[Rotation, ...] = (
    (0.0, 0.0, 0.0),
    (0.0, -0.5236, 0.0),
    (0.0, 0.5236, 0.0),
    (0.0, -0.96, 0.0),
    (0.0, 0.96, 0.0),
    (0.0, 0.0, 0.5236),
    (0.0, 0.0, -0.5236),
    (0.0, -1.57, 0.0),
    (0.0, 1.57, 0.0),
    (0.0, -1.22, 0.698),
    (0.0, 1.22, -0.698),
)
"""The head poses that the reference starts from, in its order: yaw, roll, profiles."""


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """The fits of one face from several head poses.

    Attributes
    ----------
    rotations : sequence of rotations
        Where the fits started.
    fits : list of FitResult
        In the same order.
    """

    rotations: Sequence[Rotation]
    fits: list[FitResult]

    @property
    def chosen(self) -> int:
        """The index of the fit with the best likelihood; the first one of equals."""
        likelihoods = [fit.likelihood for fit in self.fits]
        return likelihoods.index(max(likelihoods))

    @property
    def best(self) -> FitResult:
        """The fit with the best likelihood."""
        return self.fits[self.chosen]
