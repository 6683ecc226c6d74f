"""A backend whose response maps are made by an engine of their own."""

from __future__ import annotations

from typing import Protocol

from pyclnf.backends.base import SamplingBackend
from pyclnf.backends.delegating import DelegatingBackend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.pdm import PosedShape
from pyclnf.responses import Responses
from pyclnf.typing import Float32Array

__all__ = ["ComposedBackend", "ResponseMaps"]


class ResponseMaps(Protocol):
    """What makes the response maps of a model's experts. Safe to share between threads."""

    def response_maps(self, areas: Float32Array, scale: int, view: int) -> Float32Array:
        """Return the maps of a view's visible landmarks: (v, s, s) areas -> (v, w, w) float32."""
        ...

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view for a window size, as :meth:`response_maps` does if need be."""
        ...


class ComposedBackend(DelegatingBackend[SamplingBackend]):
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
        super().__init__(host)
        self._name, self._maps = name, maps

    @property
    def name(self) -> str:
        """The name it is chosen by."""
        return self._name

    @property
    def response_backend(self) -> str:
        """The name of the backend that makes the response maps."""
        return self.host.response_backend if self._maps is None else self._name

    def using(self, threads: int) -> ComposedBackend:
        """Return this backend, whose host may use so many threads for a fit."""
        host = self.host.using(threads)
        return self if host is self.host else ComposedBackend(self._name, host, self._maps)

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return view, similarity, areas of interest and response maps of one scale."""
        if self._maps is None:
            return self.host.responses(image, posed, scale, window_size)
        sampled = self.host.sampled(image, posed, scale, window_size)
        return sampled.with_maps(self._maps.response_maps(sampled.areas, scale, sampled.view))

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size; kept for later fits."""
        (self._maps or self.host).prepare(scale, view, window_size)
