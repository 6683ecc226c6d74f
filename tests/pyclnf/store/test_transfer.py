from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.error import URLError

import pytest
from support.file_server import FileServer, serve

from pyclnf.store.errors import StoreError
from pyclnf.store.transfer import fetch

CONTENT = bytes(range(256)) * 1000
LIMIT = len(CONTENT)


@pytest.fixture
def site() -> Iterator[FileServer]:
    with serve({"/file": CONTENT}) as running:
        yield running


def get(site: FileServer, target: Path, path: str = "file", limit: int = LIMIT) -> None:
    verify = partial(bytes.__eq__, CONTENT)
    fetch(f"{site.url}{path}", target, limit=limit, verify=verify, pause=0.001)


def part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def test_whole_file(site: FileServer, tmp_path: Path):
    told: list[int] = []
    target = tmp_path / "folder" / "file"
    url = f"{site.url}file"
    fetch(url, target, limit=LIMIT, verify=lambda found: found == CONTENT, tell=told.append)
    assert target.read_bytes() == CONTENT
    assert told[-1] == len(CONTENT)
    assert told == sorted(told)
    assert not part_of(target).exists()
    assert site.requests == [("/file", "")]


@pytest.mark.parametrize("announces_length", [True, False])
def test_a_dropped_connection_is_resumed(site: FileServer, tmp_path: Path, announces_length: bool):
    site.drops["/file"] = [100_000, 50_000]
    site.announces_length = announces_length
    target = tmp_path / "file"
    if not announces_length:  # where nothing tells the length, only the checksum can
        with pytest.raises(StoreError, match="SHA-256"):
            get(site, target)
        assert not target.exists()
        return
    get(site, target)
    assert target.read_bytes() == CONTENT
    assert [wanted for _, wanted in site.requests] == ["", "bytes=100000-", "bytes=150000-"]


def test_a_later_call_goes_on_where_the_last_one_ended(site: FileServer, tmp_path: Path):
    target = tmp_path / "file"
    site.drops["/file"] = [70_000, 0, 0, 0, 0]
    with pytest.raises(StoreError, match=r"What has arrived is kept"):
        get(site, target)
    assert not target.exists()
    assert part_of(target).read_bytes() == CONTENT[:70_000]
    site.drops.clear()
    site.requests.clear()
    get(site, target)
    assert target.read_bytes() == CONTENT
    assert site.requests == [("/file", "bytes=70000-")]


def test_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise URLError(socket.gaierror(-2, "Name or service not known"))

    monkeypatch.setattr("pyclnf.store.transfer._OPENER.open", fail)
    with pytest.raises(StoreError) as caught:
        fetch(
            "https://example.org/file",
            tmp_path / "file",
            limit=9,
            verify=lambda _: True,
            pause=0,
        )
    said = str(caught.value)
    assert "/file: cannot be fetched: Name or service not known. Is there a network?" in said
    assert "'pyclnf model install'" in said


def test_a_server_without_ranges_sends_all_again(site: FileServer, tmp_path: Path):
    site.honours_ranges = False
    site.drops["/file"] = [100_000]
    target = tmp_path / "file"
    get(site, target)
    assert target.read_bytes() == CONTENT


def test_a_wrong_range_is_not_appended(site: FileServer, tmp_path: Path):
    site.wrong_range = True
    site.drops["/file"] = [100_000]
    target = tmp_path / "file"
    get(site, target)
    assert target.read_bytes() == CONTENT


def test_a_complete_part_is_not_fetched_again(site: FileServer, tmp_path: Path):
    target = tmp_path / "file"
    part_of(target).write_bytes(CONTENT)
    get(site, target)
    assert target.read_bytes() == CONTENT
    assert site.requests == [("/file", f"bytes={len(CONTENT)}-")]


@pytest.mark.parametrize("beginning", [b"another version", b"another version" * 20_000])
def test_the_part_of_another_file_is_discarded(site: FileServer, tmp_path: Path, beginning: bytes):
    target = tmp_path / "file"
    part_of(target).write_bytes(beginning)
    get(site, target)
    assert target.read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(site: FileServer, tmp_path: Path):
    site.files["/file"] = CONTENT[:-1] + b"!"
    target = tmp_path / "file"
    with pytest.raises(StoreError, match=r"SHA-256 differs.*--base-url"):
        get(site, target)
    assert list(tmp_path.iterdir()) == []
    assert len(site.requests) == 1


def test_more_than_expected_is_refused_early(site: FileServer, tmp_path: Path):
    target = tmp_path / "file"
    with pytest.raises(StoreError, match="larger than the file expected"):
        get(site, target, limit=1000)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_not_asked_for_again(site: FileServer, tmp_path: Path):
    with pytest.raises(StoreError, match=r"/nowhere: the server has no such file \(404\)"):
        get(site, tmp_path / "file", "nowhere")
    assert len(site.requests) == 1


def test_a_server_in_trouble_is_asked_again(site: FileServer, tmp_path: Path):
    site.errors["/file"] = [503, 429]
    get(site, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_refusal_is_told(site: FileServer, tmp_path: Path):
    site.errors["/file"] = [403]
    with pytest.raises(StoreError, match="answers 403 Forbidden"):
        get(site, tmp_path / "file")


def test_nobody_there(tmp_path: Path):
    with serve({}) as gone:
        pass
    with pytest.raises(StoreError, match="refused"):
        get(gone, tmp_path / "file")


@pytest.mark.parametrize("url", ["http://example.org/file", "ftp://127.0.0.1/f", "file:///etc/x"])
def test_only_https(url: str, tmp_path: Path):
    with pytest.raises(StoreError, match="over HTTPS only"):
        fetch(url, tmp_path / "file", limit=10, verify=bool)


def test_no_redirection_leaves_https(site: FileServer, tmp_path: Path):
    site.redirects["/away"] = "http://example.org/file"
    site.redirects["/moved"] = f"{site.url}file"
    with pytest.raises(StoreError, match=r"http://example\.org/file: files are fetched over HTTPS"):
        get(site, tmp_path / "file", "away")
    get(site, tmp_path / "file", "moved")
    assert (tmp_path / "file").read_bytes() == CONTENT
