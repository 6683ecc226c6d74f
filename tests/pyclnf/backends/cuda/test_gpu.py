"""On a GPU itself: the bits of the host, from pictures of either memory. Skipped without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.batches import Case, assert_same_bits, fit_one_by_one
from support.fixture_faces import FIXTURES

from openface_bridge.fixtures import embedded
from openface_bridge.pictures import read_picture
from pyclnf import CLNF, FitSettings
from pyclnf.backends.cuda import availability

PROBLEM = availability.problem()
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(PROBLEM is not None, reason=f"no GPU here: cuda {PROBLEM and PROBLEM[0]}"),
]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [Case(read_picture(face.picture), face.box) for face in embedded(FIXTURES).faces]


@pytest.fixture(scope="module")
def manifest() -> Path:
    return embedded(FIXTURES).model


@pytest.fixture(scope="module")
def clnf(manifest: Path) -> CLNF:
    return CLNF(manifest, backend="cuda")


@pytest.mark.parametrize("settings", [FitSettings(), FitSettings(weight_factor=2.5)])
def test_many_faces(clnf: CLNF, manifest: Path, cases: list[Case], settings: FitSettings):
    repeated = cases * 8
    found = clnf.fit_many(
        [case.picture for case in repeated], [case.box for case in repeated], settings
    )
    assert_same_bits(found, fit_one_by_one(manifest, cases, settings) * 8)


def test_the_wild_model(manifest: Path, cases: list[Case]):
    wild = manifest.with_name("main_clnf_wild.txt")
    found = CLNF(wild, backend="cuda").fit_many(
        [case.picture for case in cases], [case.box for case in cases], FitSettings.wild()
    )
    assert_same_bits(found, fit_one_by_one(wild, cases, FitSettings.wild()))


def test_stages_of_single_fits(clnf: CLNF, manifest: Path, cases: list[Case]):
    found = [clnf.fit(case.picture, case.box) for case in cases[:3]]
    assert_same_bits(found, fit_one_by_one(manifest, cases[:3]))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_pictures_in_the_gpu_s_memory(
    clnf: CLNF, manifest: Path, cases: list[Case], kind: type[Any]
):
    cupy = pytest.importorskip("cupy")
    factor = {np.uint8: 1, np.uint16: 251, np.float32: 1 / 255}[kind]
    converted = [Case((case.picture * factor).astype(kind), case.box) for case in cases]
    there = [cupy.asarray(case.picture) for case in converted]
    found = clnf.fit_many(there, [case.box for case in cases])
    assert_same_bits(found, fit_one_by_one(manifest, converted))


def test_too_little_memory_splits_the_batch(
    clnf: CLNF, cases: list[Case], monkeypatch: pytest.MonkeyPatch
):
    cupy = pytest.importorskip("cupy")
    from pyclnf.backends.cuda.cupy_device import CupyDevice

    released: list[CupyDevice] = []
    release = CupyDevice.release

    def counted(self: CupyDevice) -> None:
        released.append(self)
        release(self)

    monkeypatch.setattr(CupyDevice, "release", counted)
    pool = cupy.get_default_memory_pool()
    many = cases * 16
    alone = clnf.fit_many([many[0].picture], [many[0].box])
    pool.free_all_blocks()
    before = pool.get_limit()
    pool.set_limit(size=pool.used_bytes() + 6 * 2**20)
    try:
        found = clnf.fit_many([case.picture for case in many], [case.box for case in many])
    finally:
        pool.set_limit(size=before)
    assert released
    assert_same_bits(found[:1], alone)
    assert_same_bits(found, found[: len(cases)] * 16)
