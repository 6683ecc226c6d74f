"""Batches of faces on the kernels of backend cuda, and what they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pyclnf import CLNF, FitResult, FitSettings
from pyclnf.backends import is_available
from pyclnf.backends.cuda import exact_order
from pyclnf.backends.cuda.backend import CudaBackend
from pyclnf.backends.cuda.device import Device
from pyclnf.detector import load_detector


@dataclass(frozen=True)
class Case:
    """A face to be fitted."""

    picture: npt.NDArray[Any]
    box: Sequence[float]
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0)


class OnDevice:
    """Stands in for an array in a GPU's memory: NumPy cannot convert it."""

    __cuda_array_interface__: ClassVar = {"version": 3}

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = array

    def __array__(self, *_: Any, **__: Any) -> npt.NDArray[Any]:
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def get(self) -> npt.NDArray[Any]:
        return self.array


def open_backend(manifest: Path, device: Device) -> CudaBackend:
    """Load a model onto a device."""
    return CudaBackend(load_detector(manifest, exact_order()), device)


def fit_batch(
    backend: CudaBackend, cases: Sequence[Case], settings: FitSettings | None = None
) -> list[FitResult]:
    """Fit all faces at once."""
    return backend.fit_faces(
        [backend.checked_picture(case.picture) for case in cases],
        [np.array(case.box, np.float32) for case in cases],
        [case.rotation for case in cases],
        settings or FitSettings(),
    )


def fit_one_by_one(
    manifest: Path, cases: Sequence[Case], settings: FitSettings | None = None
) -> list[FitResult]:
    """Fit the same faces on the host, with exact sums."""
    clnf = CLNF(manifest, backend="cython" if is_available("cython") else "numpy-exact")
    return [clnf.fit(case.picture, case.box, settings, rotation=case.rotation) for case in cases]


def assert_same_bits(found: Sequence[FitResult], expected: Sequence[FitResult]) -> None:
    """Compare all that results hold."""
    assert len(found) == len(expected)
    for index, (one, other) in enumerate(zip(found, expected, strict=True)):
        for name in ("landmarks", "params_global", "params_local"):
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), (index, name)
        rest = [(r.success, r.view, r.failure) for r in (one, other)]
        assert rest[0] == rest[1], index
        # Where the compiled backend is missing, NumPy's logarithm and exponential serve.
        np.testing.assert_allclose(one.likelihood, other.likelihood, rtol=1e-6, atol=0)
