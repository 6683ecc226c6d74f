from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from support.file_server import FileServer, serve

from pyclnf.store.official import OfficialFile, OfficialFiles

LICENCE = "Only for tests.\n"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models, empty."""
    folder = tmp_path / "models"
    monkeypatch.setenv("PYCLNF_MODELS", str(folder))
    return folder


@pytest.fixture
def source(tmp_path: Path, small_model: Path) -> Path:
    """A bare model folder of a small model."""
    folder = tmp_path / "source"
    for path in small_model.parent.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(small_model.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    if small_model.name != "main_clnf_general.txt":
        (folder / small_model.name).rename(folder / "main_clnf_general.txt")
    return folder


@pytest.fixture
def server(source: Path) -> Iterator[FileServer]:
    """A server of the small model's files and a licence."""
    files = {
        f"/top/model/{path.relative_to(source).as_posix()}": path.read_bytes()
        for path in source.rglob("*")
        if path.is_file()
    }
    with serve({"/top/LICENCE.txt": LICENCE.encode(), **files}) as running:
        yield running


@pytest.fixture
def official(source: Path, server: FileServer) -> OfficialFiles:
    """The list of the small model's files, at the server."""
    files = tuple(
        OfficialFile(
            PurePosixPath(path.relative_to(source).as_posix()),
            len(path.read_bytes()),
            hashlib.sha256(path.read_bytes()).hexdigest(),
            b"\0" not in path.read_bytes(),
        )
        for path in sorted(source.rglob("*"))
        if path.is_file()
    )
    return OfficialFiles(f"{server.url}top/", "model/", "LICENCE.txt", files)
