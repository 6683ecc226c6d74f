"""The definition: every stage in NumPy."""

from __future__ import annotations

from collections.abc import Callable

from pyclnf.arithmetic import Arithmetic
from pyclnf.detector import Detector
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey
from pyclnf.landmark_parameters import parameters_from_landmarks
from pyclnf.likelihood import log_likelihood
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult, run_phase
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses, Sampled, compute_responses, sample_scale
from pyclnf.typing import AnyArray, BoolArray, Float32Array

__all__ = ["NumpyBackend"]


class NumpyBackend:
    """Fits in NumPy, see :class:`pyclnf.backends.base.Backend`.

    Parameters
    ----------
    name : str
        The name it was chosen by.
    detector : Detector
        Must have been built with the same arithmetic.
    arithmetic : Arithmetic
    """

    def __init__(self, name: str, detector: Detector, arithmetic: Arithmetic) -> None:
        self.name = self.response_backend = name
        self.detector = detector
        self.arithmetic = arithmetic

    def using(self, threads: int) -> NumpyBackend:
        """Return this backend: its fits are of one thread, whatever NumPy's own library does."""
        return self

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a picture in grey."""
        return PaddedImage.of(to_grey(image))

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return view, similarity, areas of interest and response maps of one scale."""
        pdm, experts = self.detector.pdm, self.detector.experts
        return compute_responses(image, posed, pdm, experts, scale, window_size)

    def sampled(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Sampled:
        """Return view, similarity and areas of interest of one scale."""
        pdm, experts = self.detector.pdm, self.detector.experts
        return sample_scale(image, posed, pdm, experts, scale, window_size)

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size; kept for later fits."""
        self.detector.experts.prepare(scale, view, window_size)

    def kernels(self, window_size: int, sigma: float) -> KernelTable:
        """Return the mean shift's kernels of a window size; kept for later fits."""
        return self.detector.experts.kernels(window_size, sigma)

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        """Run one rigid or non-rigid phase."""
        return run_phase(self.detector.pdm, posed, phase, self.arithmetic, on_iteration)

    def parameters_from_landmarks(self, landmarks: Float32Array) -> Parameters:
        """Return the parameters whose landmarks are nearest to the given ones."""
        return parameters_from_landmarks(self.detector.pdm, landmarks, self.arithmetic)

    def likelihood(
        self, response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
    ) -> float:
        """Return what :func:`pyclnf.likelihood.log_likelihood` does."""
        return log_likelihood(response_maps, offsets, sigma, visible)
