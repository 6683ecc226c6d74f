from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from pyclnf.cache.array_file import (
    KEY_BYTES,
    DamagedArrayError,
    read_array,
    write_array,
)

KEY = bytes(range(KEY_BYTES))
ARRAY = np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 5
SHAPE = ARRAY.shape
HEADER_BYTES = 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the array."""
    path = tmp_path / "folder" / "array"
    write_array(path, KEY, ARRAY)
    return path


def test_round_trip(path: Path):
    read = read_array(path, KEY, SHAPE)
    assert read.dtype == np.float32
    assert read.shape == SHAPE
    assert read.tobytes() == ARRAY.tobytes()
    assert path.stat().st_size == HEADER_BYTES + ARRAY.nbytes
    assert list(path.parent.iterdir()) == [path]


def test_values_that_are_not_finite(path: Path):
    odd = np.array([np.nan, np.inf, -0.0, 1e-45], np.float32)
    write_array(path, KEY, odd)
    assert read_array(path, KEY, (4,)).tobytes() == odd.tobytes()


def test_there_is_none(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_array(tmp_path / "none", KEY, SHAPE)


def test_every_byte_counts(path: Path):
    whole = path.read_bytes()
    for position in range(len(whole)):
        for change in (0x01, 0x80, 0xFF):
            data = bytearray(whole)
            data[position] ^= change
            path.write_bytes(data)
            with pytest.raises(DamagedArrayError, match="a checksum is wrong"):
                read_array(path, KEY, SHAPE)


@pytest.mark.parametrize(
    "length", [0, 1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + ARRAY.nbytes - 1]
)
def test_truncated(length: int, path: Path):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedArrayError, match=f"expected 160 bytes, found {length}"):
        read_array(path, KEY, SHAPE)


def test_more_than_there_should_be(path: Path):
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DamagedArrayError, match="expected 160 bytes, found 161"):
        read_array(path, KEY, SHAPE)


def test_cut_while_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch):
    looked_at = path.stat()
    path.write_bytes(path.read_bytes()[:100])
    monkeypatch.setattr(Path, "stat", lambda self: looked_at)
    with pytest.raises(DamagedArrayError, match="cut while it was read"):
        read_array(path, KEY, SHAPE)


def test_a_sparse_giant_is_not_read(path: Path):
    with path.open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(DamagedArrayError, match=f"found {2**40}"):
        read_array(path, KEY, SHAPE)


def test_another_arrays_file(path: Path):
    with pytest.raises(DamagedArrayError, match="a checksum is wrong"):
        read_array(path, KEY[::-1], SHAPE)


def test_a_folder_in_its_place(path: Path):
    path.unlink()
    path.mkdir()
    with pytest.raises(DamagedArrayError, match="not a file"):
        read_array(path, KEY, SHAPE)
    with pytest.raises(OSError):  # noqa: PT011  which one, the system decides
        write_array(path, KEY, ARRAY)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_its_place_is_not_waited_for(path: Path):
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DamagedArrayError, match="not a file"):
        read_array(path, KEY, SHAPE)


def test_what_was_read_stays_as_it_is(path: Path):
    read = read_array(path, KEY, SHAPE)
    with path.open("r+b") as file:  # no writer here does; a map would be gone
        file.truncate(0)
    path.unlink()
    assert read.tobytes() == ARRAY.tobytes()


def test_a_writer_that_fails_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_array(path, KEY, ARRAY + 1)
    assert list(path.parent.iterdir()) == [path]
    assert read_array(path, KEY, SHAPE).tobytes() == ARRAY.tobytes()
