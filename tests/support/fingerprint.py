"""Checksums of whole fits, to compare bytes. For tests only."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from support.faces import draw_face

from pyclnf import CLNF, FitSettings, TraceRecorder

TURNS = (0.0, 0.6, -0.6)


def fingerprint(
    manifest: Path, backend: str, settings: FitSettings | None = None, cache: Path | None = None
) -> str:
    """Return a checksum of everything in the traces of some fits, turned ones among them."""
    clnf, digest = CLNF(manifest, backend=backend, cache=cache), hashlib.sha256()
    for seed, turn in enumerate(TURNS):
        face = draw_face(seed, angles=(0.1, turn, 0.0))
        recorder = TraceRecorder(areas_of_interest=True, normal_equations=True)
        clnf.fit(face.picture, face.box, settings, recorder, rotation=(0.0, turn, 0.0))
        for name, array in sorted(recorder.trace.items()):
            digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
