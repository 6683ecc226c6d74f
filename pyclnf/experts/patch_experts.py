"""The patch experts of a model: all scales and views, prepared when first needed."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.mean_shift import KernelTable
from pyclnf.model import ModelFileError
from pyclnf.typing import BoolArray, Float32Array, Float64Array

__all__ = [
    "AnyPatchExperts",
    "InView",
    "PatchExperts",
    "ScaleExperts",
    "check_support",
]

_MOST_KERNELS = 8
"""Tables kept: two settings of four windows."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class ScaleData(Protocol):
    """What the file of a scale tells, whatever the kind of its experts."""

    @property
    def scale(self) -> float:
        """Pixels of the experts' frame per unit of the model."""
        ...

    @property
    def view_centers(self) -> Float64Array:
        """Euler angles, (v, 3), degrees."""
        ...

    @property
    def n_landmarks(self) -> int:
        """Number of landmarks, n."""
        ...


class InView(Protocol):
    """The experts of one scale and view, of any kind."""

    @property
    def visible(self) -> BoolArray:
        """Which landmarks there are maps of, (n,)."""
        ...

    @property
    def confidences(self) -> Float32Array:
        """Weights of landmarks in a weighted fit, (n,); 0 for invisible ones."""
        ...

    @property
    def support(self) -> int:
        """Side of the experts' windows, px."""
        ...


_Data = TypeVar("_Data", bound=ScaleData)
_View = TypeVar("_View", bound=InView)


@dataclass(frozen=True, eq=False)
class ScaleExperts(Generic[_Data]):
    """One scale: its file's content and the view centres in radians.

    Attributes
    ----------
    scale : float
        Pixels of the experts' frame per unit of the model.
    centers : (v, 3) float64
        Euler angles, radians.
    data : as read from the file
    """

    scale: float
    centers: Float64Array
    data: _Data


class PatchExperts(ABC, Generic[_Data, _View]):
    """Experts of one kind by scale, coarse to fine; safe to share between threads.

    A kind of experts is a class that says how those of a view are prepared, and how they respond.

    Parameters
    ----------
    scales : sequence
        As read from their files, in the manifest's order.
    paths : sequence of Path
        Their files, for error messages.
    n_landmarks : int
        Of the point distribution model they belong to.
    arithmetic : Arithmetic
        How order-dependent sums are done.

    Attributes
    ----------
    kind : str
        What such experts are called.
    scales : tuple of ScaleExperts
    patch_scales : tuple of float

    Raises
    ------
    ModelFileError
        If a scale's number of landmarks is another one.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        scales: Sequence[_Data],
        paths: Sequence[Path],
        n_landmarks: int,
        arithmetic: Arithmetic,
    ) -> None:
        for data, path in zip(scales, paths, strict=True):
            if data.n_landmarks != n_landmarks:
                expected = f"experts for the {n_landmarks} landmarks of the model's PDM"
                raise ModelFileError(path, expected, f"{data.n_landmarks} landmarks")
        self.scales = tuple(
            ScaleExperts(data.scale, np.radians(data.view_centers), data) for data in scales
        )
        self.patch_scales = tuple(data.scale for data in scales)
        self._arithmetic = arithmetic
        self._views: dict[tuple[int, int], _View] = {}
        self._kernels: dict[tuple[int, float], KernelTable] = {}
        self._lock = threading.Lock()

    def view(self, scale: int, view: int) -> _View:
        """Return the experts of a scale and view."""
        key = (scale, view)
        if key not in self._views:
            return self._kept(self._views, key, self._prepared(scale, view))
        return self._views[key]

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size, as :meth:`response_maps` does if need be."""
        self.view(scale, view)

    @abstractmethod
    def _prepared(self, scale: int, view: int) -> _View:
        """Prepare the experts of a scale and view."""

    @abstractmethod
    def response_maps(self, areas: Float32Array, scale: int, view: int) -> Float32Array:
        """Return the response maps of a view's visible landmarks.

        Parameters
        ----------
        areas : (v, s, s) float32
            Their areas of interest, s = window + support - 1.
        scale, view : int

        Returns
        -------
        (v, window, window) float32
            First axis y. Not negative, as far as it is up to this package: a network's last layer
            may be anything.
        """

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

    def _kept(self, cache: dict[_Key, _Value], key: _Key, value: _Value) -> _Value:
        """Keep a prepared value, or return the one another thread has kept meanwhile."""
        with self._lock:
            return cache.setdefault(key, value)


AnyPatchExperts: TypeAlias = PatchExperts[Any, Any]
"""Experts of whichever kind a model has."""


def check_support(path: Path, supports: Iterable[tuple[int, int]]) -> None:
    """Raise a ModelFileError unless all experts of a file have one square support.

    Parameters
    ----------
    path : Path
    supports : iterable of (int, int)
        Width and height of each visible landmark's expert.
    """
    found = set(supports)
    if len(found) > 1 or any(width != height for width, height in found):
        raise ModelFileError(path, "experts with one square support", f"{sorted(found)}")
