from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyclnf.model import ModelFileError, read_ccnf, read_manifest, read_pdm
from pyclnf.model.files import is_file, read_bytes

READERS = [read_bytes, read_ccnf, read_manifest, read_pdm]


def test_returns_the_content(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"\r\n\0")
    assert read_bytes(tmp_path / "file") == b"\r\n\0"


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["missing.txt", ".", "x" * 5000, "nul\0", "\udcff"])
def test_what_is_no_file_is_a_model_file_error(read, name: str, tmp_path: Path):
    with pytest.raises(ModelFileError, match="expected a file, found none") as caught:
        read(tmp_path / name)
    assert caught.value.path == tmp_path / name
    assert caught.value.offset is None
    assert "OpenFace installation" in caught.value.advice


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_never_waits_for_a_pipe(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError):
        read_bytes(tmp_path / "pipe")


def test_limit(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"1234")
    assert read_bytes(tmp_path / "file", limit=4) == b"1234"
    with pytest.raises(ModelFileError, match="at most 3 bytes, found 4 bytes"):
        read_bytes(tmp_path / "file", limit=3)


def test_failure_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(path: Path) -> bytes:
        raise OSError(5, "Input/output error", str(path))

    (tmp_path / "file").write_bytes(b"1234")
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(ModelFileError, match="a readable file, found Input/output error"):
        read_bytes(tmp_path / "file")


def test_is_file(tmp_path: Path):
    (tmp_path / "file").touch()
    assert is_file(tmp_path / "file")
    assert not is_file(tmp_path)
