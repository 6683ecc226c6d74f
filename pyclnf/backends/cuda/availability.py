"""Whether backend ``cuda`` can be used here, and if not, why."""

from __future__ import annotations

import importlib.util
from functools import cache

__all__ = ["Problem", "problem"]

Problem = tuple[str, str]
"""What is missing, which ends a sentence that begins with the backend's name, and what to do."""

_CUPY = (
    "For a driver of CUDA 12, pip install cupy-cuda12x nvidia-cuda-nvrtc-cu12; for one of CUDA 13, "
    "pip install cupy-cuda13x nvidia-cuda-nvrtc. In a clone of pyclnf, these are its extras "
    "'cuda12' and 'cuda13'"
)
"""By their own names: the package index has another project's pyclnf."""
_DRIVER = "Install NVIDIA's driver, or choose 'auto'"


def problem() -> Problem | None:
    """Return what keeps the backend from working here; None if nothing.

    Imports CuPy where it is installed, and has it ask the driver for devices.
    """
    if importlib.util.find_spec("cupy") is None:
        return "needs CuPy, which is not installed", _CUPY
    return _device_problem()


@cache
def _device_problem() -> Problem | None:
    """Return why CuPy has no device."""
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # whatever keeps a driver or its library from being used
        return f"finds no usable CUDA device or driver ({error})", _DRIVER
    return None if count else ("finds no CUDA device", _DRIVER)
