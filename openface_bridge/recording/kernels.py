"""Fits with another BLAS kernel, each kernel in a process of its own: OpenBLAS chooses at start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.reference import Case
from openface_bridge.starts import Start
from openface_bridge.trace import TraceError, read_arrays

__all__ = ["KERNELS", "KernelFits", "check_kernels"]

Array = npt.NDArray[Any]

KERNELS = ("Haswell", "SkylakeX", "Nehalem", "Prescott")
"""Kernels of x86 processors that add in different orders."""

_OTHERS = (
    *("Atom", "Barcelona", "Bobcat", "Bulldozer", "Cooperlake", "Core2", "Dunnington", "Excavator"),
    *("Nano", "Opteron", "Opteron_SSE3", "Penryn", "Piledriver", "Sandybridge", "SapphireRapids"),
    *("Steamroller", "Zen"),
)
"""Further ones that OpenBLAS can be told to take there."""

_KERNEL_IN_USE = "kernel"


def check_kernels(names: Sequence[str]) -> None:
    """Raise a ValueError unless OpenBLAS knows kernels of all these names, in any spelling."""
    known = {kernel.lower() for kernel in (*KERNELS, *_OTHERS)}
    for name in names:
        if name.lower() not in known:
            raise ValueError(
                f"kernels: OpenBLAS has none called {name!r}; it has {', '.join(KERNELS)}, and "
                f"{', '.join(_OTHERS)}"
            )


class KernelFits:
    """Plain fits to be repeated with several kernels.

    Parameters
    ----------
    fits : sequence of (Case, Path, Path, Start)
        Case, manifest, picture and start of each.
    """

    def __init__(self, fits: Sequence[tuple[Case, Path, Path, Start]]) -> None:
        self._cases = [case for case, *_ in fits]
        self._job = [
            {
                "setting": case.setting,
                "manifest": str(manifest.resolve()),
                "picture": str(picture.resolve()),
                "box": [float(value) for value in np.asarray(start.box, np.float32)],
                "rotation": list(start.angles),
            }
            for case, manifest, picture, start in fits
        ]

    def run(self, kernel: str) -> dict[Case, Array] | None:
        """Return the landmarks, (n, 2) px, by case; None if this processor cannot run a kernel.

        Raises
        ------
        TraceError
            If the process failed otherwise.
        """
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "landmarks.npz")
            arguments = [sys.executable, "-m", "openface_bridge.recording.worker", str(out)]
            finished = subprocess.run(
                arguments,
                input=json.dumps(self._job),
                env=_environment(kernel),
                cwd=folder,  # Of a clone's root, it would import what lies there.
                capture_output=True,
                text=True,
                check=False,
            )
            if finished.returncode < 0:  # Killed by a signal, SIGILL for one.
                return None
            if finished.returncode > 0:
                raise TraceError(f"kernel {kernel}: {finished.stderr.strip()[-2000:]}")
            arrays = read_arrays(out)
        # Where it cannot run a kernel, OpenBLAS may also take another one.
        if str(arrays[_KERNEL_IN_USE]).lower() != kernel.lower():
            return None
        return {case: arrays[f"landmarks{i}"] for i, case in enumerate(self._cases)}


def _environment(kernel: str) -> dict[str, str]:
    """Return this process's environment with a kernel chosen, and this package to be found."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [Path(__file__).resolve().parents[2], *(Path(path).resolve() for path in given if path)]
    return {
        **os.environ,
        "OPENBLAS_CORETYPE": kernel,
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }
