"""What a fit asks of its backend, kept to be asked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from measuring.workload import Face
from pyclnf.backends.base import Backend
from pyclnf.backends.delegating import DelegatingBackend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import fit
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import PosedShape
from pyclnf.responses import Responses
from pyclnf.settings import FitSettings
from pyclnf.typing import AnyArray, BoolArray, Float32Array

__all__ = [
    "KernelCall",
    "LikelihoodCall",
    "PhaseCall",
    "PictureCall",
    "RecordingBackend",
    "ResponseCall",
    "calls_of",
]


@dataclass(frozen=True, eq=False)
class PictureCall:
    """A picture that was to be made grey, and was."""

    image: AnyArray
    result: PaddedImage


@dataclass(frozen=True, eq=False)
class ResponseCall:
    """Response maps that were asked for, and found."""

    image: PaddedImage
    posed: PosedShape
    scale: int
    window_size: int
    result: Responses


@dataclass(frozen=True, eq=False)
class KernelCall:
    """A kernel table that was asked for, and found."""

    window_size: int
    sigma: float
    result: KernelTable


@dataclass(frozen=True, eq=False)
class PhaseCall:
    """A phase that was asked for, how many iterations it took, and where it ended."""

    posed: PosedShape
    phase: Phase
    iterations: int
    result: PhaseResult


@dataclass(frozen=True, eq=False)
class LikelihoodCall:
    """A likelihood that was asked for, and found."""

    response_maps: Float32Array
    offsets: Float32Array
    sigma: float
    visible: BoolArray
    result: float


class RecordingBackend(DelegatingBackend[Backend]):
    """A backend, see :class:`pyclnf.backends.base.Backend`, that keeps what it is asked.

    Attributes
    ----------
    host : Backend
        Who answers.
    pictured, responded, tabulated, phased, judged : list
        Calls of each kind, in order.
    """

    def __init__(self, host: Backend) -> None:
        super().__init__(host)
        self.pictured: list[PictureCall] = []
        self.responded: list[ResponseCall] = []
        self.tabulated: list[KernelCall] = []
        self.phased: list[PhaseCall] = []
        self.judged: list[LikelihoodCall] = []

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return and keep the backend's."""
        result = self.host.picture(image)
        self.pictured.append(PictureCall(image, result))
        return result

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return and keep the backend's."""
        result = self.host.responses(image, posed, scale, window_size)
        self.responded.append(ResponseCall(image, posed, scale, window_size, result))
        return result

    def kernels(self, window_size: int, sigma: float) -> KernelTable:
        """Return and keep the backend's."""
        result = self.host.kernels(window_size, sigma)
        self.tabulated.append(KernelCall(window_size, sigma, result))
        return result

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        """Return and keep the backend's."""
        counted: list[int] = []

        def tell(index: int, iteration: Iteration) -> None:
            counted.append(index)
            if on_iteration is not None:
                on_iteration(index, iteration)

        result = self.host.phase(posed, phase, tell)
        self.phased.append(PhaseCall(posed, phase, len(counted), result))
        return result

    def likelihood(
        self, response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
    ) -> float:
        """Return and keep the backend's."""
        result = self.host.likelihood(response_maps, offsets, sigma, visible)
        self.judged.append(LikelihoodCall(response_maps, offsets, sigma, visible, result))
        return result


def calls_of(backend: Backend, faces: tuple[Face, ...]) -> RecordingBackend:
    """Fit faces and return what the fits asked of the backend."""
    recording = RecordingBackend(backend)
    for face in faces:
        start = backend.detector.pdm.parameters_from_box(face.box)
        fit(recording.picture(face.picture), face.box, start, FitSettings(), recording)
    return recording
