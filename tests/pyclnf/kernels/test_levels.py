"""The level of instructions: chosen, forced, and without influence on any bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.faces import draw_face
from support.fingerprint import fingerprint

from pyclnf import CLNF, FitSettings
from pyclnf.backends import create_backend


@pytest.mark.parametrize("weight", [0.0, 2.5])
def test_every_level_gives_the_same_bytes(
    small_model: Path, level: int, weight: float, monkeypatch: pytest.MonkeyPatch
):
    from pyclnf.kernels import _kernels

    names = {number: name for name, number in _kernels.levels().items()}
    monkeypatch.setenv("PYCLNF_SIMD", names[level])
    settings = FitSettings(weight_factor=weight)
    assert fingerprint(small_model, "cython", settings) == fingerprint(
        small_model, "numpy-exact", settings
    )


def test_the_highest_level_is_chosen(built: None, monkeypatch: pytest.MonkeyPatch):
    from pyclnf.kernels.levels import available_levels, choose_level

    monkeypatch.delenv("PYCLNF_SIMD", raising=False)
    assert choose_level() == choose_level(available_levels()[-1])
    monkeypatch.setenv("PYCLNF_SIMD", "baseline")
    assert choose_level() == 0


def test_a_level_that_is_not_there(built: None, small_model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYCLNF_SIMD", "avx1024")
    with pytest.raises(ValueError, match=r"^PYCLNF_SIMD: .*'avx1024'; there are baseline"):
        create_backend("cython", small_model)


def test_threads_give_the_same_bytes(built: None, small_model: Path):
    clnf = CLNF(small_model, backend="cython")
    faces = [draw_face(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda face: clnf.fit(face.picture, face.box), faces))
    alone = [clnf.fit(face.picture, face.box) for face in faces]
    for one, other in zip(together, alone, strict=True):
        assert one.landmarks.tobytes() == other.landmarks.tobytes()
        assert one.likelihood == other.likelihood
