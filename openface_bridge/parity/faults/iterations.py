"""Faults of the iterations, up to the normal equations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from openface_bridge.parity.faults.fault import Plant
from openface_bridge.parity.faults.planting import Planting
from pyclnf import mean_shift, nu_rlms, similarity
from pyclnf.arithmetic import Arithmetic
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Phase
from pyclnf.pdm import PointDistributionModel, PosedShape
from pyclnf.typing import BoolArray, Float32Array

__all__ = [
    "centred_offsets",
    "exact_kernel",
    "invisible_kept",
    "kernel_off_by_half",
    "negated_column",
    "no_prior",
    "unturned_shifts",
]

_Equations = Callable[[Float32Array, Phase, Float32Array], tuple[Float32Array, Phase, Float32Array]]


def centred_offsets(planting: Planting) -> None:
    """Look into maps that seem to have been made where the shape is now."""
    original = mean_shift.map_offsets

    def faulty(
        landmarks: Float32Array,
        base_landmarks: Float32Array,
        image_to_reference: Float32Array,
        window_size: int,
    ) -> Float32Array:
        return original(landmarks, landmarks, image_to_reference, window_size)

    planting.function(original, faulty)


def kernel_off_by_half(planting: Planting) -> None:
    """Look half a map pixel too far for a kernel."""
    original = KernelTable.build

    def faulty(cls: type[KernelTable], window_size: int, sigma: float) -> KernelTable:
        table = original(window_size, sigma)
        cells = window_size * 10
        later = np.minimum(np.arange(cells) + 5, cells - 1)
        kernels = table.kernels.reshape(cells, cells, -1)[np.ix_(later, later)]
        return replace(table, kernels=kernels.reshape(cells**2, -1))

    planting.method(KernelTable, "build", classmethod(faulty))


def exact_kernel(planting: Planting) -> None:
    """Evaluate kernels where landmarks are, in float64."""

    def faulty(
        response_maps: Float32Array,
        offsets: Float32Array,
        table: KernelTable,
        visible: BoolArray,
    ) -> Float32Array:
        at = np.clip(offsets[visible].astype(np.float64), 0, table.window_size - 0.1)
        index = np.arange(table.window_size)
        exponents = -((at[:, :, None] - index) ** 2) / (2 * table.sigma**2)
        kernel_x, kernel_y = np.exp(exponents).transpose(1, 0, 2)
        weights = response_maps[visible] * kernel_y[:, :, None] * kernel_x[:, None, :]
        sums = weights.sum(axis=(1, 2))
        with np.errstate(invalid="ignore"):  # a map may vanish under its kernel
            mean_x = (weights.sum(axis=1) * index).sum(axis=1) / sums
            mean_y = (weights.sum(axis=2) * index).sum(axis=1) / sums
        shifts = np.zeros_like(offsets)
        shifts[visible] = np.stack((mean_x, mean_y), axis=1) - at
        return shifts

    planting.function(mean_shift.mean_shifts, faulty)


def negated_column(planting: Planting) -> None:
    """Turn the wrong way about the second axis."""
    original = PointDistributionModel.jacobian

    def faulty(self: PointDistributionModel, posed: PosedShape, *, rigid: bool) -> Float32Array:
        jacobian = original(self, posed, rigid=rigid)
        jacobian[:, 2] = -jacobian[:, 2]
        return jacobian

    planting.method(PointDistributionModel, "jacobian", faulty)


def _equations_fault(change: _Equations) -> Plant:
    """Return a fault that sets up the normal equations from something else."""

    def plant(planting: Planting) -> None:
        original = nu_rlms.normal_equations

        def faulty(
            jacobian: Float32Array,
            shifts: Float32Array,
            phase: Phase,
            local: Float32Array,
            arithmetic: Arithmetic,
        ) -> tuple[Float32Array, Float32Array]:
            return original(jacobian, *change(shifts, phase, local), arithmetic)

        planting.function(original, faulty)

    return plant


no_prior = _equations_fault(lambda shifts, phase, local: (shifts, phase, np.zeros_like(local)))
unturned_shifts = _equations_fault(
    lambda shifts, phase, local: (
        similarity.transform(phase.image_to_reference, shifts),
        phase,
        local,
    )
)
invisible_kept = _equations_fault(
    lambda shifts, phase, local: (
        shifts,
        replace(phase, visible=np.ones_like(phase.visible)),
        local,
    )
)
