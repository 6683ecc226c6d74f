"""The kernels of backend cuda, compiled as ordinary C++, on NumPy's arrays."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyclnf.backends.cuda.source import FOLDER

COMPILER = shutil.which("g++") or shutil.which("clang++")
FLAGS = (
    *("-std=c++17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-shared", "-fPIC", "-pthread"),
    *("-DPYCLNF_LEVEL=gpu", "-DPYCLNF_LANES=1", "-x", "c++"),
)
_REMEMBERED = 64
TEAMS = {
    "forwards": (),
    "backwards": ("-DPYCLNF_TEAM_BACKWARDS",),  # the turns of a step in the opposite order
    "threads": ("-DPYCLNF_TEAM_THREADS=2",),  # real ones, and a barrier after every step
}


@cache
def library(team: str = "forwards") -> ctypes.CDLL:
    """The kernels, compiled once per process; skips without a compiler."""
    if COMPILER is None:
        pytest.skip("no C++ compiler: the kernels of backend cuda cannot be tried on the host")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        built = Path(folder) / "kernels.so"
        flags = (*FLAGS, *TEAMS[team], *shlex.split(os.environ.get("CXXFLAGS", "")))
        command = [COMPILER, *flags, str(FOLDER / "program.cu"), "-o", str(built)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return ctypes.CDLL(str(built))


class HostDevice:
    """A processor that runs the kernels, block by block.

    Parameters
    ----------
    team : str
        Of :data:`TEAMS`.
    room : int, optional
        How many bytes an array may have before there is "no memory" for it.
    largest_shared : int
        As a GPU may have it.
    """

    xp = np

    def __init__(
        self, team: str = "forwards", *, room: int | None = None, largest_shared: int = 101376
    ) -> None:
        self._library = library(team)
        self._room = room
        self._refuses: Callable[[tuple[int, ...]], bool] = lambda shape: True
        self.largest_shared = largest_shared
        self.launched: deque[str] = deque(maxlen=_REMEMBERED)
        self.uploads: deque[tuple[int, ...]] = deque(maxlen=_REMEMBERED)
        self.shared: dict[str, int] = {}
        self.released = 0

    def empty(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        array = np.empty(shape, dtype)
        if self._room is not None and array.nbytes > self._room and self._refuses(shape):
            raise MemoryError(f"no room for {array.nbytes} bytes")
        array.view(np.uint8).fill(0xFF)  # nobody may rely on what is there
        return array

    def upload(self, array: np.ndarray) -> np.ndarray:
        uploaded = self.empty(array.shape, array.dtype)
        uploaded[...] = array
        self.uploads.append(array.shape)
        return uploaded

    def adopt(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    def download(self, array: np.ndarray) -> np.ndarray:
        return array.copy()

    def address(self, array: np.ndarray) -> int:
        return array.ctypes.data

    def launch(
        self, kernel: str, blocks: int, threads: int, shared_bytes: int, arguments: np.ndarray
    ) -> None:
        assert 0 < blocks < 2**31
        assert 0 < threads <= 128
        assert shared_bytes <= self.largest_shared
        expected = getattr(self._library, f"{kernel}_arguments")
        expected.restype = ctypes.c_int64
        assert arguments.itemsize == expected()
        function = getattr(self._library, kernel)
        function.restype = ctypes.c_bool
        overrun = function(
            ctypes.c_int64(blocks),
            ctypes.c_int64(shared_bytes),
            ctypes.c_void_p(self.address(arguments)),
        )
        assert not overrun, f"{kernel} wrote beyond its {shared_bytes} bytes"
        self.launched.append(kernel)
        self.shared[kernel] = shared_bytes

    def release(self) -> None:
        self.released += 1


def workspace_bytes(landmarks: int, modes: int) -> int:
    """How much memory the kernels carve for a block that fits a scale."""
    function = library().pyclnf_workspace_bytes
    function.restype = ctypes.c_int64
    return int(function(landmarks, modes))
