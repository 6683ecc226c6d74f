"""Backend ``cuda``: many faces at once on a GPU, with the bits of ``cython``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.backends.cuda import single
from pyclnf.backends.cuda.batch import Job, fit_jobs
from pyclnf.backends.cuda.device import Device
from pyclnf.backends.cuda.model import DeviceModel
from pyclnf.backends.cuda.pictures import Pixels
from pyclnf.detector import Detector
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.fitting import FitResult
from pyclnf.image import is_on_device, to_grey
from pyclnf.landmark_parameters import parameters_from_landmarks
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.settings import FitSettings
from pyclnf.typing import AnyArray, BoolArray, Float32Array

__all__ = ["CudaBackend"]


class CudaBackend:
    """Fits on a GPU, see :class:`pyclnf.backends.base.Backend`.

    Batches stay on the device from picture to landmarks. Single fits take the same kernels stage by
    stage, so that observers see what these do; parameters from landmarks, which parts start from,
    are found on the host.

    Parameters
    ----------
    detector : Detector
        Of CCNF experts; built with the reference's order of sums.
    device : Device
    """

    name = "cuda"
    response_backend = "cuda"

    def __init__(self, detector: Detector, device: Device) -> None:
        if not isinstance(detector.experts, CCNFExperts):
            kind = detector.experts.kind
            raise ValueError(
                f"backend: 'cuda' has kernels for CCNF experts only, and those of "
                f"{detector.manifest.path} are {kind}; choose 'cython' or 'numpy'"
            )
        self.detector = detector
        self.arithmetic: Arithmetic = ReferenceOrder()
        self._device = device
        self._model = DeviceModel(device, detector.pdm, detector.experts)

    def using(self, threads: int) -> CudaBackend:
        """Return this backend: a GPU needs no threads."""
        return self

    def on_host(self, image: Any) -> Any:
        """Return a picture that may lie on the device on the host, not checked."""
        if not is_on_device(image):
            return image
        return self._device.download(self._device.adopt(image))

    def checked_picture(self, image: Any) -> Pixels:
        """Return a picture that batches can be fitted on, wherever it lies.

        Raises
        ------
        ValueError
            Naming ``image``, see :func:`pyclnf.image.to_grey`.
        """
        return Pixels.checked(image, self._device)

    def fit_faces(
        self,
        pictures: Sequence[Pixels],
        boxes: Sequence[Float32Array],
        rotations: Sequence[Sequence[float]],
        settings: FitSettings,
    ) -> list[FitResult]:
        """Fit many faces at once, in order; a picture may be that of several.

        Parameters
        ----------
        pictures : sequence of Pixels
            Of each face.
        boxes : sequence of (4,) float32
            Checked ones.
        rotations : sequence of rotations
            The head poses to start from.
        settings : FitSettings

        Raises
        ------
        MemoryError
            If the device has too little for a single face.
        """
        jobs = [
            Job(picture, box, np.array(rotation, np.float32))
            for picture, box, rotation in zip(pictures, boxes, rotations, strict=True)
        ]
        return fit_jobs(jobs, settings, self._model, self.kernels)

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a picture in grey, on the host, wherever it lies."""
        return PaddedImage.of(to_grey(self.on_host(image)))

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return view, similarity, areas of interest and response maps of one scale."""
        return single.responses(self._model, image, posed, scale, window_size)

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size; kept for later fits."""
        self._model.views(scale, window_size).table((view,))

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
        return single.run_phase(self._model, posed, phase, on_iteration)

    def parameters_from_landmarks(self, landmarks: Float32Array) -> Parameters:
        """Return the parameters whose landmarks are nearest to the given ones; on the host."""
        return parameters_from_landmarks(self.detector.pdm, landmarks, self.arithmetic)

    def likelihood(
        self, response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
    ) -> float:
        """Return what :func:`pyclnf.likelihood.log_likelihood` does."""
        return single.log_likelihood(self._model, response_maps, offsets, sigma, visible)
