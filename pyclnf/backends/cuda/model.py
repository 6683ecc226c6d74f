"""A model on a device: what all faces of all batches share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from pyclnf.arithmetic.product_order import even_odd_elements
from pyclnf.backends.cuda.arguments import ELEMENT, MODEL, SCALE, Struct, workspace_bytes
from pyclnf.backends.cuda.device import Array, Device, filled
from pyclnf.backends.cuda.views import ScaleViews
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.experts.sum_orders import groups
from pyclnf.mean_shift import KernelTable
from pyclnf.pdm import RIGID, PointDistributionModel

__all__ = ["DeviceModel"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_MOST_TABLES = 8
"""Kernel tables kept: two settings of four windows."""


class DeviceModel:
    """Point distribution model, orders of sums, experts and kernels; safe to share.

    Parameters
    ----------
    device : Device
    pdm : PointDistributionModel
    experts : CCNFExperts

    Attributes
    ----------
    struct : MODEL struct
    term_groups : (g, 2) int32 on the device
        Which rows of a Jacobian are summed by themselves.
    workspace_bytes : int
        Memory of a block that fits a scale.
    """

    def __init__(self, device: Device, pdm: PointDistributionModel, experts: CCNFExperts) -> None:
        self.device, self.pdm, self.experts = device, pdm, experts
        self._lock = threading.Lock()
        self._views: dict[tuple[int, int], ScaleViews] = {}
        self._tables: dict[int, tuple[KernelTable, Array]] = {}
        self._centers = [device.upload(scale.centers) for scale in experts.scales]
        self._arrays = [
            device.upload(array)
            for array in (pdm.mean_shape, pdm.components, pdm.components.T, pdm.limits)
        ]
        counts = {"landmarks": pdm.n_landmarks, "modes": pdm.n_modes}
        named = dict(zip(("mean", "components", "by_mode", "limits"), self._arrays, strict=True))
        self.struct = filled(device, MODEL, named | counts)
        self.term_groups = device.upload(groups(2 * pdm.n_landmarks))
        self.workspace_bytes = workspace_bytes(pdm.n_landmarks, pdm.n_modes)
        self._elements: dict[tuple[int, bool], tuple[Array, Struct]] = {}

    def centers(self, scale: int) -> Array:
        """Return the centres of a scale's views, (v, 3) float64, radians."""
        return self._centers[scale]

    def views(self, scale: int, window_size: int) -> ScaleViews:
        """Return the experts of a scale for a window size."""
        return self._kept(
            self._views,
            (scale, window_size),
            lambda: ScaleViews(self.device, self.experts, scale, window_size),
        )

    def elements(self, *, rigid: bool, whole: bool = False) -> Struct:
        """Return which sums a phase's matrix has: of the lower triangle, or of the whole."""
        size = RIGID if rigid else RIGID + self.pdm.n_modes
        return self._kept(self._elements, (size, whole), lambda: self._listed(size, whole))[1]

    def table(self, kernels: KernelTable) -> Array:
        """Return the kernels of a mean shift on the device, kept from then on."""
        kept = self._tables.get(id(kernels.kernels))
        if kept is None:
            uploaded = self.device.upload(kernels.kernels)
            with self._lock:
                while len(self._tables) >= _MOST_TABLES:
                    del self._tables[next(iter(self._tables))]  # the oldest
                self._tables[id(kernels.kernels)] = kept = (kernels, uploaded)
        return kept[1]

    def _listed(self, size: int, whole: bool) -> tuple[Array, Struct]:
        """List sums, those of one order after one another: neighbours take the same way."""
        even_odd = even_odd_elements(size, size)
        wanted = np.ones((size, size), np.bool_) if whole else np.tri(size, dtype=np.bool_)
        rows, columns = np.nonzero(wanted)
        listed = np.empty(len(rows), ELEMENT)
        listed["row"], listed["column"], listed["even_odd"] = rows, columns, even_odd[wanted]
        listed = listed[np.argsort(listed["even_odd"], kind="stable")]
        array = self.device.upload(listed.view(np.uint8))
        struct = np.zeros(1, SCALE["rigid"])
        struct["all"], struct["count"] = self.device.address(array), len(listed)
        return array, struct

    def _kept(self, kept: dict[_Key, _Value], key: _Key, make: Callable[[], _Value]) -> _Value:
        """Return what is kept under a key, made where it is missing."""
        if key not in kept:
            made = make()
            with self._lock:
                return kept.setdefault(key, made)
        return kept[key]
