"""Recorded fits of the reference, with its own models. Skipped where these are absent."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from support.faces import largest_distance

from pyclnf import CLNF, FitSettings, TraceRecorder
from pyclnf.backends import is_available

FACES = ("sample1", "sample3", "sample4", "sample5")
SETTINGS = ("default", "weighted", "wild")

Load = Callable[[str, str], CLNF]


@pytest.fixture(scope="session")
def load(openface_data: Path) -> Load:
    """Return a function that loads the model of a setting into a backend, once."""

    @functools.cache
    def from_manifest(manifest: str, backend: str) -> CLNF:
        return CLNF(openface_data / "model" / manifest, backend=backend)

    def of_setting(setting: str, backend: str) -> CLNF:
        kind = "wild" if setting == "wild" else "general"
        return from_manifest(f"main_clnf_{kind}.txt", backend)

    return of_setting


def read_trace(folder: Path, face: str, setting: str) -> dict[str, npt.NDArray[Any]]:
    with np.load(folder / "golden" / f"trace_{face}_{setting}.npz") as archive:
        return dict(archive)


def read_picture(folder: Path, face: str) -> npt.NDArray[np.uint8]:
    picture = cv2.imread(str(folder / "samples" / f"{face}.jpg"))
    assert picture is not None
    assert picture.dtype == np.uint8
    return picture.astype(np.uint8, copy=False)


def test_every_recording_is_compared_with(openface_data: Path):
    recorded = {path.name for path in (openface_data / "golden").glob("trace_*.npz")}
    assert recorded == {f"trace_{face}_{setting}.npz" for face in FACES for setting in SETTINGS}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("backend", ["numpy-exact", "cython", "cuda"])
def test_exact_arithmetic_gives_every_bit(
    openface_data: Path,
    load: Load,
    face: str,
    setting: str,
    backend: str,
    request: pytest.FixtureRequest,
):
    if backend == "cuda":
        request.getfixturevalue("cuda_somewhere")
    if not is_available(backend):
        pytest.skip(f"backend {backend} is not built")
    expected = read_trace(openface_data, face, setting)
    recorder = TraceRecorder(areas_of_interest=True)
    load(setting, backend).fit(
        read_picture(openface_data, face), expected["bbox"], FitSettings.named(setting), recorder
    )
    assert set(recorder.trace) == set(expected)
    # The first difference is the one to look for, so names stay in their order.
    different = [
        name
        for name, found in recorder.trace.items()
        if found.shape != expected[name].shape
        or found.dtype != expected[name].dtype
        or not np.array_equal(found, expected[name])
    ]
    assert different == []


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("face", FACES)
def test_rounding_once_stays_within_the_noise_floor(
    openface_data: Path, load: Load, face: str, setting: str
):
    recorded = read_trace(openface_data, face, setting)
    reference = recorded["final.landmarks"]
    result = load(setting, "numpy").fit(
        read_picture(openface_data, face), recorded["bbox"], FitSettings.named(setting)
    )
    with np.load(openface_data / "golden" / "noise_floor.npz") as archive:
        reruns = [*archive[f"{face}.{setting}.blas"], *archive[f"{face}.{setting}.ulp"]]
    assert len(reruns) == 20
    floor = max(largest_distance(rerun, reference) for rerun in reruns)
    assert 0 < floor < 4
    assert largest_distance(result.landmarks, reference) <= 2 * floor + 0.005
