"""Many faces at once, from grey pictures to landmarks, without leaving the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pyclnf import fitting, scale_plan
from pyclnf.backends.cuda import stages
from pyclnf.backends.cuda.faces import DIVERGED, NONE_VISIBLE, TOO_SMALL, Faces
from pyclnf.backends.cuda.model import DeviceModel
from pyclnf.backends.cuda.pictures import Pixels, make_grey
from pyclnf.fitting import FitResult
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import regularisation
from pyclnf.scale_plan import ScalePlan
from pyclnf.settings import FitSettings
from pyclnf.typing import AnyArray, Float32Array, IntArray

__all__ = ["Job", "fit_jobs", "in_halves"]

_MOST_FACES = 4096
"""Of one batch; a larger one gains nothing and takes more memory."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class Job:
    """A face to be fitted.

    Attributes
    ----------
    picture : Pixels
        Shared by all jobs that are on it.
    box : (4,) float32
    rotation : (3,) float32
        The head pose to start from: Euler angles, radians.
    """

    picture: Pixels
    box: Float32Array
    rotation: Float32Array


def fit_jobs(
    jobs: Sequence[Job],
    settings: FitSettings,
    model: DeviceModel,
    tables: Callable[[int, float], KernelTable],
) -> list[FitResult]:
    """Fit faces, as many at once as there is memory for.

    Parameters
    ----------
    jobs : sequence of Job
    settings : FitSettings
    model : DeviceModel
    tables : callable
        Returns the kernels of a window size and sigma.

    Returns
    -------
    list of FitResult
        In the order of the jobs; each as :func:`pyclnf.fitting.fit` finds it.

    Raises
    ------
    MemoryError
        If there is too little for a single face.
    """

    def fit(some: Sequence[Job]) -> list[FitResult]:
        return _Batch(some, settings, model, tables).run()

    results: list[FitResult] = []
    for first in range(0, len(jobs), _MOST_FACES):
        some = jobs[first : first + _MOST_FACES]
        results += in_halves(fit, some, model.device.release)
    return results


def in_halves(
    work: Callable[[Sequence[_Item]], list[_Result]],
    items: Sequence[_Item],
    release: Callable[[], None],
) -> list[_Result]:
    """Work on all items at once, on halves where memory runs out, down to single ones.

    Parameters
    ----------
    work : callable
        Returns a result for each item.
    items : sequence
    release : callable
        Gives back memory before the next attempt.

    Raises
    ------
    MemoryError
        If a single item is too much.
    """
    try:
        return work(items)
    except MemoryError as error:
        if len(items) == 1:
            message = f"cuda: the device has too little memory for a single face: {error}"
            raise MemoryError(message) from error
    release()
    middle = len(items) // 2
    first = in_halves(work, items[:middle], release)
    return first + in_halves(work, items[middle:], release)


class _Batch:
    """Faces that are fitted together."""

    def __init__(
        self,
        jobs: Sequence[Job],
        settings: FitSettings,
        model: DeviceModel,
        tables: Callable[[int, float], KernelTable],
    ) -> None:
        self._settings, self._model, self._tables = settings, model, tables
        self._device = model.device
        pictures, frame_of = _distinct([job.picture for job in jobs])
        self._frames = make_grey(self._device, pictures, frame_of)
        self._faces = Faces.allocated(model, len(jobs))
        boxes = self._device.upload(np.array([job.box for job in jobs], np.float32))
        turns = self._device.upload(np.array([job.rotation for job in jobs], np.float32))
        stages.start(model, self._faces, boxes, turns)

    def run(self) -> list[FitResult]:
        """Fit from coarse to fine."""
        plans = scale_plan.plan_scales(self._settings, self._model.experts.patch_scales)
        sigmas = scale_plan.kernel_sigmas(plans)
        for plan in plans:
            self._fit_scale(plan, self._tables(plan.window_size, sigmas[plan.window_size]))
        return self._results()

    def _fit_scale(self, plan: ScalePlan, kernels: KernelTable) -> None:
        """Make the response maps of a scale, and run its phases on those that can go on."""
        model, faces, size = self._model, self._faces, plan.window_size
        views = model.views(plan.scale, size)
        maps = self._device.empty((faces.count, model.pdm.n_landmarks, size, size), np.float32)
        stages.place(model, faces, plan.scale)
        stages.respond(model, faces, self._frames, views, maps)
        prior = regularisation(model.pdm.eigenvalues, plan.reg_factor, rigid=False)
        work = stages.ScaleWork(
            views=views.table(()),
            maps=maps,
            kernels=model.table(kernels),
            prior=self._device.upload(prior),
            base=faces.landmarks,
            window_size=size,
            max_iterations=self._settings.max_iterations,
            phases=stages.BOTH_PHASES,
            likelihood=self._likelihood_of(plan.scale),
            weight_factor=plan.weight_factor,
            sigma=plan.sigma,
        )
        stages.fit_scale(model, faces, work)

    def _likelihood_of(self, scale: int) -> int:
        """Tell of which faces a scale gives the likelihood."""
        n_scales, any_size = len(self._model.experts.scales), np.float32(np.inf)
        due = scale_plan.is_likelihood_due(scale, self._settings, n_scales, any_size)
        return stages.OF_ALL_FACES if due else stages.OF_SMALL_FACES

    def _results(self) -> list[FitResult]:
        """Bring the faces home."""
        names = ("landmarks", "global_", "local", "likelihoods", "status", "views", "scales")
        arrays = self._faces.downloaded(self._device, *names)
        return [_result(*of_face) for of_face in zip(*arrays, strict=True)]


def _result(
    landmarks: Float32Array,
    global_: Float32Array,
    local: Float32Array,
    likelihood: np.float64,
    status: np.int32,
    view: np.int32,
    scale: np.int32,
) -> FitResult:
    """Return the result of a face; its arrays do not keep those of the others."""
    failure = _failure(int(status), float(global_[0]), int(view), int(scale))
    return FitResult(
        landmarks=landmarks.copy(),
        params_global=global_.copy(),
        params_local=local.copy(),
        likelihood=float(likelihood),
        success=not failure,
        view=int(view),
        failure=failure,
    )


def _failure(status: int, face_scale: float, view: int, scale: int) -> str:
    """Return why a face could not go on; empty if it could."""
    if status == DIVERGED:
        return fitting.NOT_FINITE
    if status == TOO_SMALL:
        return fitting.too_small(face_scale)
    return fitting.none_visible(view, scale) if status == NONE_VISIBLE else ""


def _distinct(pictures: Sequence[Pixels]) -> tuple[list[Pixels], IntArray]:
    """Return the different ones of some pictures, and which of them each one is."""
    numbers: dict[int, int] = {}
    different: list[Pixels] = []
    frame_of: AnyArray = np.empty(len(pictures), np.intp)
    for index, picture in enumerate(pictures):
        if id(picture) not in numbers:
            numbers[id(picture)] = len(different)
            different.append(picture)
        frame_of[index] = numbers[id(picture)]
    return different, frame_of
