"""What it takes to begin: time to load, time to the first result, memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measuring.footprint import can_tell
from measuring.subprocesses import measured_alone
from measuring.workload import check_landmarks

from pyclnf import CLNF

pytestmark = pytest.mark.benchmark(max_time=1.0, min_rounds=3, warmup=False)


def test_loading(benchmark: Any, backend_name: str, work: Any) -> None:
    def load() -> CLNF:
        return CLNF(work.manifest, backend=backend_name)

    face = work.faces[0]
    found = load().fit(face.grey, face.box).landmarks
    check_landmarks(backend_name, found, face.landmarks, face.noise_floor)
    benchmark.extra_info.update(what="loading", backend=backend_name, faces=1)
    benchmark(load)


@pytest.mark.parametrize("cached", [False, True])
def test_first_fit(
    benchmark: Any, backend_name: str, work: Any, cached: bool, tmp_path: Path
) -> None:
    """Loading, and the first fit, which makes what later ones have, or reads it from a cache."""
    face, cache = work.faces[0], tmp_path if cached else None

    def begin() -> Any:
        clnf = CLNF(work.manifest, backend=backend_name, cache=cache)
        return clnf.fit(face.grey, face.box).landmarks

    check_landmarks(backend_name, begin(), face.landmarks, face.noise_floor)
    what = "loading, and the first fit" + (", with a cache on disk" if cached else "")
    benchmark.extra_info.update(what=what, backend=backend_name, faces=1)
    benchmark(begin)


@pytest.mark.skipif(not can_tell(), reason="this system does not tell a process's memory")
def test_memory(backend_name: str, work: Any, tmp_path: Path, findings: dict[str, Any]) -> None:
    faces = tmp_path / "faces.npz"
    pictures = {face.name: face.grey for face in work.faces}
    np.savez(faces, boxes=np.stack([face.box for face in work.faces]), **pictures)
    arguments = (str(work.manifest), str(faces), "--backend", backend_name)
    steps = measured_alone("footprint", *arguments)
    assert steps["Python"] < steps["model loaded"] <= steps["most at any time"]
    findings["memory"][backend_name] = steps
