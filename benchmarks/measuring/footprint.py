"""Resident memory of a process that loads a model and fits.

``python -m measuring.footprint MANIFEST FACES.npz --backend NAME`` writes JSON; only Linux tells.
The faces come as arrays, so that nothing is counted that reads pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

__all__ = ["can_tell", "main", "megabytes"]

_STATUS = Path("/proc/self/status")


def can_tell() -> bool:
    """Tell whether this system says how much memory a process has."""
    return _STATUS.is_file()


def main(arguments: list[str] | None = None) -> None:
    """Load, fit, and write megabytes after each step, and the most there ever were."""
    parser = argparse.ArgumentParser(prog="python -m measuring.footprint", description=__doc__)
    parser.add_argument("manifest")
    parser.add_argument("faces")
    parser.add_argument("--backend", required=True)
    options = parser.parse_args(arguments)
    sys.stdout.write(json.dumps(_steps(options.manifest, options.faces, options.backend)))


def _steps(manifest: str, faces: str, backend: str) -> dict[str, float]:
    """Return megabytes by step."""
    steps = {"Python": megabytes("VmRSS")}
    import numpy as np

    with np.load(faces) as archive:
        boxes, pictures = archive["boxes"], [archive[name] for name in archive if name != "boxes"]
    steps["NumPy and the pictures"] = megabytes("VmRSS")
    from pyclnf import CLNF

    steps["pyclnf imported"] = megabytes("VmRSS")
    clnf = CLNF(manifest, backend=backend)
    steps["model loaded"] = megabytes("VmRSS")
    clnf.fit(pictures[0], boxes[0])
    steps["first face fitted"] = megabytes("VmRSS")
    for picture, box in zip(pictures, boxes, strict=True):
        clnf.fit(picture, box)
    steps["all faces fitted"] = megabytes("VmRSS")
    steps["most at any time"] = megabytes("VmHWM")
    return steps


def megabytes(name: str) -> float:
    """Return an entry of the process's status, in units of a million bytes."""
    lines = _STATUS.read_text("ascii").splitlines()
    kibibytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kibibytes) * 1024 / 1e6


if __name__ == "__main__":
    main()
