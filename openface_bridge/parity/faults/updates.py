"""Faults after the normal equations: update, clamp, stopping."""

from __future__ import annotations

import numpy as np

from openface_bridge.parity.faults.planting import Planting
from pyclnf import nu_rlms
from pyclnf.pdm import Parameters, PointDistributionModel, PosedShape
from pyclnf.typing import Float32Array

__all__ = ["added_angles", "early_stop", "no_clamp"]


def added_angles(planting: Planting) -> None:
    """Add small turns to the Euler angles instead of composing rotations."""
    original = PointDistributionModel.updated

    def faulty(self: PointDistributionModel, posed: PosedShape, change: Float32Array) -> Parameters:
        updated = original(self, posed, change)
        updated.global_[1:4] = posed.parameters.global_[1:4] + change[1:4]
        return updated

    planting.method(PointDistributionModel, "updated", faulty)


def no_clamp(planting: Planting) -> None:
    """Let local parameters go anywhere."""

    def faulty(self: PointDistributionModel, parameters: Parameters) -> Parameters:
        return parameters

    planting.method(PointDistributionModel, "clamped", faulty)


def early_stop(planting: Planting) -> None:
    """Stop at 0.1 px."""

    def faulty(before: Float32Array, after: Float32Array) -> bool:
        return bool(np.linalg.norm(after - before) < 0.1)

    planting.function(nu_rlms.has_converged, faulty)
