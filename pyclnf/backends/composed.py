"""A backend whose response maps are made by an engine of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pyclnf.backends.base import SamplingBackend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.typing import AnyArray, BoolArray, Float32Array

__all__ = ["ComposedBackend", "ResponseMaps"]


class ResponseMaps(Protocol):
    """What makes the response maps of a model's experts. Safe to share between threads."""

    def response_maps(self, areas: Float32Array, scale: int, view: int) -> Float32Array:
        """Return the maps of a view's visible landmarks: (v, s, s) areas -> (v, w, w) float32."""
        ...

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view for a window size, as :meth:`response_maps` does if need be."""
        ...


class ComposedBackend:
    """Response maps by one engine, all else by a host; see :class:`pyclnf.backends.base.Backend`.

    Parameters
    ----------
    name : str
        The name it was chosen by.
    host : SamplingBackend
        Holds the model, and samples the areas of interest.
    maps : ResponseMaps or None
        None where the engine knows no experts of the model's kind: the host makes the maps, too.
    """

    def __init__(self, name: str, host: SamplingBackend, maps: ResponseMaps | None) -> None:
        self.name = name
        self.response_backend = host.response_backend if maps is None else name
        self.detector = host.detector
        self.arithmetic = host.arithmetic
        self._host = host
        self._maps = maps

    def using(self, threads: int) -> ComposedBackend:
        """Return this backend, whose host may use so many threads for a fit."""
        host = self._host.using(threads)
        return self if host is self._host else ComposedBackend(self.name, host, self._maps)

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a picture in grey."""
        return self._host.picture(image)

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return view, similarity, areas of interest and response maps of one scale."""
        if self._maps is None:
            return self._host.responses(image, posed, scale, window_size)
        sampled = self._host.sampled(image, posed, scale, window_size)
        return sampled.with_maps(self._maps.response_maps(sampled.areas, scale, sampled.view))

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size; kept for later fits."""
        (self._maps or self._host).prepare(scale, view, window_size)

    def kernels(self, window_size: int, sigma: float) -> KernelTable:
        """Return the mean shift's kernels of a window size; kept for later fits."""
        return self._host.kernels(window_size, sigma)

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        """Run one rigid or non-rigid phase."""
        return self._host.phase(posed, phase, on_iteration)

    def parameters_from_landmarks(self, landmarks: Float32Array) -> Parameters:
        """Return the parameters whose landmarks are nearest to the given ones."""
        return self._host.parameters_from_landmarks(landmarks)

    def likelihood(
        self, response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
    ) -> float:
        """Return what :func:`pyclnf.likelihood.log_likelihood` does."""
        return self._host.likelihood(response_maps, offsets, sigma, visible)
