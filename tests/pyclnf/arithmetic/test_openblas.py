"""Orders of the reference's BLAS and LAPACK, seen in the OpenBLAS of NumPy and SciPy."""

from __future__ import annotations

import functools
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy

import pyclnf

TESTS = Path(__file__).parents[2]
KNOWN_VERSIONS = (0, 3, 21), (0, 3, 31)


def openblas_version(library: ModuleType) -> tuple[int, ...]:
    configuration: dict[str, Any] = library.show_config(mode="dicts")
    blas = configuration["Build Dependencies"]["blas"]
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", blas.get("version", ""))
    if "openblas" not in blas.get("name", "") or not found:
        return ()
    return tuple(map(int, found.groups()))


def has_fused_multiply_add() -> bool:
    processor = Path("/proc/cpuinfo")
    flags = processor.read_text().split() if processor.is_file() else []
    return platform.machine() == "x86_64" and {"avx2", "fma"} <= set(flags)


@pytest.mark.skipif(not has_fused_multiply_add(), reason="no Linux on a processor like Haswell")
@pytest.mark.parametrize("library", [np, scipy], ids=lambda library: str(library.__name__))
def test_products_and_inverses_have_the_bits_of_openblas(library: ModuleType):
    version = openblas_version(library)
    if not KNOWN_VERSIONS[0] <= version <= KNOWN_VERSIONS[1]:
        pytest.skip(f"{library.__name__}'s BLAS is not an OpenBLAS 0.3.21 to 0.3.31")
    assert [each for each in differences() if (each[0] == "product") == (library is np)] == []


@functools.cache
def differences() -> list[list[Any]]:
    """Return what differs from OpenBLAS with its Haswell kernels on one thread."""
    roots = [str(Path(pyclnf.__file__).parents[1]), str(TESTS)]
    forced = {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "support.compare_openblas"],
        env={**os.environ, **forced, "PYTHONPATH": os.pathsep.join(roots)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    found: list[list[Any]] = json.loads(run.stdout)
    return found
