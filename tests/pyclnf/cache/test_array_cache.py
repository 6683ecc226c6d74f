from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import pyclnf
from pyclnf.cache import ArrayCache, CacheWarning
from pyclnf.typing import Float32Array

KEY = bytes(32)
SHAPE = (3, 4)
SOUND = np.arange(12, dtype=np.float32).reshape(SHAPE)


class Maker:
    """Makes the array, and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Float32Array:
        self.calls += 1
        return SOUND.copy()


@pytest.fixture
def make() -> Maker:
    return Maker()


@pytest.fixture
def cache(tmp_path: Path) -> ArrayCache:
    return ArrayCache(tmp_path / "cache")


def only_file(cache: ArrayCache) -> Path:
    (path,) = cache.folder.iterdir()
    return path


def get(cache: ArrayCache, make: Maker, times: int = 1) -> None:
    for _ in range(times):
        assert cache.get(KEY, SHAPE, make).tobytes() == SOUND.tobytes()


def test_a_miss_and_hits(cache: ArrayCache, make: Maker):
    assert not cache.folder.exists()
    get(cache, make, times=3)
    get(ArrayCache(cache.folder), make)
    assert make.calls == 1


def test_other_keys(cache: ArrayCache, make: Maker):
    get(cache, make)
    cache.get(b"\1" + KEY[1:], SHAPE, make)
    assert make.calls == 2


@pytest.mark.parametrize("damage", [b"", b"short", bytes(64 + SOUND.nbytes)])
def test_a_damaged_file_is_replaced_and_told_of(cache: ArrayCache, make: Maker, damage: bytes):
    get(cache, make)
    path = only_file(cache)
    path.write_bytes(damage)
    with pytest.warns(CacheWarning, match=rf"{path.name}: damaged cache file \(.*computed anew"):
        get(cache, make)
    get(cache, make)
    assert make.calls == 2


def test_a_folder_in_place_of_a_file(cache: ArrayCache, make: Maker):
    get(cache, make)
    path = only_file(cache)
    path.unlink()
    path.mkdir()
    with pytest.warns(CacheWarning) as told:
        get(cache, make, times=2)
    assert make.calls == 3
    assert [str(each.message).count("not a file") for each in told] == [0, 1, 1]
    assert "cannot be written" in str(told[0].message)
    assert path.is_dir()


def test_deleted_at_any_time(cache: ArrayCache, make: Maker):
    get(cache, make)
    only_file(cache).unlink()
    get(cache, make)
    only_file(cache).unlink()
    cache.folder.rmdir()
    get(cache, make)
    assert make.calls == 3


def test_a_folder_that_cannot_be_made_is_told_of_once(tmp_path: Path, make: Maker):
    (tmp_path / "file").touch()
    cache = ArrayCache(tmp_path / "file" / "below")
    with pytest.warns(CacheWarning, match="Let this user write to the folder") as told:
        get(cache, make, times=3)
    assert len(told) == 1
    assert make.calls == 3


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_a_read_only_folder(cache: ArrayCache, make: Maker):
    get(cache, make)
    cache.folder.chmod(0o500)
    try:
        get(cache, make)
        assert make.calls == 1
        with pytest.warns(CacheWarning, match="cannot be written"):
            cache.get(b"\1" + KEY[1:], SHAPE, make)
    finally:
        cache.folder.chmod(0o700)


def test_a_file_system_that_cannot_be_written_to(
    cache: ArrayCache, make: Maker, monkeypatch: pytest.MonkeyPatch
):
    get(cache, make)
    original = Path.open

    def read_only(self: Path, mode: str = "r"):
        if "x" in mode:
            raise OSError(30, "Read-only file system")
        return original(self, mode)

    monkeypatch.setattr(Path, "open", read_only)
    get(cache, make)
    assert make.calls == 1
    with pytest.warns(CacheWarning, match=r"cannot be written \(Read-only file system\)"):
        cache.get(b"\1" + KEY[1:], SHAPE, make)


def test_a_file_that_cannot_be_read(
    cache: ArrayCache, make: Maker, monkeypatch: pytest.MonkeyPatch
):
    get(cache, make)

    original = Path.open

    def refuse(self: Path, mode: str = "r"):
        if "x" in mode:
            return original(self, mode)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.warns(CacheWarning, match=r"cannot be read \(Permission denied\)") as told:
        get(cache, make)
    assert len(told) == 1


def test_many_threads(cache: ArrayCache):
    big, together = np.arange(2**18, dtype=np.float32), threading.Barrier(8)

    def use(thread: int) -> int:
        together.wait()
        made = 0

        def make() -> Float32Array:
            nonlocal made
            made += 1
            return big

        for _ in range(20):
            found = cache.get(KEY, big.shape, make)
            assert found.tobytes() == big.tobytes()
            if thread == 0:
                (cache.folder / f"{KEY.hex()}.sigma").unlink(missing_ok=True)
        return made

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(use, range(8)))
    assert 0 < sum(made) < 160
    assert len(list(cache.folder.iterdir())) <= 1  # no temporary file is left


PROCESS = """
import sys
from pathlib import Path
import numpy as np
from pyclnf.cache import ArrayCache

cache, big = ArrayCache(Path(sys.argv[1])), np.arange(2**18, dtype=np.float32)
for turn in range(60):
    key = bytes([turn % 3]) + bytes(31)
    assert cache.get(key, big.shape, big.copy).tobytes() == big.tobytes()
    if turn % 5 == int(sys.argv[2]):
        (cache.folder / f"{key.hex()}.sigma").unlink(missing_ok=True)
"""


def test_many_processes(tmp_path: Path):
    environment = {**os.environ, "PYTHONPATH": str(Path(pyclnf.__file__).parents[1])}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROCESS, str(tmp_path), str(number)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert {path.suffix for path in tmp_path.iterdir()} <= {".sigma"}
