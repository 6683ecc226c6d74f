"""The experts of a scale on a device, view by view as faces come to need them."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np

from pyclnf.backends.cuda.arguments import VIEW
from pyclnf.backends.cuda.device import Array, Device, filled
from pyclnf.experts.ccnf import ViewExperts
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.experts.sum_orders import even_odd_windows, groups
from pyclnf.typing import AnyArray, BoolArray, Float32Array, Int32Array

__all__ = ["ScaleViews", "expert_rows", "shared_bytes"]

_AT_ONCE = 4
"""Neurons that a thread sums at a time; ``neurons_at_once`` in ``kernels/respond.cuh``."""
_MINIMA = 32
"""``minima`` there."""


class ScaleViews:
    """The experts of one scale for one window size, on a device.

    Parameters
    ----------
    device : Device
    experts : CCNFExperts
    scale, window_size : int

    Attributes
    ----------
    weight_groups, sigma_groups : (g, 2) int32 on the device
        Which terms of a neuron's sum, and of Sigma's, are summed by themselves.
    """

    def __init__(self, device: Device, experts: CCNFExperts, scale: int, window_size: int) -> None:
        self.scale, self.window_size = scale, window_size
        self._device, self._experts = device, experts
        self._count = len(experts.scales[scale].centers)
        self._structs = np.zeros(self._count, VIEW)
        self._arrays: dict[int, list[Array]] = {}
        self._table: Array | None = None
        self._lock = threading.Lock()
        self._shared_bytes = 0
        self._support = 1
        self.sigma_groups = device.upload(groups(window_size**2))
        self.weight_groups = device.upload(groups(1))

    @property
    def is_complete(self) -> bool:
        """Whether all views are prepared."""
        return len(self._arrays) == self._count

    @property
    def area_size(self) -> int:
        """Side of the areas of interest, px."""
        return self.window_size + self._support - 1

    @property
    def shared_bytes(self) -> int:
        """Shared memory of a block that makes a response map of any prepared view."""
        return self._shared_bytes

    def table(self, views: Iterable[int]) -> Array:
        """Return the structs of all views on the device, of which these are prepared.

        Where memory runs out on the way, it may be asked for again.

        Raises
        ------
        MemoryError
            If there is no room.
        """
        with self._lock:
            for view in sorted(set(views) - self._arrays.keys()):
                self._table = None  # which lacks this view
                self._prepare(view)
            if self._table is None:
                self._table = self._device.upload(self._structs.view(np.uint8))
            return self._table

    def _prepare(self, view: int) -> None:
        """Lay the experts of a view out on the device."""
        in_view = self._experts.view(self.scale, view)
        arrays: dict[str, AnyArray] = {
            "rows": expert_rows(in_view.visible),
            "confidences": in_view.confidences,
        }
        numbers = {"visible": int(in_view.visible.sum())}
        if in_view.weights.size:
            sigmas = self._experts.build_sigmas(self.scale, view, self.window_size)
            arrays |= _experts_arrays(in_view, sigmas, self.window_size)
            numbers |= {
                "support": in_view.support,
                "neurons": arrays["alphas"].shape[1],
                "scalar_sigmas": int(sigmas.shape[-1] == 1),
            }
            self._measure(in_view.support, numbers["neurons"])
        kept = {name: self._device.upload(array) for name, array in arrays.items()}
        self._structs[view] = filled(self._device, VIEW, kept | numbers)[0]
        self._arrays[view] = list(kept.values())  # last: a view that is here is whole

    def _measure(self, support: int, neurons: int) -> None:
        """Learn what experts of a view take: all of a scale have one support."""
        if support != self._support:
            self.weight_groups = self._device.upload(groups(1 + support**2))
            self._support = support
        taken = shared_bytes(self.window_size, support, neurons)
        self._shared_bytes = max(self._shared_bytes, taken)


def shared_bytes(window_size: int, support: int, neurons: int) -> int:
    """Return the shared memory of a block that makes a response map."""
    area, positions = (window_size + support - 1) ** 2, window_size**2
    padded = -(-neurons // _AT_ONCE) * _AT_ONCE
    return 4 * (area + 2 * positions + _MINIMA + padded * (1 + support**2))


def expert_rows(visible: BoolArray) -> Int32Array:
    """Return which of the visible landmarks' experts each landmark has, -1 for none: (n,)."""
    return np.where(visible, np.cumsum(visible) - 1, -1).astype(np.int32)


def _experts_arrays(
    experts: ViewExperts, sigmas: Float32Array, window_size: int
) -> dict[str, AnyArray]:
    """Return what the kernels take of a view's experts: neurons in fours, Sigma transposed."""
    visible, neurons, terms = experts.weights.shape
    padded = -(-neurons // _AT_ONCE) * _AT_ONCE
    weights = np.zeros((visible, padded, terms), np.float32)
    weights[:, :neurons] = experts.weights
    alphas = np.zeros((visible, padded))
    alphas[:, :neurons] = experts.alphas
    even_odd = np.zeros((padded, window_size**2), np.uint8)
    even_odd[:neurons] = even_odd_windows(neurons, window_size)
    in_fours = weights.reshape(visible, -1, _AT_ONCE, terms).transpose(0, 1, 3, 2)
    return {
        "weights": in_fours,
        "alphas": alphas,
        "even_odd": even_odd,
        "sigmas": sigmas.transpose(0, 2, 1),
    }
