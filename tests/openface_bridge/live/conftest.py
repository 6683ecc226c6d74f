"""Fixtures of the bridge's tests: the compiled bridge, with the BLAS kernel of the recordings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.model_files import draw_blobs, write_small_model

from openface_bridge.native import BridgeUnavailableError, native
from pyclnf.backends import create_backend

RECORDED_KERNEL = "Haswell"


def _has_avx2() -> bool:
    """Tell whether this is a processor whose OpenBLAS can be told to use the recorded kernel."""
    try:
        return "avx2" in Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False


@pytest.fixture(scope="session")
def bridge() -> Iterator[Any]:
    """The compiled bridge; OpenBLAS chooses its kernel when the bridge is first imported."""
    chosen = {"OPENBLAS_CORETYPE": RECORDED_KERNEL} if _has_avx2() else {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in chosen.items():
            patch.setenv(name, os.environ.get(name, value))
        try:
            yield native()
        except BridgeUnavailableError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def recorded_kernel(bridge: Any) -> None:
    """Skips where the bridge does not use the recordings' BLAS kernel."""
    kernel = bridge.system()["blas_kernel"]
    if kernel not in {RECORDED_KERNEL, "Zen"}:
        pytest.skip(f"the recordings were made with kernel {RECORDED_KERNEL}, this is {kernel}")


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Manifest of a small model of our own."""
    return write_small_model(tmp_path_factory.mktemp("model"), 0, 16, 5, (0.25, 0.35, 0.5))


@pytest.fixture(scope="session")
def small(bridge: Any, small_model: Path) -> Any:
    """The small model, loaded by OpenFace."""
    return bridge.Model(str(small_model))


@pytest.fixture(scope="session")
def blobs(small_model: Path) -> tuple[Any, Any]:
    """A picture that the small model can be fitted to, uint8, and a box."""
    pdm = create_backend("numpy", small_model).detector.pdm
    local = np.zeros(pdm.n_modes, np.float32)
    local[0] = np.sqrt(pdm.eigenvalues[0])
    truth = pdm.shape_2d(np.array([1.2, 0.1, -0.1, 0.05, 150, 160], np.float32), local)
    image = draw_blobs(truth, 1.2, (320, 300)).round().astype(np.uint8)
    low, high = truth.min(axis=0), truth.max(axis=0)
    return image, np.array([*(low + 3), *(high - low)], np.float32)
