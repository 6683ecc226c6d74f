from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pyclnf.cache import cache_folder
from pyclnf.cache.folder import VARIABLE


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and none of the variables."""
    for name in (VARIABLE, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("cache", [None, False])
def test_none(cache: bool | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "elsewhere")  # says which, not whether
    assert cache_folder(cache) is None


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path(kind: type, tmp_path: Path):
    folder = tmp_path / "not" / "there"
    assert cache_folder(kind(folder)) == folder
    assert not folder.parent.exists()


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert cache_folder("here") == tmp_path / "here"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ".cache/pyclnf"),
        ("darwin", "Library/Caches/pyclnf"),
        ("win32", "AppData/Local/pyclnf/Cache"),
    ],
)
def test_the_users_caches(
    platform: str, expected: str, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder(True) == home / expected


def test_variables(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the specification says to ignore
    assert cache_folder(True) == home / ".cache" / "pyclnf"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder(True) == tmp_path / "xdg" / "pyclnf"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "named"))
    assert cache_folder(True) == tmp_path / "named"


def test_no_home(monkeypatch: pytest.MonkeyPatch):
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ValueError, match=rf"cache: .* no home folder; .* set {VARIABLE}"):
        cache_folder(True)


def test_a_folder_among_the_user_s_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "~/models")
    assert cache_folder(True) == tmp_path / "models"


@pytest.mark.parametrize("cache", [1, 0, 2.5, b"bytes", ["list"], ""])
def test_something_else(cache: object):
    with pytest.raises(ValueError, match="cache: expected a folder, True, False or None, got"):
        cache_folder(cache)  # type: ignore[arg-type]


def test_a_file(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ValueError, match="file is a file, expected a folder"):
        cache_folder(file)
