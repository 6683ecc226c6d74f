"""A backend that leaves everything to another: what wraps one overrides what it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from pyclnf.arithmetic import Arithmetic
from pyclnf.backends.base import Backend
from pyclnf.detector import Detector
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.typing import AnyArray, BoolArray, Float32Array

__all__ = ["DelegatingBackend"]

AnyBackend = TypeVar("AnyBackend", bound=Backend)


class DelegatingBackend(Generic[AnyBackend]):
    """Everything by a host; see :class:`pyclnf.backends.base.Backend`.

    Parameters
    ----------
    host : Backend
    """

    def __init__(self, host: AnyBackend) -> None:
        self.host = host

    @property
    def name(self) -> str:
        """The name it is chosen by."""
        return self.host.name

    @property
    def response_backend(self) -> str:
        """The name of the backend that makes the response maps."""
        return self.host.response_backend

    @property
    def detector(self) -> Detector:
        """The model."""
        return self.host.detector

    @property
    def arithmetic(self) -> Arithmetic:
        """How its order-dependent sums are rounded."""
        return self.host.arithmetic

    def using(self, threads: int) -> Backend:
        """Return this backend, whose host goes on as it is."""
        return self

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a picture in grey."""
        return self.host.picture(image)

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return view, similarity, areas of interest and response maps of one scale."""
        return self.host.responses(image, posed, scale, window_size)

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size; kept for later fits."""
        self.host.prepare(scale, view, window_size)

    def kernels(self, window_size: int, sigma: float) -> KernelTable:
        """Return the mean shift's kernels of a window size; kept for later fits."""
        return self.host.kernels(window_size, sigma)

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        """Run one rigid or non-rigid phase."""
        return self.host.phase(posed, phase, on_iteration)

    def parameters_from_landmarks(self, landmarks: Float32Array) -> Parameters:
        """Return the parameters whose landmarks are nearest to the given ones."""
        return self.host.parameters_from_landmarks(landmarks)

    def likelihood(
        self, response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
    ) -> float:
        """Return what :func:`pyclnf.likelihood.log_likelihood` does."""
        return self.host.likelihood(response_maps, offsets, sigma, visible)
