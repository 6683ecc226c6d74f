from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pyclnf.store.errors import StoreError
from pyclnf.store.official import official_files


def write(path: Path, **changes: Any) -> Path:
    entry = {"path": "a.txt", "size": 2, "sha256": "0" * 64, "text": True}
    stored: dict[str, Any] = {
        "schema": 1,
        "base_url": "https://example.org/top",
        "folder": "model/",
        "licence": "LICENCE.txt",
        "files": [{**entry, **changes.pop("entry", {})}],
    }
    path.write_text(json.dumps({**stored, **changes}))
    return path


def test_the_list_of_the_package():
    official = official_files()
    paths = {str(file.path) for file in official.files}
    assert {"main_clnf_general.txt", "main_clnf_wild.txt", "mtcnn_detector/PNet.dat"} <= paths
    assert official.base_url.startswith("https://")
    assert official.licence_url.endswith("OpenFace-license.txt")
    assert len({file.sha256 for file in official.files}) == len(official.files)


def test_a_list_of_ones_own(tmp_path: Path):
    official = official_files(write(tmp_path / "list.json"))
    assert official.url_of(official.files[0]) == "https://example.org/top/model/a.txt"
    moved = official.at("https://mirror.org")
    assert moved.url_of(moved.files[0]) == "https://mirror.org/model/a.txt"


def test_names_of_any_letters_become_addresses(tmp_path: Path):
    official = official_files(write(tmp_path / "list.json", entry={"path": "a b/ç.txt"}))
    address = "https://example.org/top/model/a%20b/%C3%A7.txt"
    assert official.url_of(official.files[0]) == address


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"files": 3},
        {"base_url": ""},
        {"licence": "../.."},
        {"licence": "/"},
        {"entry": {"path": "../a"}},
        {"entry": {"path": "/a"}},
        {"entry": {"path": "a\\b"}},
        {"entry": {"path": "C:a"}},
        {"entry": {"size": -1}},
        {"entry": {"size": True}},
        {"entry": {"size": 10**12}},
        {"entry": {"sha256": "0" * 63}},
        {"entry": {"sha256": None}},
    ],
)
def test_a_bad_list_is_refused(changes: dict[str, Any], tmp_path: Path):
    path = write(tmp_path / "list.json", **changes)
    with pytest.raises(StoreError, match=r"list\.json: is no list of official files"):
        official_files(path)


@pytest.mark.parametrize("content", [None, b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_list(content: bytes | None, tmp_path: Path):
    path = tmp_path / "list.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=r"list\.json"):
        official_files(path)
