"""Outputs are checked before work starts, and written all at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openface_bridge.gate.outputs import OutputError, check_folders, check_outputs, write_outputs


def hello(path: Path) -> None:
    path.write_text("hello", "utf-8")


def fail(path: Path) -> None:
    path.write_text("hal", "utf-8")
    raise OSError("disk full")


def test_checking_changes_nothing(tmp_path: Path):
    (tmp_path / "old").write_text("old", "utf-8")
    check_outputs({"--a": tmp_path / "new" / "a", "--b": tmp_path / "old", "--c": None})
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text("utf-8") == "old"


def test_folders_are_no_files(tmp_path: Path):
    with pytest.raises(OutputError, match=r"--json: .* is a folder; name a file in it"):
        check_outputs({"--json": tmp_path})


def test_files_are_no_folders(tmp_path: Path):
    hello(tmp_path / "file")
    with pytest.raises(OutputError, match=r"--json: nothing can be written in .*file"):
        check_outputs({"--json": tmp_path / "file" / "deeper" / "a"})


def test_folders(tmp_path: Path):
    check_folders({"--out": tmp_path, "--new": tmp_path / "a" / "b", "--none": None})
    hello(tmp_path / "file")
    with pytest.raises(OutputError, match=r"--out: .*file is no folder"):
        check_folders({"--out": tmp_path / "file"})
    with pytest.raises(OutputError, match=r"--out: nothing can be written in .*file: Not a dir"):
        check_folders({"--out": tmp_path / "file" / "deeper"})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind root"
)
def test_folders_that_may_not_be_written(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="nothing can be written"):
        check_outputs({"--json": tmp_path / "a"})
    tmp_path.chmod(0o700)


def test_one_file_for_two_outputs(tmp_path: Path):
    with pytest.raises(OutputError, match=r"--b: .* is also what --a names"):
        check_outputs({"--a": tmp_path / "x", "--b": tmp_path / "." / "x"})
    check_outputs({"--a": Path(os.devnull), "--b": Path(os.devnull)})


def test_all_are_written(tmp_path: Path):
    write_outputs({tmp_path / "a": hello, tmp_path / "new" / "b": hello})
    assert (tmp_path / "new" / "b").read_text("utf-8") == "hello"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "new"]


def test_all_or_nothing(tmp_path: Path):
    (tmp_path / "a").write_text("old", "utf-8")
    with pytest.raises(OSError, match="disk full"):
        write_outputs({tmp_path / "a": hello, tmp_path / "b": fail})
    assert (tmp_path / "a").read_text("utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_links_are_kept(tmp_path: Path):
    hello(tmp_path / "file")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_outputs({tmp_path / "link": lambda path: hello(path)})
    assert (tmp_path / "link").is_symlink()


def test_devices_are_not_replaced():
    write_outputs({Path(os.devnull): hello})
    assert not Path(os.devnull).is_file()
