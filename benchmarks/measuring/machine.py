"""What the figures were measured on and with."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pyclnf.backends import is_available

__all__ = ["machine", "taken_by_others"]

_TIMES = Path("/proc/stat")
_PACKAGES = ("pyclnf", "numpy", "opencv-python", "opencv-python-headless")


def machine() -> dict[str, Any]:
    """Return processor, level of the kernels' instructions, and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "simd": _simd_level(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def taken_by_others() -> float | None:
    """Return the share of all cores' time that others take while this process sleeps for a second.

    None where the system does not tell.
    """
    if not _TIMES.is_file():
        return None
    before = _idle_and_all()
    time.sleep(1)
    idle, everything = (after - first for after, first in zip(_idle_and_all(), before, strict=True))
    return 1 - idle / everything


def _idle_and_all() -> tuple[int, int]:
    """Return the time that the cores have been idle, and all their time."""
    ticks = [int(each) for each in _TIMES.read_text("ascii").split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _processor() -> str:
    """Return the processor's type."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _simd_level() -> str | None:
    """Return the level that the kernels run at; None without kernels."""
    if not is_available("cython"):
        return None
    from pyclnf.kernels.levels import VARIABLE, available_levels

    return os.environ.get(VARIABLE) or available_levels()[-1]


def _version(package: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
