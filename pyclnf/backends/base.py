"""The interface of a backend: pictures, response maps, kernels, phases, parameters, likelihoods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pyclnf.arithmetic import Arithmetic
from pyclnf.detector import Detector
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses, Sampled
from pyclnf.settings import FitSettings
from pyclnf.typing import AnyArray, BoolArray, Float32Array

if TYPE_CHECKING:
    from pyclnf.fitting import FitResult

__all__ = ["Backend", "CheckedPicture", "FitsFaces", "SamplingBackend"]


class Backend(Protocol):
    """Where the work of a fit is done, for one model. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The name it is chosen by."""
        ...

    @property
    def response_backend(self) -> str:
        """The name of the backend that makes the response maps of this model's experts."""
        ...

    @property
    def detector(self) -> Detector:
        """The model."""
        ...

    @property
    def arithmetic(self) -> Arithmetic:
        """How its order-dependent sums are rounded."""
        ...

    def using(self, threads: int) -> Backend:
        """Return this backend for fits that may use so many threads each; the bits are the same."""
        ...

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a picture in grey, see :func:`pyclnf.image.to_grey`; raises what that says."""
        ...

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return view, similarity, areas of interest and response maps of one scale."""
        ...

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size, as :meth:`responses` does if need be."""
        ...

    def kernels(self, window_size: int, sigma: float) -> KernelTable:
        """Return the mean shift's kernels of a window size; kept for later fits."""
        ...

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        """Run one rigid or non-rigid phase."""
        ...

    def parameters_from_landmarks(self, landmarks: Float32Array) -> Parameters:
        """Return what :func:`pyclnf.landmark_parameters.parameters_from_landmarks` does."""
        ...

    def likelihood(
        self, response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
    ) -> float:
        """Return what :func:`pyclnf.likelihood.log_likelihood` does."""
        ...


class SamplingBackend(Backend, Protocol):
    """A backend whose response maps can be left to another one."""

    def using(self, threads: int) -> SamplingBackend:
        """Return this backend for fits that may use so many threads each; the bits are the same."""
        ...

    def sampled(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Sampled:
        """Return what :meth:`responses` does, before there are maps."""
        ...


class CheckedPicture(Protocol):
    """A picture that many faces can be fitted on at once."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        ...


@runtime_checkable
class FitsFaces(Backend, Protocol):
    """A backend that fits many faces at once, each with the bits that it has alone."""

    def on_host(self, image: Any) -> Any:
        """Return a picture that may lie on a device on the host, not checked."""
        ...

    def checked_picture(self, image: Any) -> CheckedPicture:
        """Return a picture, wherever it lies; raises what :func:`pyclnf.image.to_grey` does."""
        ...

    def fit_faces(
        self,
        pictures: Sequence[Any],
        boxes: Sequence[Float32Array],
        rotations: Sequence[Sequence[float]],
        settings: FitSettings,
    ) -> list[FitResult]:
        """Fit faces in checked boxes of checked pictures, from head poses; in their order."""
        ...
