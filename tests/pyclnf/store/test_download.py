from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from support.file_server import FileServer

from pyclnf import CLNF
from pyclnf.store.download import download_models
from pyclnf.store.errors import StoreError
from pyclnf.store.official import OfficialFiles

from .conftest import LICENCE


def yes(_: str) -> bool:
    return True


def no(_: str) -> bool:
    return False


get = partial(download_models, pause=0.001)


def test_download_and_use(models: Path, official: OfficialFiles, server: FileServer):
    shown: list[str] = []
    told: list[tuple[str, int]] = []

    def agree(licence: str) -> bool:
        assert server.requests == [("/top/LICENCE.txt", "")]  # nothing else before
        shown.append(licence)
        return True

    folder, reports = get(official, agree, progress=lambda name, done: told.append((name, done)))
    assert shown == [LICENCE]
    assert folder == models / "openface"
    assert told[-1][1] == official.size
    assert [report.usable for report in reports] == [True]
    assert all(file.official for file in reports[0].files)
    assert (folder / "LICENCE.txt").read_text() == LICENCE
    assert CLNF().n_landmarks == 12
    assert [path.name for path in models.iterdir()] == ["openface"]


def test_without_consent_nothing_is_fetched(
    models: Path, official: OfficialFiles, server: FileServer
):
    with pytest.raises(StoreError, match="licence was not accepted"):
        get(official, no)
    assert [path for path, _ in server.requests] == ["/top/LICENCE.txt"]
    assert not (models / "openface").exists()


def test_without_its_licence_nothing_is_fetched(
    models: Path, official: OfficialFiles, server: FileServer
):
    del server.files["/top/LICENCE.txt"]
    with pytest.raises(StoreError, match=r"LICENCE.txt: the server has no such file"):
        get(official, yes)
    assert len(server.requests) == 1


def test_a_wrong_file_stops_it_and_the_next_call_goes_on(
    models: Path, official: OfficialFiles, server: FileServer
):
    last = f"/top/model/{official.files[-1].path}"
    good = server.files[last]
    server.files[last] = good[:-1] + bytes([good[-1] ^ 1])
    with pytest.raises(StoreError, match=r"SHA-256 differs"):
        get(official, yes)
    assert not (models / "openface").exists()
    with pytest.raises(StoreError, match="no model 'general' is installed"):
        CLNF()
    server.files[last] = good
    server.requests.clear()
    get(official, yes)
    assert [path for path, _ in server.requests] == ["/top/LICENCE.txt", last]


def test_installed_models_are_replaced_only_when_asked(
    models: Path, official: OfficialFiles, server: FileServer
):
    get(official, yes)
    server.requests.clear()
    with pytest.raises(StoreError, match="installed there already; --replace"):
        get(official, yes)
    assert server.requests == []
    (models / "openface" / "stale").touch()
    get(official, yes, replace=True)
    assert not (models / "openface" / "stale").exists()
    assert [path.name for path in models.iterdir()] == ["openface"]


def test_text_with_other_line_ends_is_the_same_file(
    models: Path, official: OfficialFiles, server: FileServer
):
    for path, content in server.files.items():
        if b"\0" not in content:
            server.files[path] = content.replace(b"\n", b"\r\n")
    _, reports = get(official, yes)
    assert reports[0].usable
    assert all(file.official for file in reports[0].files)


def test_what_another_list_has_left_is_not_put_in_place(models: Path, official: OfficialFiles):
    left = models / ".openface.download" / "patches"
    left.mkdir(parents=True)
    (left / "other.dat.part").write_bytes(b"half")
    (left.parent / "main_clnf_other.txt").write_text("LandmarkDetector nowhere.txt")
    folder, _ = get(official, yes)
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert names == {"LICENCE.txt", *(file.path.name for file in official.files)}


def test_files_that_make_no_model_are_not_put_in_place(
    models: Path, official: OfficialFiles, server: FileServer
):
    few = OfficialFiles(official.base_url, official.folder, official.licence, official.files[:1])
    with pytest.raises(StoreError, match="the files listed make no model"):
        get(few, yes)
    assert not (models / "openface").exists()
