"""One face from several head poses: the fit with the best likelihood wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyclnf.backends.base import Backend, FitsFaces
from pyclnf.early_search import early_search
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import FitResult, fit
from pyclnf.rotation import Rotation
from pyclnf.settings import FitSettings
from pyclnf.threads import in_threads, thread_count
from pyclnf.typing import Float32Array

__all__ = ["ROTATIONS", "Hypotheses", "fit_hypotheses"]

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
        Where fits were to start.
    fits : list of FitResult
        Those that were begun, from the first rotations in their order. Fits that were not completed
        are as the coarsest scale left them.
    completed : sequence of int
        Which fits were completed, in the order in which equals are preferred: all of them, unless
        the model tells when a search may end early.
    ended_early : bool
        Whether the last fit that was begun was so good that it alone was completed.
    """

    rotations: Sequence[Rotation]
    fits: list[FitResult]
    completed: Sequence[int]
    ended_early: bool = False

    @property
    def chosen(self) -> int:
        """The index of the completed fit with the best likelihood; the first one of equals."""
        return max(self.completed, key=lambda index: self.fits[index].likelihood)

    @property
    def best(self) -> FitResult:
        """The completed fit with the best likelihood."""
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
    search = early_search(picture, box, settings, backend)
    if search is not None:
        return Hypotheses(rotations, *search.run(rotations, threads))
    if isinstance(backend, FitsFaces):
        thread_count(threads)
        pictures = [backend.checked_picture(picture.grey)] * len(rotations)
        fits = backend.fit_faces(pictures, [box] * len(rotations), rotations, settings)
        return Hypotheses(rotations, fits, range(len(fits)))

    def fit_from(rotation: Rotation) -> FitResult:
        start = backend.detector.pdm.parameters_from_box(box, rotation)
        return fit(picture, box, start, settings, backend)

    fits = in_threads(fit_from, rotations, threads)
    return Hypotheses(rotations, fits, range(len(fits)))
