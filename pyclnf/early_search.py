"""Early termination: head poses are tried at the coarsest scale, and only good fits completed."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import FitResult, fit
from pyclnf.likelihood import UNEVALUATED
from pyclnf.model import EarlyTermination
from pyclnf.pdm import Parameters
from pyclnf.rotation import Rotation
from pyclnf.scale_plan import kernel_sigmas, plan_scales
from pyclnf.settings import FitSettings
from pyclnf.threads import in_threads
from pyclnf.typing import Float32Array

__all__ = ["EarlySearch", "TwoSteps", "early_search", "in_two_steps"]

_COMPLETED = 3


@dataclass(frozen=True)
class TwoSteps:
    """Settings of a fit that stops after the coarsest scale and may go on from there.

    Attributes
    ----------
    coarsest, finer : FitSettings
        Of the coarsest scale, and of all others.
    sigmas : dict of int to float
        Of each window size's kernels, the same in both steps.
    """

    coarsest: FitSettings
    finer: FitSettings
    sigmas: dict[int, float]


def in_two_steps(settings: FitSettings, patch_scales: tuple[float, ...]) -> TwoSteps | None:
    """Return settings in two steps; None if either step would have no window.

    Raises
    ------
    ValueError
        As :func:`pyclnf.scale_plan.plan_scales`.
    """
    sigmas = kernel_sigmas(plan_scales(settings, patch_scales))
    coarsest, *finer = settings.window_sizes[: len(patch_scales)]
    if not coarsest or not any(finer):
        return None
    return TwoSteps(
        replace(settings, window_sizes=(coarsest,)),
        replace(settings, window_sizes=(0, *finer)),
        sigmas,
    )


@dataclass(frozen=True, eq=False)
class EarlySearch:
    """A search for a face in a box, from several head poses, that may end early.

    Attributes
    ----------
    picture : PaddedImage
    box : (4,) float32
    steps : TwoSteps
    thresholds : EarlyTermination
    backend : Backend
    """

    picture: PaddedImage
    box: Float32Array
    steps: TwoSteps
    thresholds: EarlyTermination
    backend: Backend

    def run(
        self, rotations: Sequence[Rotation], threads: int | None
    ) -> tuple[list[FitResult], tuple[int, ...], bool]:
        """Begin fits until one is good, and complete that one; or the three best, if none is.

        *Quirk:* of the three best, only the last head pose's fit keeps its shape on the way to the
        finer scales; the reference sets that of all others back to the mean.

        Returns
        -------
        fits : list of FitResult
            Those that were begun, from the first rotations.
        completed : tuple of int
            Which of them were completed, the best beginning first.
        good : bool
            Whether the last one begun was good.
        """
        fits = _Beginnings(self, rotations).run(threads)
        last = len(fits) - 1
        good = self.is_good(fits[last])
        completed = (last,) if good else self._best(fits)
        ends = in_threads(
            lambda index: self._complete(fits[index], with_shape=index == last), completed, threads
        )
        for index, end in zip(completed, ends, strict=True):
            fits[index] = end
        return fits, completed, good

    def begin(self, rotation: Rotation) -> FitResult:
        """Fit the coarsest scale from a head pose."""
        start = self.backend.detector.pdm.parameters_from_box(self.box, rotation)
        return self._fit(start, self.steps.coarsest)

    def is_good(self, begun: FitResult) -> bool:
        """Tell whether a fit of the coarsest scale makes all others superfluous."""
        return bool(self._score(begun) > self.thresholds.cutoffs[begun.view])

    def _best(self, begun: list[FitResult]) -> tuple[int, ...]:
        """Return the indices of the best three, the first one of equals first."""
        scores = [self._score(each) for each in begun]
        return tuple(sorted(range(len(begun)), key=lambda index: -scores[index])[:_COMPLETED])

    def _score(self, begun: FitResult) -> np.float32:
        """Return how good a fit is; minus infinity if it was lost, or its likelihood is NaN."""
        if _is_lost(begun) or math.isnan(begun.likelihood):
            return np.float32(-math.inf)
        weight, bias = self.thresholds.weights[begun.view], self.thresholds.biases[begun.view]
        with np.errstate(over="ignore"):
            return np.float32(begun.likelihood * weight + bias)

    def _complete(self, begun: FitResult, *, with_shape: bool) -> FitResult:
        """Fit the finer scales from where the coarsest one ended, with or without its shape."""
        if _is_lost(begun):
            return begun
        local = begun.params_local if with_shape else np.zeros_like(begun.params_local)
        return self._fit(Parameters(begun.params_global, local), self.steps.finer)

    def _fit(self, start: Parameters, settings: FitSettings) -> FitResult:
        """Fit the scales of one step."""
        sigmas = self.steps.sigmas
        return fit(self.picture, self.box, start, settings, self.backend, sigmas=sigmas)


def early_search(
    picture: PaddedImage, box: Float32Array, settings: FitSettings, backend: Backend
) -> EarlySearch | None:
    """Return the search for a face; None where the model has no thresholds for it.

    Or where there is nothing to be saved, because the settings have no window for the coarsest
    scale or none for any other.
    """
    detector = backend.detector
    if detector.early_termination is None:
        return None
    steps = in_two_steps(settings, detector.experts.patch_scales)
    if steps is None:
        return None
    return EarlySearch(picture, box, steps, detector.early_termination, backend)


class _Beginnings:
    """Fits of the coarsest scale, up to the first good one."""

    def __init__(self, search: EarlySearch, rotations: Sequence[Rotation]) -> None:
        self._search, self._rotations = search, rotations
        self._last = len(rotations) - 1
        self._lock = threading.Lock()

    def run(self, threads: int | None) -> list[FitResult]:
        """Return the fits; later ones, which other threads began meanwhile, are forgotten."""
        found = in_threads(self._begin, range(len(self._rotations)), threads)
        return [each for each in found[: self._last + 1] if each is not None]

    def _begin(self, number: int) -> FitResult | None:
        """Begin a fit, unless one before it is good."""
        if number > self._last:
            return None
        begun = self._search.begin(self._rotations[number])
        if self._search.is_good(begun):
            with self._lock:
                self._last = min(self._last, number)
        return begun


def _is_lost(begun: FitResult) -> bool:
    """Tell whether a fit ended before its likelihood was computed."""
    return begun.likelihood == UNEVALUATED
