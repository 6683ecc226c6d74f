"""``python -m openface_bridge.recording.worker OUT.npz``: plain fits, a list of them on stdin.

A process of its own for every BLAS kernel, see :mod:`openface_bridge.recording.kernels`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openface_bridge.native import native
from openface_bridge.openface import native_settings
from openface_bridge.pictures import read_picture
from pyclnf import FitSettings

if TYPE_CHECKING:
    from openface_bridge import _native


def main() -> None:
    """Fit what stdin lists, and write the landmarks."""
    bridge = native()
    models: dict[str, _native.Model] = {}
    found: dict[str, Any] = {"kernel": np.array(bridge.system()["blas_kernel"])}
    for number, fit in enumerate(json.load(sys.stdin)):
        manifest = fit["manifest"]
        if manifest not in models:
            models[manifest] = bridge.Model(manifest)
        image = read_picture(Path(fit["picture"]))
        settings = native_settings(FitSettings.named(fit["setting"]))
        box, rotation = (np.array(fit[name], np.float32) for name in ("box", "rotation"))
        outcome = models[manifest].fit(image, box, settings, rotation)
        found[f"landmarks{number}"] = outcome["landmarks"]
    np.savez(Path(sys.argv[1]), allow_pickle=False, **found)


if __name__ == "__main__":
    main()
