"""Faults on the way to the response maps: view, similarity, areas of interest, experts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from openface_bridge.parity.faults.fault import Plant
from openface_bridge.parity.faults.planting import Planting
from pyclnf import image, similarity
from pyclnf.arithmetic import Arithmetic
from pyclnf.experts import area_of_interest, ccnf, views, windows
from pyclnf.pdm import Parameters, PointDistributionModel, PosedShape
from pyclnf.typing import AnyArray, ByteArray, Float32Array, Float64Array

__all__ = [
    "channel_mean",
    "clipped_maps",
    "first_view",
    "mean_reference_shape",
    "next_view",
    "no_sigma",
    "normalised_maps",
    "plain_products",
    "transposed_maps",
    "transposed_similarity",
    "upright_areas",
]


def _view_fault(choose: Callable[[int, int], int]) -> Plant:
    """Return a fault that chooses a view, knowing the nearest and how many there are."""

    def plant(planting: Planting) -> None:
        original = views.nearest_view

        def faulty(centers: Float64Array, euler: Float32Array) -> int:
            return choose(original(centers, euler), len(centers))

        planting.function(original, faulty)

    return plant


next_view = _view_fault(lambda nearest, n_views: (nearest + 1) % n_views)
first_view = _view_fault(lambda nearest, n_views: 0)


def transposed_similarity(planting: Planting) -> None:
    """Turn the wrong way round."""
    original = similarity.align

    def faulty(source: Float32Array, target: Float32Array) -> Float32Array:
        return np.ascontiguousarray(original(source, target).T)

    planting.function(original, faulty)


def mean_reference_shape(planting: Planting) -> None:
    """Align with the mean shape, not the current face's."""
    original = PointDistributionModel.reference_shape

    def faulty(self: PointDistributionModel, posed: PosedShape, patch_scale: float) -> Float32Array:
        mean = Parameters(posed.parameters.global_, np.zeros_like(posed.parameters.local))
        return original(self, self.pose(mean), patch_scale)

    planting.method(PointDistributionModel, "reference_shape", faulty)


def upright_areas(planting: Planting) -> None:
    """Sample pixel by pixel."""
    original, unturned = area_of_interest.sample_areas, np.eye(2, dtype=np.float32)

    def faulty(
        image: area_of_interest.PaddedImage,
        landmarks: Float32Array,
        reference_to_image: Float32Array,
        size: int,
    ) -> Float32Array:
        return original(image, landmarks, unturned, size)

    planting.function(original, faulty)


def channel_mean(planting: Planting) -> None:
    """Weigh blue, green and red alike."""

    def faulty(pixels: AnyArray) -> ByteArray:
        grey: ByteArray = np.rint(pixels.mean(axis=2)).astype(np.uint8)
        return grey

    planting.function(image.to_grey, faulty)


def plain_products(planting: Planting) -> None:
    """Correlate windows as they are, neither centred nor of unit norm."""

    def faulty(areas: Float32Array, support: int) -> Float32Array:
        n, positions = len(areas), areas.shape[1] - support + 1
        shape = (support, support)
        found = np.lib.stride_tricks.sliding_window_view(areas, shape, axis=(1, 2))
        columns = found.transpose(0, 4, 3, 2, 1).reshape(n, support**2, positions**2)
        bias = np.ones((n, 1, positions**2), np.float32)
        return np.concatenate((bias, columns / np.float32(255 * support)), axis=1)

    planting.function(windows.normalised_windows, faulty)


def no_sigma(planting: Planting) -> None:
    """Leave out the neighbours."""

    def faulty(
        responses: Float32Array, sigmas: Float32Array, arithmetic: Arithmetic
    ) -> Float32Array:
        return responses

    planting.function(ccnf._apply_sigma, faulty)


def normalised_maps(planting: Planting) -> None:
    """Bring every map to [0, 1]."""

    def faulty(maps: Float32Array) -> Float32Array:
        lifted: Float32Array = maps - maps.min(axis=1, keepdims=True)
        highest: Float32Array = lifted.max(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):  # a flat map
            return lifted / highest

    planting.function(ccnf.shifted_to_zero, faulty)


def transposed_maps(planting: Planting) -> None:
    """Exchange x and y of every map."""
    original = ccnf.response_maps

    def faulty(
        areas: Float32Array,
        experts: ccnf.ViewExperts,
        sigmas: Float32Array,
        arithmetic: Arithmetic,
    ) -> Float32Array:
        return original(areas, experts, sigmas, arithmetic).transpose(0, 2, 1).copy()

    planting.function(original, faulty)


def clipped_maps(planting: Planting) -> None:
    """Clip negative values instead of lifting the map."""

    def faulty(maps: Float32Array) -> Float32Array:
        return np.maximum(maps, np.float32(0))

    planting.function(ccnf.shifted_to_zero, faulty)
