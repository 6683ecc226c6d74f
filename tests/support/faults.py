"""Faults that ports of the detector have had, to plant into pyclnf one at a time.

Each is one of the 28 that the comparison with the reference must catch, and replaces one function
of one stage. For tests only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from pyclnf import fitting, image, mean_shift, model, nu_rlms, similarity
from pyclnf.experts import area_of_interest, ccnf, views, windows
from pyclnf.pdm import Parameters, PointDistributionModel

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes
    ----------
    number : str
        Of the list of faults that must be caught; a letter tells variants apart.
    name : str
    stages : tuple of str
        Where it must be reported: the first stage that fails is one of these.
    plant : callable
    in_preparation : bool
        Whether it takes effect when a model is loaded and prepared, not when a face is fitted.
    """

    number: str
    name: str
    stages: tuple[str, ...]
    plant: Plant
    in_preparation: bool = False

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


def substitute(patch: pytest.MonkeyPatch, original: Any, replacement: Any) -> None:
    """Put something in the place of a function wherever one of the packages knows it by name."""
    found = False
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] in ("pyclnf", "openface_bridge"):
            for name, value in list(vars(module).items()):
                if value is original:
                    patch.setattr(module, name, replacement)
                    found = True
    assert found, f"nothing is called {original}"


# ---- Initialisation ----


def _box_fault(change: Callable[[Any, Any], None]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        original = PointDistributionModel.parameters_from_box

        def faulty(self, box, rotation=(0.0, 0.0, 0.0)):
            start = original(self, box, rotation)
            global_ = start.global_.copy()
            change(global_, box)
            return Parameters(global_, start.local)

        patch.setattr(PointDistributionModel, "parameters_from_box", faulty)

    return plant


def _scale_from_width(global_, box) -> None:
    global_[0] = box[2] / np.float32(200)


def _translation_at_corner(global_, box) -> None:
    global_[4:] = box[:2]


def _interleaved(patch: pytest.MonkeyPatch) -> None:
    original = model.read_pdm

    def faulty(path):
        data = original(path)
        n, m = data.n_landmarks, data.n_modes
        mean = data.mean_shape.reshape(n, 3).T.ravel()
        components = data.components.reshape(n, 3, m).transpose(1, 0, 2).reshape(3 * n, m)
        return replace(data, mean_shape=mean, components=components)

    substitute(patch, original, faulty)


# ---- Response maps ----


def _view_fault(choose: Callable[[int, int], int]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        original = views.nearest_view

        def faulty(centers, euler):
            return choose(original(centers, euler), len(centers))

        substitute(patch, original, faulty)

    return plant


def _transposed_similarity(patch: pytest.MonkeyPatch) -> None:
    original = similarity.align
    substitute(patch, original, lambda *shapes: np.ascontiguousarray(original(*shapes).T))


def _mean_reference_shape(patch: pytest.MonkeyPatch) -> None:
    original = PointDistributionModel.reference_shape

    def faulty(self, posed, patch_scale):
        mean = Parameters(posed.parameters.global_, np.zeros_like(posed.parameters.local))
        return original(self, self.pose(mean), patch_scale)

    patch.setattr(PointDistributionModel, "reference_shape", faulty)


def _upright_areas(patch: pytest.MonkeyPatch) -> None:
    original, unturned = area_of_interest.sample_areas, np.eye(2, dtype=np.float32)
    substitute(patch, original, lambda im, at, matrix, size: original(im, at, unturned, size))


def _channel_mean(patch: pytest.MonkeyPatch) -> None:
    substitute(patch, image.to_grey, lambda pixels: np.rint(pixels.mean(axis=2)).astype(np.uint8))


def _plain_products(patch: pytest.MonkeyPatch) -> None:
    def faulty(areas, support):
        n, positions = len(areas), areas.shape[1] - support + 1
        shape = (support, support)
        found = np.lib.stride_tricks.sliding_window_view(areas, shape, axis=(1, 2))
        columns = found.transpose(0, 4, 3, 2, 1).reshape(n, support**2, positions**2)
        bias = np.ones((n, 1, positions**2), np.float32)
        return np.concatenate((bias, columns / np.float32(255 * support)), axis=1)

    substitute(patch, windows.normalised_windows, faulty)


def _no_sigma(patch: pytest.MonkeyPatch) -> None:
    substitute(patch, ccnf._apply_sigma, lambda responses, sigmas, arithmetic: responses)


def _normalised_maps(patch: pytest.MonkeyPatch) -> None:
    def faulty(maps):
        lifted = maps - maps.min(axis=1, keepdims=True)
        return lifted / lifted.max(axis=1, keepdims=True)

    substitute(patch, ccnf.shifted_to_zero, faulty)


def _transposed_maps(patch: pytest.MonkeyPatch) -> None:
    original = ccnf.response_maps
    substitute(patch, original, lambda *args: original(*args).transpose(0, 2, 1).copy())


def _clipped_maps(patch: pytest.MonkeyPatch) -> None:
    substitute(patch, ccnf.shifted_to_zero, lambda maps: np.maximum(maps, np.float32(0)))


def _shifted_records(patch: pytest.MonkeyPatch) -> None:
    original = model.read_ccnf

    def faulty(path):
        patches = original(path)
        kept = iter(expert for view in patches.experts for expert in view if expert is not None)
        records = [*kept]
        filled = [
            records[min(index, len(records) - 1)] if seen else None
            for index, seen in enumerate(patches.visibility.ravel().tolist())
        ]
        n = patches.n_landmarks
        rows = (tuple(filled[first : first + n]) for first in range(0, len(filled), n))
        return replace(patches, experts=tuple(rows))

    substitute(patch, original, faulty)


# ---- Schedule ----


def _plan_fault(change: Callable[[Any], dict[str, float]]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        original = fitting.plan_scale

        def faulty(settings, scale, patch_scales):
            plan = original(settings, scale, patch_scales)
            changes = {name: np.float32(value) for name, value in change(settings).items()}
            return fitting.ScalePlan(**{**vars(plan), **changes})

        substitute(patch, original, faulty)

    return plant


# ---- Iterations ----


def _centred_offsets(patch: pytest.MonkeyPatch) -> None:
    original = mean_shift.map_offsets
    substitute(patch, original, lambda at, base, *rest: original(at, at, *rest))


def _kernel_off_by_half(patch: pytest.MonkeyPatch) -> None:
    original = mean_shift.KernelTable.build

    def faulty(cls, window_size, sigma):
        table = original(window_size, sigma)
        cells = window_size * 10
        later = np.minimum(np.arange(cells) + 5, cells - 1)
        kernels = table.kernels.reshape(cells, cells, -1)[np.ix_(later, later)]
        return replace(table, kernels=kernels.reshape(cells**2, -1))

    patch.setattr(mean_shift.KernelTable, "build", classmethod(faulty))


def _exact_kernel(patch: pytest.MonkeyPatch) -> None:
    def faulty(maps, offsets, table, visible):
        at = np.clip(offsets[visible].astype(np.float64), 0, table.window_size - 0.1)
        index = np.arange(table.window_size)
        exponents = -((at[:, :, None] - index) ** 2) / (2 * table.sigma**2)
        kernel_x, kernel_y = np.exp(exponents).transpose(1, 0, 2)
        weights = maps[visible] * kernel_y[:, :, None] * kernel_x[:, None, :]
        sums = weights.sum(axis=(1, 2))
        mean_x = (weights.sum(axis=1) * index).sum(axis=1) / sums
        mean_y = (weights.sum(axis=2) * index).sum(axis=1) / sums
        shifts = np.zeros_like(offsets)
        shifts[visible] = np.stack((mean_x, mean_y), axis=1) - at
        return shifts

    substitute(patch, mean_shift.mean_shifts, faulty)


def _negated_column(patch: pytest.MonkeyPatch) -> None:
    original = PointDistributionModel.jacobian

    def faulty(self, posed, *, rigid):
        jacobian = original(self, posed, rigid=rigid)
        jacobian[:, 2] = -jacobian[:, 2]
        return jacobian

    patch.setattr(PointDistributionModel, "jacobian", faulty)


def _equations_fault(change: Callable[[Any, Any, Any], tuple[Any, Any, Any]]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        original = nu_rlms.normal_equations

        def faulty(jacobian, shifts, phase, local, arithmetic):
            return original(jacobian, *change(shifts, phase, local), arithmetic)

        substitute(patch, original, faulty)

    return plant


def _added_angles(patch: pytest.MonkeyPatch) -> None:
    original = PointDistributionModel.updated

    def faulty(self, posed, change):
        updated = original(self, posed, change)
        updated.global_[1:4] = posed.parameters.global_[1:4] + change[1:4]
        return updated

    patch.setattr(PointDistributionModel, "updated", faulty)


def _no_clamp(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PointDistributionModel, "clamped", lambda self, parameters: parameters)


def _early_stop(patch: pytest.MonkeyPatch) -> None:
    substitute(
        patch, nu_rlms.has_converged, lambda before, after: np.linalg.norm(after - before) < 0.1
    )


def plant_divergence(patch: pytest.MonkeyPatch) -> None:
    """Let every fit of the candidate diverge in its second scale: not one of the listed faults."""
    original = mean_shift.mean_shifts

    def faulty(maps, offsets, table, visible):
        shifts = original(maps, offsets, table, visible)
        return shifts if table.window_size == 11 else np.full_like(shifts, np.nan)

    substitute(patch, original, faulty)


INITIALISATION, EQUATIONS = ("initialisation",), ("normal equations",)
MAP, AREA, SHIFT = ("response map",), ("area of interest",), ("mean shift",)

FAULTS = (
    Fault("1", "width / 200 as scale", INITIALISATION, _box_fault(_scale_from_width)),
    Fault("2", "translation at the corner", INITIALISATION, _box_fault(_translation_at_corner)),
    Fault("3", "interleaved shape", ("initialisation", "Jacobian"), _interleaved, True),
    Fault("4", "plain products", MAP, _plain_products),
    Fault("5", "no Sigma", MAP, _no_sigma),
    Fault("6", "maps within [0, 1]", MAP, _normalised_maps),
    Fault("7", "transposed maps", MAP, _transposed_maps),
    Fault("8", "negative values clipped", MAP, _clipped_maps),
    Fault("9", "sigma of the first scale", SHIFT, _plan_fault(lambda s: {"sigma": s.sigma})),
    Fault("10", "r of the first scale", EQUATIONS, _plan_fault(lambda s: {"reg_factor": 25.0})),
    Fault("11a", "no weights", EQUATIONS, _plan_fault(lambda s: {"weight_factor": 0.0})),
    Fault("11b", "weight 5", EQUATIONS, _plan_fault(lambda s: {"weight_factor": 5.0})),
    Fault(
        "12", "no pull of the prior", EQUATIONS,
        _equations_fault(lambda shifts, phase, local: (shifts, phase, np.zeros_like(local))),
    ),
    Fault(
        "13", "mean shift not turned back", EQUATIONS,
        _equations_fault(
            lambda shifts, phase, local: (
                similarity.transform(phase.image_to_reference, shifts), phase, local
            )
        ),
    ),
    Fault("14", "areas upright and unscaled", AREA, _upright_areas),
    Fault("15", "kernel off by half a pixel", SHIFT, _kernel_off_by_half, True),
    Fault("16", "rotation column negated", ("Jacobian",), _negated_column),
    Fault("17", "angles added", ("update",), _added_angles),
    Fault("18", "no clamp", ("clamp",), _no_clamp),
    Fault("19", "next view", ("view",), _view_fault(lambda nearest, n: (nearest + 1) % n)),
    Fault("20", "stop at 0.1", ("stopping",), _early_stop),
    Fault("21", "maps of every iteration", ("offsets", "mean shift"), _centred_offsets),
    Fault("22", "transposed similarity", ("similarity",), _transposed_similarity),
    Fault(
        "23", "invisible landmarks kept", EQUATIONS,
        _equations_fault(
            lambda shifts, phase, local: (
                shifts, replace(phase, visible=np.ones_like(phase.visible)), local
            )
        ),
    ),
    Fault("24", "mean of the channels", AREA, _channel_mean),
    Fault("25", "first view", ("view",), _view_fault(lambda nearest, n: 0)),
    Fault("26", "mean shape as reference shape", ("similarity",), _mean_reference_shape),
    Fault("27", "kernel at the exact offset", SHIFT, _exact_kernel),
    Fault("28", "records of the unseen skipped", MAP, _shifted_records, True),
)  # fmt: skip
