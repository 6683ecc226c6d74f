"""Whole faces by a backend whose response maps are a little noisy: sound, and never equal."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import cast

import numpy as np
from support.face_records import EMBEDDED

from openface_bridge.parity.faces.candidate import FaceCandidate, FaceListener
from pyclnf import FitSettings
from pyclnf.backends import create_backend
from pyclnf.backends.base import Backend, SamplingBackend
from pyclnf.backends.composed import ComposedBackend
from pyclnf.face_fitter import FaceFit, FaceFitter
from pyclnf.hypotheses import ROTATIONS
from pyclnf.rotation import Rotation
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["NoisyFaces"]

_NOISE = 2e-6
"""Of each value; a stage's bound is 80 ulp, which is 9.5e-6 of a map's maximum."""


class NoisyFaces(FaceCandidate):
    """Backend numpy-exact with the embedded model, and noise that what is looked at decides.

    Its bits are the same on every machine.

    Parameters
    ----------
    seed : int
    factor : float
        What all maps are multiplied with, besides: a fault if it is not 1.
    promise : str
        The backend whose promise the maps are held to.
    """

    def __init__(self, seed: int, factor: float = 1.0, promise: str = "numpy-exact") -> None:
        super().__init__("numpy-exact", EMBEDDED.whole_model, EMBEDDED.face_detector)
        self.seed, self.factor, self.promise = seed, factor, promise

    rotations: Sequence[Rotation] = ROTATIONS
    """The head poses that a face in a box is fitted from."""

    @property
    def name(self) -> str:
        return "numpy-exact"

    @cached_property
    def backend(self) -> Backend:
        """Of the face; parts have no noise."""
        host = cast(SamplingBackend, create_backend(self.name, self.manifest))
        maps = _NoisyMaps(host.detector.experts.response_maps, self.seed, self.factor)
        return ComposedBackend(self.promise, host, maps)

    def fit(self, image: AnyArray, box: Float32Array, listener: FaceListener) -> FaceFit:
        """Fit a face with all that belongs to it."""
        given = (self.backend, self.parts, self.validator, self.rotations)
        fitter = FaceFitter(*given, observer=listener)
        return fitter.fit_box(fitter.picture(image), box, FitSettings())


class _NoisyMaps:
    """The same noise wherever the same is seen, so that a fit can be repeated."""

    def __init__(
        self, exact: Callable[[Float32Array, int, int], Float32Array], seed: int, factor: float
    ) -> None:
        self._exact, self._seed, self._factor = exact, seed, factor

    def response_maps(self, areas: Float32Array, scale: int, view: int) -> Float32Array:
        maps = self._exact(areas, scale, view)
        random = np.random.default_rng((self._seed, zlib.crc32(areas.tobytes())))
        noise = 1 + _NOISE * random.uniform(-1, 1, maps.shape)
        return (maps * noise * self._factor).astype(np.float32)

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Nothing is kept."""
