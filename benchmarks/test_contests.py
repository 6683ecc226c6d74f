"""OpenFace and pyclnf in turns; each engine proves its results first, see ``measuring.engines``."""

from __future__ import annotations

import os
from typing import Any

import pytest
from measuring.subprocesses import measured_alone

from openface_bridge.native import is_available

RECORDED_KERNEL = "Haswell"
"""The BLAS kernel of the recordings, with which OpenFace and ``cython`` are equal in every bit."""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("kernel", [None, RECORDED_KERNEL], ids=["own kernel", "recorded kernel"])
def test_contest(cores: int, kernel: str | None, findings: dict[str, Any]) -> None:
    """With the BLAS kernel that OpenFace's library takes by itself, and that of the recordings."""
    if len(os.sched_getaffinity(0)) < cores:
        pytest.skip(f"there are no {cores} cores")
    if kernel is not None and not is_available():
        pytest.skip("no OpenFace: there is no choice of kernels")
    brief = ["--brief"] if kernel is not None else []
    chosen = {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": None, "OMP_NUM_THREADS": None}
    found = measured_alone("contest", "--cores", str(cores), *brief, environment=chosen)
    if kernel is not None:
        assert found["openface"]["blas_kernel"] == kernel
        assert found["worst_landmark_px"]["OpenFace"] == 0
        assert found["worst_tracked_landmark_px"]["OpenFace"] == 0
    findings["contests"].append({**found, "kernel": kernel})
