"""How CuPy is called, with a stand-in for it whose arrays are NumPy's."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.batches import Case, assert_same_bits, fit_batch, open_backend
from support.faces import draw_face
from support.host_device import HostDevice

from pyclnf.backends.cuda import compiling

CASES = [Case(face.picture, face.box) for face in (draw_face(0), draw_face(1, 0.9))]
MODULE = "pyclnf.backends.cuda.cupy_device"


class Array(np.ndarray):
    """Arrays that tell where they begin as CuPy's do."""

    @property
    def data(self) -> Any:
        return types.SimpleNamespace(ptr=self.ctypes.data)


class Kernel:
    """A kernel of a module, run by the host."""

    def __init__(self, host: HostDevice, name: str) -> None:
        self._host, self._name = host, name
        self.max_dynamic_shared_size_bytes = 2048

    def __call__(
        self, grid: tuple[int], block: tuple[int], args: tuple[Any, ...], *, shared_mem: int
    ) -> None:
        (arguments,) = args
        assert arguments.size == 1  # or CuPy would not pass it by value
        assert shared_mem <= self.max_dynamic_shared_size_bytes
        self._host.launch(self._name, *grid, *block, shared_mem, arguments)


class Module:
    """Compiled kernels, loaded from a file."""

    def __init__(self, host: HostDevice, path: str) -> None:
        assert Path(path).read_bytes() == b"code for 90"
        self._host = host

    def get_function(self, name: str) -> Kernel:
        return Kernel(self._host, name)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The module that calls CuPy, given the stand-in."""
    host = HostDevice()
    freed: list[None] = []
    device = types.SimpleNamespace(
        compute_capability="90", attributes={"MaxSharedMemoryPerBlockOptin": 232448}
    )
    cupy: Any = types.ModuleType("cupy")
    cupy.empty = lambda shape, dtype: np.empty(shape, dtype).view(Array)
    cupy.array = lambda array, order: np.array(array, order=order).view(Array)
    cupy.asarray = lambda array: np.asarray(array).view(Array)
    cupy.asnumpy = np.array
    cupy.cuda = types.SimpleNamespace(Device=lambda: device)
    cupy.get_default_memory_pool = lambda: types.SimpleNamespace(
        free_all_blocks=lambda: freed.append(None)
    )
    cupy.RawModule = lambda path: Module(host, path)
    cupy.freed = freed
    code = tmp_path / "kernels.cubin"
    code.write_bytes(b"code for 90")
    monkeypatch.setattr(compiling, "compiled_file", {90: code}.get)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    yield importlib.import_module(MODULE)
    sys.modules.pop(MODULE, None)


def test_a_batch(small_model: Path, stand_in: Any):
    found = fit_batch(open_backend(small_model, stand_in.CupyDevice()), CASES)
    assert_same_bits(found, fit_batch(open_backend(small_model, HostDevice()), CASES))


def test_what_a_device_may_have(stand_in: Any):
    assert stand_in.CupyDevice().largest_shared == 232448


def test_memory_is_given_back(stand_in: Any):
    device = stand_in.CupyDevice()
    device.release()
    assert stand_in.cupy.freed == [None]


def test_arrays_that_lie_there_are_not_copied(stand_in: Any):
    device = stand_in.CupyDevice()
    array = stand_in.cupy.empty((3,), np.uint8)
    assert device.address(device.adopt(array)) == device.address(array)
    assert device.address(device.upload(array)) != device.address(array)
