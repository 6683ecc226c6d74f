"""Which backend ``auto`` gives many faces to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.batches import OnDevice, assert_same_bits
from support.expert_files import write_model_of
from support.faces import draw_face
from support.host_device import HostDevice

from pyclnf import CLNF, batch_choice
from pyclnf.backends import cuda, is_available
from pyclnf.backends.cuda import availability
from pyclnf.backends.cuda_entry import CUDA

FACE = draw_face(0)
FEWEST_FACES = CUDA.auto_from or 0
MANY = [FACE.box] * FEWEST_FACES

pytestmark = pytest.mark.skipif(
    not is_available("cython"), reason="without kernels, 'auto' is not exact and stays on the host"
)


class Adopting(HostDevice):
    """A device on which pictures lie already."""

    def adopt(self, array: OnDevice) -> np.ndarray:
        there: np.ndarray = array.array
        return there


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Adopting:
    """The only GPU there is, though it is none."""
    device = Adopting()
    monkeypatch.setattr(availability, "problem", lambda: None)
    monkeypatch.setattr(cuda, "open_device", lambda: device)
    return device


@pytest.fixture
def no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "problem", lambda: ("has none", "buy one"))


def test_many_faces_go_to_the_device(small_model: Path, device: Adopting):
    clnf = CLNF(small_model)
    assert clnf.backend == "cython"
    assert clnf.batch_backend(FEWEST_FACES) == "cuda"
    found = clnf.fit_many(FACE.picture, MANY)
    assert device.launched
    expected = CLNF(small_model, backend="cython").fit_many(FACE.picture, MANY)
    assert_same_bits(found, expected)


def test_few_faces_stay_on_the_host(small_model: Path, device: Adopting):
    clnf = CLNF(small_model)
    assert clnf.batch_backend(FEWEST_FACES - 1) == "cython"
    clnf.fit_many(FACE.picture, MANY[1:])
    clnf.fit(FACE.picture, FACE.box)
    assert not device.launched


def test_pictures_on_the_device_are_fitted_there(small_model: Path, device: Adopting):
    clnf = CLNF(small_model)
    assert clnf.batch_backend(1, on_device=True) == "cuda"
    there: Any = OnDevice(FACE.picture)
    expected = [clnf.fit(FACE.picture, FACE.box)]
    assert_same_bits(clnf.fit_many(there, [FACE.box]), expected)
    assert_same_bits(clnf.fit_many([there], [FACE.box]), expected)
    assert device.launched


def test_one_picture_on_the_device_is_that_of_all_faces(small_model: Path, device: Adopting):
    clnf = CLNF(small_model, backend="cuda")
    there: Any = OnDevice(FACE.picture)
    expected = [clnf.detect(FACE.picture, FACE.box)] * 2
    assert_same_bits(clnf.detect_many(there, [FACE.box] * 2), expected)


def test_without_a_device_all_stay(small_model: Path, no_device: None):
    assert CLNF(small_model).batch_backend(10**6) == "cython"


@pytest.mark.parametrize("backend", ["cython", "numpy", "numpy-exact"])
def test_one_that_was_asked_for_by_name_is_taken(small_model: Path, device: Adopting, backend: str):
    assert CLNF(small_model, backend=backend).batch_backend(10**6) == backend


def test_other_experts_stay(tmp_path: Path, device: Adopting):
    clnf = CLNF(write_model_of("SVR", tmp_path))
    assert clnf.batch_backend(10**6) == "cython"


def test_a_device_that_errs_is_given_up(
    small_model: Path, device: Adopting, monkeypatch: pytest.MonkeyPatch
):
    download = device.download

    def off_by_one_place(array: np.ndarray) -> np.ndarray:
        found = download(array)
        if found.shape[1:] == (12, 2):
            found = np.nextafter(found, np.float32(np.inf))
        return found

    monkeypatch.setattr(device, "download", off_by_one_place)
    clnf = CLNF(small_model)
    with pytest.warns(RuntimeWarning, match="'cuda' does not give the bits of 'cython'"):
        found = clnf.fit_many(FACE.picture, MANY)
    assert_same_bits(found, [clnf.fit(FACE.picture, FACE.box)] * len(MANY))
    assert clnf.batch_backend(FEWEST_FACES) == "cython"


@pytest.mark.parametrize("failure", [RuntimeError, MemoryError])
def test_a_device_that_fails_is_given_up(
    small_model: Path,
    device: Adopting,
    monkeypatch: pytest.MonkeyPatch,
    failure: type[Exception],
):
    def launch(*_: Any) -> None:
        raise failure("no compiler")

    monkeypatch.setattr(device, "launch", launch)
    clnf = CLNF(small_model)
    there: Any = OnDevice(FACE.picture)
    with pytest.warns(RuntimeWarning, match=r"'cuda' failed: .*no compiler\. Batches stay"):
        found = clnf.fit_many([there, FACE.picture], [FACE.box] * 2)
    assert_same_bits(found, [clnf.fit(FACE.picture, FACE.box)] * 2)
    assert clnf.batch_backend(FEWEST_FACES) == "cython"


def test_a_device_that_has_no_room_for_the_model_is_given_up(
    small_model: Path, device: Adopting, monkeypatch: pytest.MonkeyPatch
):
    def upload(*_: Any) -> None:
        raise MemoryError("out of memory")

    monkeypatch.setattr(device, "upload", upload)
    clnf = CLNF(small_model)
    with pytest.warns(RuntimeWarning, match=r"'cuda' cannot be made: out of memory\. Batches stay"):
        found = clnf.fit_many(FACE.picture, MANY)
    assert_same_bits(found, [clnf.fit(FACE.picture, FACE.box)] * len(MANY))
    assert clnf.batch_backend(FEWEST_FACES) == "cython"


def test_the_first_face_is_compared_once(
    small_model: Path, device: Adopting, monkeypatch: pytest.MonkeyPatch
):
    clnf = CLNF(small_model)
    compared: list[tuple[Any, Any]] = []

    def agree(*both: Any) -> bool:
        compared.append(both)
        return True

    monkeypatch.setattr(batch_choice, "_same_bits", agree)
    for _ in range(3):
        clnf.fit_many(FACE.picture, MANY)
    assert len(compared) == 1
