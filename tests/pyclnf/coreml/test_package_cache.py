"""Programs on disk; writing them needs no coremltools."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyclnf import CacheWarning
from pyclnf.coreml import package_cache
from pyclnf.coreml.package_cache import PackageCache
from pyclnf.coreml.package_file import checked_package, move_in

KEY, OTHER = b"\1" * 32, b"\2" * 32


class Writer:
    """Writes packages, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, path: Path) -> None:
        self.count += 1
        (path / "Data").mkdir(parents=True)
        (path / "Manifest.json").write_text("{}")
        (path / "Data" / "weight.bin").write_bytes(bytes(range(256)))


@pytest.fixture
def write() -> Writer:
    return Writer()


def entry(folder: Path, key: bytes = KEY) -> Path:
    return folder / f"{key.hex()}.coreml"


def content(package: Path) -> dict[str, bytes]:
    files = (path for path in package.rglob("*") if path.is_file())
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in files}


def test_made_once_and_kept(tmp_path: Path, write: Writer):
    folder = tmp_path / "new" / "cache"
    package = PackageCache(folder).get(KEY, write)
    assert package == entry(folder) / "program.mlpackage"
    assert content(package)["Data/weight.bin"] == bytes(range(256))
    assert PackageCache(folder).get(KEY, write) == package
    assert write.count == 1
    assert PackageCache(folder).get(OTHER, write) != package
    assert write.count == 2
    assert sorted(folder.iterdir()) == [entry(folder), entry(folder, OTHER)]


WEIGHTS, MANIFEST, SUMS = (
    "program.mlpackage/Data/weight.bin",
    "program.mlpackage/Manifest.json",
    "SHA256SUMS",
)


def change_weights(at: Path) -> None:
    (at / WEIGHTS).write_bytes(b"x" * 256)


def cut_weights(at: Path) -> None:
    (at / WEIGHTS).write_bytes(b"")


def remove_manifest(at: Path) -> None:
    (at / MANIFEST).unlink()


def add_file(at: Path) -> None:
    (at / "program.mlpackage" / "more").write_bytes(b"")


def remove_package(at: Path) -> None:
    shutil.rmtree(at / "program.mlpackage")


def remove_sums(at: Path) -> None:
    (at / SUMS).unlink()


def make_sums_a_folder(at: Path) -> None:
    (at / SUMS).unlink()
    (at / SUMS).mkdir()


def name_another_key(at: Path) -> None:
    text = (at / SUMS).read_text()
    (at / SUMS).write_text(text.replace(KEY.hex(), OTHER.hex()))


def make_a_file(at: Path) -> None:
    shutil.rmtree(at)
    at.write_bytes(b"no folder")


@pytest.mark.parametrize(
    "damage",
    [
        *(change_weights, cut_weights, remove_manifest, add_file, remove_package),
        *(remove_sums, make_sums_a_folder, name_another_key, make_a_file),
    ],
)
def test_damaged_programs_are_replaced(
    tmp_path: Path, write: Writer, damage: Callable[[Path], None]
):
    expected = content(PackageCache(tmp_path).get(KEY, write))
    damage(entry(tmp_path))
    with pytest.warns(CacheWarning, match=r"\.coreml: damaged program \(.*; it was made anew"):
        package = PackageCache(tmp_path).get(KEY, write)
    assert content(package) == expected
    assert checked_package(entry(tmp_path), KEY) == package
    assert list(tmp_path.iterdir()) == [entry(tmp_path)]


def test_without_a_folder_programs_go_with_the_cache(write: Writer):
    cache = PackageCache()
    package = cache.get(KEY, write)
    assert content(package)["Manifest.json"] == b"{}"
    del cache
    gc.collect()
    assert not package.exists()


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, write: Writer):
    in_the_way = tmp_path / "file"
    in_the_way.write_bytes(b"")
    cache = PackageCache(in_the_way / "cache")
    with pytest.warns(CacheWarning, match=r"made by every process for itself") as told:
        first, second = cache.get(KEY, write), cache.get(OTHER, write)
    assert len(told) == 1
    assert content(first) == content(second) != {}
    del cache
    gc.collect()
    assert not first.exists()


def test_another_process_was_quicker(
    tmp_path: Path, write: Writer, monkeypatch: pytest.MonkeyPatch
):
    def too_late(made: Path, at: Path) -> None:
        move_in(made, at)
        raise OSError(errno.ENOTEMPTY, "Directory not empty", str(at))

    monkeypatch.setattr(package_cache, "move_in", too_late)
    cache = PackageCache(tmp_path)
    package = cache.get(KEY, write)  # a warning is an error
    assert package == entry(tmp_path) / "program.mlpackage"
    assert list(cache._temporary.iterdir()) == []


def test_what_fails_leaves_nothing_behind(tmp_path: Path):
    def fail(path: Path) -> None:
        path.mkdir()
        raise RuntimeError("no such operation")

    with pytest.raises(RuntimeError, match="no such operation"):
        PackageCache(tmp_path).get(KEY, fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="os.mkfifo")
def test_a_pipe_is_no_program(tmp_path: Path, write: Writer):
    expected = content(PackageCache(tmp_path).get(KEY, write))
    weights = entry(tmp_path) / WEIGHTS
    weights.unlink()
    os.mkfifo(weights)
    with pytest.warns(CacheWarning, match="damaged"):
        assert content(PackageCache(tmp_path).get(KEY, write)) == expected
