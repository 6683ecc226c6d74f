"""Stages of one face on the kernels of many, for observers and comparisons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pyclnf.backends.cuda import stages
from pyclnf.backends.cuda.arguments import RECORD, STATE, VIEW
from pyclnf.backends.cuda.device import Array, filled
from pyclnf.backends.cuda.faces import DIVERGED, Faces
from pyclnf.backends.cuda.model import DeviceModel
from pyclnf.backends.cuda.pictures import uploaded_frames
from pyclnf.backends.cuda.views import expert_rows
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import RIGID, Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.typing import AnyArray, BoolArray, Float32Array

__all__ = ["log_likelihood", "responses", "run_phase"]

_STATE = ("global_", "local", "rotation", "shape", "landmarks")


def responses(
    model: DeviceModel, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
) -> Responses:
    """Do what :func:`pyclnf.responses.compute_responses` does."""
    device = model.device
    faces = _of_shape(model, posed)
    stages.place(model, faces, scale)
    view, to_reference, to_image = faces.downloaded(device, "views", "to_reference", "to_image")
    views = model.views(scale, window_size)
    views.table(view.tolist())
    n, size = model.pdm.n_landmarks, views.area_size
    areas = device.upload(np.zeros((1, n, size, size), np.float32))
    maps = device.upload(np.zeros((1, n, window_size, window_size), np.float32))
    stages.respond(model, faces, uploaded_frames(device, image), views, maps, areas)
    in_view = model.experts.view(scale, int(view[0]))
    return Responses(
        view=int(view[0]),
        image_to_reference=to_reference[0],
        reference_to_image=to_image[0],
        base_landmarks=posed.landmarks,
        areas=device.download(areas)[0],
        maps=device.download(maps)[0],
        visible=in_view.visible,
        confidences=in_view.confidences,
    )


def run_phase(
    model: DeviceModel,
    posed: PosedShape,
    phase: Phase,
    on_iteration: Callable[[int, Iteration], None] | None = None,
) -> PhaseResult:
    """Do what :func:`pyclnf.nu_rlms.run_phase` does, with every sum in the reference's order."""
    device = model.device
    similarity = {"to_reference": phase.image_to_reference, "to_image": phase.reference_to_image}
    faces = _of_shape(model, posed, similarity)
    record = None if on_iteration is None else _Record(model, phase)
    weights = phase.landmark_weights
    # Whatever a phase is not to use may be anything.
    prior = np.zeros(RIGID + model.pdm.n_modes, np.float32)
    prior[: len(phase.prior)] = phase.prior
    views, kept = _view_of(model, phase.visible, weights)
    work = stages.ScaleWork(
        views=views,
        maps=device.upload(phase.response_maps[None]),
        kernels=model.table(phase.kernels),
        prior=device.upload(prior),
        base=device.upload(phase.base_landmarks[None]),
        window_size=phase.kernels.window_size,
        max_iterations=phase.max_iterations,
        phases=stages.RIGID_PHASE if phase.rigid else stages.NONRIGID_PHASE,
        likelihood=stages.NO_LIKELIHOOD,
        weight_factor=np.float32(weights is not None),
        sigma=np.float32(1),
        record=None if record is None else record.struct,
    )
    stages.fit_scale(model, faces, work)
    names = ("offsets", "status", "iterations", "reshaped", *_STATE)
    offsets, status, iterations, reshaped, *state = faces.downloaded(device, *names)
    del kept
    if on_iteration is not None and record is not None:
        for index, iteration in enumerate(record.iterations(int(iterations.max()))):
            on_iteration(index, iteration)
    arrays = [array[0] for array in state]
    if not reshaped[0]:  # the same arrays, so that nobody derives a 3D shape from them anew
        arrays[1], arrays[3] = posed.parameters.local, posed.shape_3d
    return PhaseResult(_posed(arrays), offsets[0], bool(status[0] == DIVERGED))


def log_likelihood(
    model: DeviceModel,
    response_maps: Float32Array,
    offsets: Float32Array,
    sigma: float,
    visible: BoolArray,
) -> float:
    """Do what :func:`pyclnf.likelihood.log_likelihood` does."""
    device = model.device
    if not visible.any():
        return float("nan")
    given = {"views": np.zeros(1, np.int32), "offsets": offsets[None]}
    faces = Faces.allocated(model, 1, given)
    views, kept = _view_of(model, visible, None)
    work = stages.ScaleWork(
        views=views,
        maps=device.upload(response_maps[None]),
        kernels=None,
        prior=None,
        base=faces.landmarks,
        window_size=response_maps.shape[-1],
        max_iterations=1,
        phases=stages.NO_PHASE,
        likelihood=stages.OF_ALL_FACES,
        weight_factor=np.float32(0),
        sigma=np.float32(sigma),
    )
    stages.fit_scale(model, faces, work)
    (likelihoods,) = faces.downloaded(device, "likelihoods")
    del kept
    return float(likelihoods[0])


class _Record:
    """Memory for what an observer is told of all iterations of a phase."""

    def __init__(self, model: DeviceModel, phase: Phase) -> None:
        n, m = model.pdm.n_landmarks, model.pdm.n_modes
        c = RIGID if phase.rigid else RIGID + m
        device = self._device = model.device
        before = {"global_": (RIGID,), "local": (m,), "rotation": (3, 3)}
        before |= {"shape": (3, n), "landmarks": (n, 2)}
        after: dict[str, tuple[int, ...]] = {"offsets": (n, 2), "mean_shifts": (n, 2)}
        after |= {"jacobian": (2 * n, c), "hessian": (c, c), "right": (c,), "change": (c,)}
        after |= {"global_": (RIGID,), "local": (m,)}

        def allocated(shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
            count = phase.max_iterations
            return {k: device.empty((count, *shape), np.float32) for k, shape in shapes.items()}

        self._before, self._after = allocated(before), allocated(after)
        state = filled(device, STATE, self._before)
        struct = filled(device, RECORD, {"before": state, **self._after})
        self.struct = device.upload(struct.view(np.uint8))

    def iterations(self, count: int) -> list[Iteration]:
        """Return what the first iterations have left."""
        arrays = [*self._before.values(), *self._after.values()]
        downloaded = [self._device.download(array) for array in arrays]
        return [_iteration([array[index] for array in downloaded]) for index in range(count)]


def _iteration(arrays: Sequence[AnyArray]) -> Iteration:
    """Return an iteration from its arrays, in the order of a record."""
    offsets, shifts, jacobian, hessian, right, change, global_, local = arrays[5:]
    parameters = Parameters(global_, local)
    return Iteration(
        _posed(arrays[:5]), offsets, shifts, jacobian, hessian, right, change, parameters
    )


def _posed(arrays: Sequence[Any]) -> PosedShape:
    """Return a shape from its arrays."""
    global_, local, rotation, shape_3d, landmarks = arrays
    return PosedShape(Parameters(global_, local), rotation, shape_3d, landmarks)


def _of_shape(
    model: DeviceModel, posed: PosedShape, given: Mapping[str, AnyArray] | None = None
) -> Faces:
    """Return a batch of one face, of a shape; its view is the first one."""
    parameters = posed.parameters
    arrays = (parameters.global_, parameters.local, posed.rotation, posed.shape_3d, posed.landmarks)
    named = dict(zip(_STATE, arrays, strict=True)) | dict(given or {})
    whole = {name: array[None] for name, array in named.items()}
    whole |= {"views": np.zeros(1, np.int32), "iterations": np.zeros((1, 2), np.int32)}
    return Faces.allocated(model, 1, whole)


def _view_of(
    model: DeviceModel, visible: BoolArray, weights: Float32Array | None
) -> tuple[Array, list[Array]]:
    """Return the struct of a view of which only visibility and weights count, and its arrays."""
    device = model.device
    confidences = np.zeros(len(visible), np.float32) if weights is None else weights
    kept = [device.upload(expert_rows(visible)), device.upload(confidences)]
    values = {"rows": kept[0], "confidences": kept[1], "visible": int(visible.sum())}
    # A phase without visible landmarks is asked for by comparisons only: it stands still.
    values["visible"] = max(values["visible"], 1)
    return device.upload(filled(device, VIEW, values).view(np.uint8)), kept
