"""Faults of what each scale is fitted with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from openface_bridge.parity.faults.fault import Plant
from openface_bridge.parity.faults.planting import Planting
from pyclnf import scale_plan
from pyclnf.scale_plan import ScalePlan
from pyclnf.settings import FitSettings

__all__ = [
    "constant_reg_factor",
    "constant_sigma",
    "no_weights",
    "weight_of_five",
]


def _plan_fault(change: Callable[[FitSettings], dict[str, float]]) -> Plant:
    """Return a fault that changes numbers of every scale's plan."""

    def plant(planting: Planting) -> None:
        original = scale_plan.plan_scale

        def faulty(settings: FitSettings, scale: int, patch_scales: tuple[float, ...]) -> ScalePlan:
            plan = original(settings, scale, patch_scales)
            changes = {name: np.float32(value) for name, value in change(settings).items()}
            return ScalePlan(**{**vars(plan), **changes})

        planting.function(original, faulty)

    return plant


constant_sigma = _plan_fault(lambda settings: {"sigma": settings.sigma})
constant_reg_factor = _plan_fault(lambda settings: {"reg_factor": 25.0})
no_weights = _plan_fault(lambda settings: {"weight_factor": 0.0})
weight_of_five = _plan_fault(lambda settings: {"weight_factor": 5.0})
