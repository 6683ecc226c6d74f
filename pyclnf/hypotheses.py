"""One face from several head poses: the fit with the best likelihood wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import FitResult, fit
from pyclnf.settings import FitSettings
from pyclnf.threads import in_threads
from pyclnf.typing import Float32Array

__all__ = ["ROTATIONS", "Hypotheses", "Rotation", "fit_hypotheses"]

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


def fit_hypotheses(
    picture: PaddedImage,
    box: Float32Array,
    rotations: Sequence[Rotation],
    settings: FitSettings,
    backend: Backend,
    threads: int | None,
) -> Hypotheses:
    """Fit a face in a box from each head pose; see :meth:`pyclnf.CLNF.fit_hypotheses`."""

    def fit_from(rotation: Rotation) -> FitResult:
        start = backend.detector.pdm.parameters_from_box(box, rotation)
        return fit(picture, box, start, settings, backend)

    return Hypotheses(rotations, in_threads(fit_from, rotations, threads))
