"""A batch's course: what is launched, what is brought to the device, and faces that drop out."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from itertools import count, takewhile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from support.batches import (
    Case,
    OnDevice,
    assert_same_bits,
    fit_batch,
    fit_one_by_one,
    open_backend,
)
from support.faces import draw_face
from support.host_device import HostDevice

from pyclnf import FitResult, FitSettings, TraceRecorder, fitting
from pyclnf.backends.cuda import batch
from pyclnf.backends.cuda.batch import in_halves

FACES = [draw_face(seed, scale) for seed, scale in enumerate((1.2, 0.9, 1.4, 1.1))]
CASES = [Case(face.picture, face.box) for face in FACES]
TWO_SCALES = [
    "pyclnf_grey",
    "pyclnf_start",
    *["pyclnf_place", "pyclnf_respond", "pyclnf_fit_scale"] * 2,
]


class Adopting(HostDevice):
    """A device on which some arrays lie already."""

    def adopt(self, array: OnDevice) -> np.ndarray:
        return array.array


def test_a_batch_is_a_handful_of_launches(small_model: Path):
    device = HostDevice()
    fit_batch(open_backend(small_model, device), CASES)
    assert list(device.launched) == TWO_SCALES


def test_a_picture_of_several_faces_is_brought_once(small_model: Path):
    device = HostDevice()
    backend = open_backend(small_model, device)
    pictures = [backend.checked_picture(FACES[0].picture)] * 3
    boxes = [np.array(FACES[0].box, np.float32) + shift for shift in (0, 2, -3)]
    backend.fit_faces(pictures, boxes, [(0, 0, 0)] * 3, FitSettings())
    assert list(device.uploads).count(FACES[0].picture.shape) == 1


def test_pictures_on_the_device_stay_there(small_model: Path):
    device = Adopting()
    backend = open_backend(small_model, device)
    converted: list[npt.NDArray[Any]] = [FACES[0].picture, FACES[1].picture / np.float64(255)]
    cases = [Case(picture, face.box) for picture, face in zip(converted, FACES[:2], strict=True)]
    there = [Case(OnDevice(case.picture), case.box) for case in cases]  # type: ignore[arg-type]
    before = len(device.uploads)
    found = fit_batch(backend, there)
    assert FACES[0].picture.shape not in list(device.uploads)[before:]
    assert_same_bits(found, fit_one_by_one(small_model, cases))


def test_single_fits_take_pictures_on_the_device(small_model: Path):
    backend = open_backend(small_model, Adopting())
    there, here = OnDevice(FACES[0].picture), FACES[0].picture
    assert backend.picture(there).pixels.tobytes() == backend.picture(here).pixels.tobytes()  # type: ignore[arg-type]


@pytest.mark.parametrize("picture", [np.zeros((0, 3)), np.zeros((4, 4, 2)), np.full((4, 4), 2.0)])
def test_bad_pictures_on_the_device(small_model: Path, picture: np.ndarray):
    with pytest.raises(ValueError, match=r"^image: "):
        open_backend(small_model, Adopting()).checked_picture(OnDevice(picture))


def test_views_are_prepared_as_faces_come_to_see_them(small_model: Path):
    device = HostDevice()
    backend = open_backend(small_model, device)
    fit_batch(backend, CASES[:1])
    assert not backend._model.views(0, 11).is_complete
    turned = Case(FACES[0].picture, FACES[0].box, (0, 0.9, 0))
    found = fit_batch(backend, [CASES[0], turned])
    assert_same_bits(found, fit_one_by_one(small_model, [CASES[0], turned]))


@pytest.mark.parametrize("most", [1, 2, 3])
def test_large_batches_are_cut(small_model: Path, most: int, monkeypatch: pytest.MonkeyPatch):
    backend = open_backend(small_model, HostDevice())
    whole = fit_batch(backend, CASES)
    monkeypatch.setattr(batch, "_MOST_FACES", most)
    assert_same_bits(fit_batch(backend, CASES), whole)


def test_without_memory_for_all_halves_are_fitted(small_model: Path):
    maps_of_two = 2 * 12 * 11 * 11 * 4
    device = HostDevice(room=10**9)
    backend = open_backend(small_model, device)
    whole = fit_batch(backend, CASES)  # the model is on the device from now on
    device._room, device._refuses = maps_of_two, lambda shape: shape[1:] == (12, 11, 11)
    device.launched.clear()
    assert_same_bits(fit_batch(backend, CASES), whole)
    assert device.released == 1
    assert device.launched.count("pyclnf_fit_scale") == 2 * 2


def test_without_memory_for_one(small_model: Path):
    device = HostDevice()
    backend = open_backend(small_model, device)
    device._room, device._refuses = 0, lambda shape: shape[1:] == (12, 11, 11)
    with pytest.raises(MemoryError, match=r"cuda: .* single face: no room for"):
        fit_batch(backend, CASES)


@pytest.mark.parametrize("prepared", [0, 1])
def test_memory_that_runs_out_while_views_are_prepared(
    small_model: Path, monkeypatch: pytest.MonkeyPatch, prepared: int
):
    cases = [CASES[0], Case(FACES[0].picture, FACES[0].box, (0, 0.9, 0))]
    expected = fit_one_by_one(small_model, cases)

    def fails_at(number: int) -> bool:
        device = HostDevice()
        backend = open_backend(small_model, device)
        if prepared:
            fit_batch(backend, CASES[:prepared])
        views, upload, numbers = backend._model.views(0, 11), device.upload, count()

        def fail_once(array: np.ndarray) -> np.ndarray:
            if next(numbers) == number:
                raise MemoryError
            return upload(array)

        monkeypatch.setattr(device, "upload", fail_once)
        try:
            views.table((0, 1))
        except MemoryError:
            assert_same_bits(fit_batch(backend, cases), expected)
            return True
        return False

    assert sum(1 for _ in takewhile(fails_at, count())) > 6


def test_halves():
    calls = []

    def work(items: Sequence[int]) -> list[int]:
        calls.append(list(items))
        if len(items) > 2 or items == [3, 4]:
            raise MemoryError
        return [10 * item for item in items]

    released: list[None] = []
    assert in_halves(work, [1, 2, 3, 4, 5], lambda: released.append(None)) == [10, 20, 30, 40, 50]
    assert calls == [[1, 2, 3, 4, 5], [1, 2], [3, 4, 5], [3], [4, 5]]
    assert len(released) == 2


def test_faces_that_drop_out_do_not_touch_the_others(small_model: Path):
    tiny = (140.0, 120.0, 9.0, 9.0)  # too small
    far = (1e-3, 1e-3, 1e6, 1e6)  # enormous: whatever becomes of it
    cases = [
        CASES[0],
        Case(FACES[0].picture, tiny),
        CASES[1],
        Case(FACES[0].picture, far),
        CASES[2],
    ]
    found = fit_batch(open_backend(small_model, HostDevice()), cases)
    assert_same_bits(found, fit_one_by_one(small_model, cases))
    assert [result.success for result in (found[0], found[2], found[4])] == [True] * 3
    assert "too small" in found[1].failure


def test_results_own_their_arrays(small_model: Path):
    found: list[FitResult] = fit_batch(open_backend(small_model, HostDevice()), CASES)
    for result in found:
        for array in (result.landmarks, result.params_global, result.params_local):
            assert array.base is None
            assert array.dtype == np.float32


def test_nothing_on_the_device_outlives_its_use(small_model: Path):
    class Watched(HostDevice):
        arrays: ClassVar[list[weakref.ref[np.ndarray]]] = []

        def empty(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
            array = super().empty(shape, dtype)
            self.arrays.append(weakref.ref(array))
            return array

    backend = open_backend(small_model, Watched())
    face, picture = FACES[0], backend.picture(FACES[0].picture)
    start = backend.detector.pdm.parameters_from_box(np.array(face.box, np.float32))

    def alive_after_some() -> int:
        fit_batch(backend, CASES)
        fitting.fit(picture, np.array(face.box), start, FitSettings(), backend, TraceRecorder())
        return sum(array() is not None for array in Watched.arrays)

    first = alive_after_some()  # the model
    taken = len(Watched.arrays)
    assert [alive_after_some() for _ in range(3)] == [first] * 3
    assert taken < len(Watched.arrays)
