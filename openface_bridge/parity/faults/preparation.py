"""Faults of the initialisation, and of what is read from model files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from openface_bridge.parity.faults.fault import Plant
from openface_bridge.parity.faults.planting import Planting
from pyclnf import model
from pyclnf.model import CCNFExpert, CCNFPatchExperts
from pyclnf.model.pdm_file import PointDistributionModelData
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.typing import Float32Array

__all__ = [
    "confidences_of_first_view",
    "interleaved_shape",
    "scale_from_width",
    "shifted_records",
    "translation_at_corner",
]


def _box_fault(change: Callable[[Float32Array, Float32Array], None]) -> Plant:
    """Return a fault that changes the global parameters derived from a box, in place."""

    def plant(planting: Planting) -> None:
        original = PointDistributionModel.parameters_from_box

        def faulty(
            self: PointDistributionModel,
            box: Float32Array,
            rotation: tuple[float, float, float] = (0.0, 0.0, 0.0),
        ) -> Parameters:
            start = original(self, box, rotation)
            global_ = start.global_.copy()
            change(global_, box)
            return Parameters(global_, start.local)

        planting.method(PointDistributionModel, "parameters_from_box", faulty)

    return plant


def _set_scale(global_: Float32Array, box: Float32Array) -> None:
    global_[0] = box[2] / np.float32(200)


def _set_translation(global_: Float32Array, box: Float32Array) -> None:
    global_[4:] = box[:2]


scale_from_width = _box_fault(_set_scale)
translation_at_corner = _box_fault(_set_translation)


def interleaved_shape(planting: Planting) -> None:
    """Read shapes as x, y, z of each landmark in turn."""
    original = model.read_pdm

    def faulty(path: Path) -> PointDistributionModelData:
        data = original(path)
        n, m = data.n_landmarks, data.n_modes
        mean = data.mean_shape.reshape(n, 3).T.ravel()
        components = data.components.reshape(n, 3, m).transpose(1, 0, 2).reshape(3 * n, m)
        return replace(data, mean_shape=mean, components=components)

    planting.function(original, faulty)


def shifted_records(planting: Planting) -> None:
    """Take a file's records for those of visible landmarks, one after the other."""
    original = model.read_ccnf

    def faulty(path: Path) -> CCNFPatchExperts:
        patches = original(path)
        filled = _closed_up(patches)
        n = patches.n_landmarks
        rows = (tuple(filled[first : first + n]) for first in range(0, len(filled), n))
        return replace(patches, experts=tuple(rows))

    planting.function(original, faulty)


def confidences_of_first_view(planting: Planting) -> None:
    """Trust experts of every view as those of the first one."""
    original = model.read_ccnf

    def faulty(path: Path) -> CCNFPatchExperts:
        patches = original(path)
        first = [0.0 if expert is None else expert.confidence for expert in patches.experts[0]]
        rows = (tuple(map(_trusted, view, first)) for view in patches.experts)
        return replace(patches, experts=tuple(rows))

    planting.function(original, faulty)


def _trusted(expert: CCNFExpert | None, confidence: float) -> CCNFExpert | None:
    """Return an expert with another confidence."""
    return None if expert is None else replace(expert, confidence=confidence)


def _closed_up(patches: CCNFPatchExperts) -> list[CCNFExpert | None]:
    """Return the visible landmarks' experts, each the record of the place that it is at."""
    records = [expert for view in patches.experts for expert in view if expert is not None]
    return [
        records[min(index, len(records) - 1)] if seen else None
        for index, seen in enumerate(patches.visibility.ravel().tolist())
    ]
