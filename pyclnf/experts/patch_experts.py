"""The patch experts of a model: all scales and views, prepared when first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.cache import ArrayCache
from pyclnf.experts.ccnf import ViewExperts
from pyclnf.experts.sigma import sigma_matrices
from pyclnf.experts.sigma_key import sigma_key
from pyclnf.mean_shift import KernelTable
from pyclnf.model import CCNFPatchExperts, ModelFileError
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["PatchExperts", "ScaleExperts"]

_RAW_INTENSITY = 0
_MOST_KERNELS = 8
"""Tables kept: two settings of four windows."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, eq=False)
class ScaleExperts:
    """One scale: its file's content and the view centres in radians.

    Attributes
    ----------
    scale : float
        Pixels of the experts' frame per unit of the model.
    centers : (v, 3) float64
        Euler angles, radians.
    data : CCNFPatchExperts
    """

    scale: float
    centers: Float64Array
    data: CCNFPatchExperts


class PatchExperts:
    """Experts by scale, coarse to fine; safe to share between threads.

    Parameters
    ----------
    scales : sequence of CCNFPatchExperts
        As read from their files, in the manifest's order.
    paths : sequence of Path
        Their files, for error messages.
    n_landmarks : int
        Of the point distribution model they belong to.
    arithmetic : Arithmetic
        How Sigma is inverted.
    cache : ArrayCache, optional
        Keeps Sigma on disk.

    Raises
    ------
    ModelFileError
        If the scales disagree about the number of landmarks, or experts of one file about their
        support, which must be square.
    """

    def __init__(
        self,
        scales: list[CCNFPatchExperts],
        paths: list[Path],
        n_landmarks: int,
        arithmetic: Arithmetic,
        cache: ArrayCache | None = None,
    ) -> None:
        for data, path in zip(scales, paths, strict=True):
            _check_scale(data, path, n_landmarks)
        self.scales = tuple(
            ScaleExperts(data.scale, np.radians(data.view_centers), data) for data in scales
        )
        self.patch_scales = tuple(data.scale for data in scales)
        self._arithmetic = arithmetic
        self._cache = cache
        self._views: dict[tuple[int, int], ViewExperts] = {}
        self._sigmas: dict[tuple[int, int, int], Float32Array] = {}
        self._kernels: dict[tuple[int, float], KernelTable] = {}
        self._lock = threading.Lock()

    def view(self, scale: int, view: int) -> ViewExperts:
        """Return the experts of a scale and view."""
        key = (scale, view)
        if key not in self._views:
            prepared = ViewExperts.prepare(self.scales[scale].data.experts[view])
            return self._kept(self._views, key, prepared)
        return self._views[key]

    def sigmas(self, scale: int, view: int, window_size: int) -> Float32Array:
        """Return Sigma of a view's visible landmarks, (v, p, p) or (v, 1, 1) float32."""
        key = (scale, view, window_size)
        if key not in self._sigmas:
            prepared = self.build_sigmas(scale, view, window_size)
            prepared.setflags(write=False)
            return self._kept(self._sigmas, key, prepared)
        return self._sigmas[key]

    def build_sigmas(self, scale: int, view: int, window_size: int) -> Float32Array:
        """Return what :meth:`sigmas` does, for a caller that keeps them in a form of its own."""
        experts = self.view(scale, view)
        components = self._sigma_components().get(window_size)
        sums, betas, arithmetic = experts.alpha_sums, experts.betas, self._arithmetic

        def build() -> Float32Array:
            return sigma_matrices(sums, betas, components, window_size, arithmetic)

        if self._cache is None or components is None or not (components.size and sums.size):
            return build()
        key = sigma_key(sums, betas, components, arithmetic)
        return self._cache.get(key, (len(sums), *components.shape[1:]), build)

    def kernels(
        self,
        window_size: int,
        sigma: float,
        build: Callable[[int, float], KernelTable] | None = None,
    ) -> KernelTable:
        """Return the mean shift's kernel table for a window size and standard deviation.

        `build` makes it where it is not kept yet, :meth:`KernelTable.build` by default.
        """
        key = (window_size, float(sigma))
        table = self._kernels.get(key)
        if table is None:
            built = (build or KernelTable.build)(window_size, sigma)
            table = self._kept(self._kernels, key, built)
            with self._lock:
                while len(self._kernels) > _MOST_KERNELS:
                    del self._kernels[next(iter(self._kernels))]  # the oldest
        return table

    def _sigma_components(self) -> Mapping[int, Float32Array]:
        """Return the S_k. *Quirk:* those of the file loaded last serve all scales."""
        return self.scales[-1].data.sigma_components

    def _kept(self, cache: dict[_Key, _Value], key: _Key, value: _Value) -> _Value:
        """Keep a prepared value, or return the one another thread has kept meanwhile."""
        with self._lock:
            return cache.setdefault(key, value)


def _check_scale(data: CCNFPatchExperts, path: Path, n_landmarks: int) -> None:
    """Raise a ModelFileError unless this package can evaluate a scale's experts."""
    if data.n_landmarks != n_landmarks:
        expected = f"experts for the {n_landmarks} landmarks of the model's PDM"
        raise ModelFileError(path, expected, f"{data.n_landmarks} landmarks")
    seen = [expert for view in data.experts for expert in view if expert is not None]
    supports = {(expert.width, expert.height) for expert in seen}
    if len(supports) > 1 or any(width != height for width, height in supports):
        raise ModelFileError(path, "experts with one square support", f"{sorted(supports)}")
    kinds = {kind for expert in seen for kind in expert.neuron_types.tolist()}
    if kinds - {_RAW_INTENSITY}:
        expected = f"neurons that look at raw intensity (type {_RAW_INTENSITY})"
        raise ModelFileError(path, expected, f"types {sorted(kinds)}")
