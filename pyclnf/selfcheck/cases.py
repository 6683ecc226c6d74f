"""Fits of the embedded pictures, and what a backend makes of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle

from pyclnf.backends.base import Backend
from pyclnf.backends.delegating import DelegatingBackend
from pyclnf.batches import fit_batch
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import FitResult, fit
from pyclnf.given_faces import GivenFaces
from pyclnf.image import check_box
from pyclnf.pdm import PosedShape
from pyclnf.pipeline.pictures import read_picture
from pyclnf.responses import Responses
from pyclnf.selfcheck.embedded import Face
from pyclnf.settings import FitSettings
from pyclnf.typing import ByteArray, Float32Array

__all__ = ["SETTINGS", "Case", "MapCall", "cases_of", "fit_together", "map_calls", "timed"]

SETTINGS = ("default", "weighted", "wild")
"""Those that OpenFace's programs fit with; see :meth:`pyclnf.FitSettings.named`."""


@dataclass(frozen=True, eq=False)
class Case:
    """A picture to be fitted in one setting.

    Attributes
    ----------
    face : Face
    setting : str
    pixels : (H, W, 3) uint8
    """

    face: Face
    setting: str
    pixels: ByteArray

    @cached_property
    def settings(self) -> FitSettings:
        """The setting itself."""
        return FitSettings.named(self.setting)

    def fit(self, backend: Backend) -> FitResult:
        """Fit it from its box and head pose."""
        image = backend.picture(self.pixels)
        box = check_box(self.face.box, (image.height, image.width))
        start = backend.detector.pdm.parameters_from_box(box, self.face.rotation)
        return fit(image, box, start, self.settings, backend)


@dataclass(frozen=True, eq=False)
class MapCall:
    """Response maps that a fit asked for, and got."""

    image: PaddedImage
    posed: PosedShape
    scale: int
    window_size: int
    maps: Float32Array

    def repeat(self, backend: Backend) -> Float32Array:
        """Return another backend's maps."""
        return backend.responses(self.image, self.posed, self.scale, self.window_size).maps


class _Listener(DelegatingBackend[Backend]):
    """A backend that keeps which response maps it was asked for."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.calls: list[MapCall] = []

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return what the backend does."""
        found = self.host.responses(image, posed, scale, window_size)
        self.calls.append(MapCall(image, posed, scale, window_size, found.maps))
        return found


def cases_of(faces: Sequence[Face]) -> list[Case]:
    """Return every face in one setting, the settings taking turns."""
    return [
        Case(face, setting, read_picture(face.picture))
        for face, setting in zip(faces, cycle(SETTINGS), strict=False)
    ]


def map_calls(case: Case, backend: Backend) -> list[MapCall]:
    """Return the response maps that a fit asks for."""
    listener = _Listener(backend)
    case.fit(listener)
    return listener.calls


def timed(case: Case, backend: Backend) -> tuple[Float32Array, float]:
    """Return a fit's landmarks and how many seconds it took."""
    started = time.perf_counter()
    landmarks = case.fit(backend).landmarks
    return landmarks, time.perf_counter() - started


def fit_together(cases: Sequence[Case], backend: Backend) -> tuple[list[Float32Array], float]:
    """Return the landmarks of cases fitted as a batch, and the seconds per face.

    A batch starts upright and has one setting, so that is what they must have in common.
    """
    given = GivenFaces.of([case.pixels for case in cases], [case.face.box for case in cases])
    started = time.perf_counter()
    found = fit_batch(given, cases[0].settings, backend, threads=1)
    return [each.landmarks for each in found], (time.perf_counter() - started) / len(cases)
