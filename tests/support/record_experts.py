"""Record what OpenFace makes of small SVR and CEN files, for machines without it.

Run as a program: ``python -m support.record_experts OUT.npz`` with OPENBLAS_CORETYPE=Haswell,
OPENBLAS_NUM_THREADS=1, and ``tests`` and ``fixtures`` on the path.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from support.expert_files import write_model_of
from support.model_files import draw_blobs

from openface_bridge.native import native
from openface_bridge.trace import write_arrays

SCALE, N_LANDMARKS, N_MODES = 0.35, 8, 5
FILES = {"SVR": "svr_0.35.txt", "CEN": "cen_0.35.dat"}
OPTIONS: dict[str, dict[str, Any]] = {"SVR": {}, "CEN": {"neurons": (14, 6)}}
TURNS = (0.0, -0.5, 0.5)
WINDOWS = (5, 11)


def recorded(kind: str, folder: Path) -> dict[str, Any]:
    """Return a file of experts and, for poses and windows, view, areas of interest and maps."""
    main = write_model_of(kind, folder, 0, N_LANDMARKS, N_MODES, (SCALE,), **OPTIONS[kind])
    model = native().Model(str(main))
    local = np.zeros(N_MODES, np.float32)
    truth = model.shape_2d(np.array([1.2, 0, 0, 0, 150, 160], np.float32), local)
    noise = np.random.default_rng(0).integers(-15, 16, (320, 300))
    image = np.clip(draw_blobs(truth, 1.2, (320, 300)) + noise, 0, 255).astype(np.uint8)
    found: dict[str, Any] = {"file": np.frombuffer((folder / FILES[kind]).read_bytes(), np.uint8)}
    for index, turn in enumerate(TURNS):
        for window in WINDOWS:
            at = np.array([1.2, 0.1, turn, 0.05, 151.5, 158.3], np.float32)
            made = model.responses(image, at, local, window, 0)
            prefix = f"pose{index}.window{window}"
            found[f"{prefix}.view"] = np.array(made.view)
            found[f"{prefix}.areas"] = made.areas_of_interest
            found[f"{prefix}.maps"] = made.response_maps
    return found


if __name__ == "__main__":
    table: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        for each in FILES:
            entries = recorded(each, Path(name) / each)
            table |= {f"{each}.{entry}": array for entry, array in entries.items()}
    write_arrays(Path(sys.argv[1]), table)
