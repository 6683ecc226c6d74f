from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.expert_files import set_early_termination, write_model_of
from support.file_server import FileServer, serve

from openface_bridge.fixtures import Embedded
from pyclnf import CLNF
from pyclnf.cli import main

DONE, SKIPPED, UNUSABLE = 0, 1, 2
LICENCE = "Only for tests."


@pytest.fixture
def listed(fixtures: Embedded, tmp_path: Path) -> Iterator[tuple[FileServer, list[str]]]:
    """A server of the embedded model, and the options that name it."""
    folder = fixtures.model.parent
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    files = [
        {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    ]
    entries = {"folder": "model/", "licence": "LICENCE", "base_url": "https://example.org/"}
    manifest = tmp_path / "files.json"
    text = [{**file, "text": b"\0" not in contents[str(file["path"])]} for file in files]
    manifest.write_text(json.dumps({"schema": 1, **entries, "files": text}))
    site = {f"/model/{name}": content for name, content in contents.items()}
    with serve({"/LICENCE": LICENCE.encode(), **site}) as server:
        yield server, ["--manifest", str(manifest), "--base-url", server.url]


def test_install_list_check(models: Path, fixtures: Embedded, capsys: pytest.CaptureFixture[str]):
    assert main(["model", "list"]) == DONE
    assert f"none in {models}; 'pyclnf model install --from" in capsys.readouterr().out
    assert main(["model", "install", "--from", str(fixtures.model.parent)]) == DONE
    said = capsys.readouterr().out
    assert "main_clnf_general.txt: usable" in said
    assert "unknown version, parsed fine" in said
    assert "known official file" not in said
    assert main(["model", "list"]) == DONE
    assert f"general: {models / 'openface' / 'main_clnf_general.txt'}\n" in capsys.readouterr().out
    assert main(["model", "check"]) == DONE
    assert "main_clnf_wild.txt: usable" in capsys.readouterr().out
    assert main(["model", "install", "--from", str(fixtures.model.parent)]) == UNUSABLE
    assert "--replace" in capsys.readouterr().err


def test_check_tells_of_early_termination(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    manifest = write_model_of("CEN", tmp_path)
    set_early_termination(manifest, (1, 1, 1), (0, 0, 0), (2, 2, 2))
    assert main(["model", "check", str(manifest)]) == DONE
    said = capsys.readouterr().out
    assert "early.txt: early termination, " in said
    assert "not read" not in said
    for text, problem in (("1 1 1 0 0 0", "cutoff of each of 3 views"), ("1 1 x", "finite number")):
        (tmp_path / "early.txt").write_text(text, "utf-8")
        assert main(["model", "check", str(manifest)]) == SKIPPED
        assert problem in capsys.readouterr().out


def test_check_a_damaged_model(
    fixtures: Embedded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for path in fixtures.model.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    manifest = tmp_path / fixtures.model.name
    assert main(["model", "check", str(manifest)]) == DONE
    damaged = tmp_path / "ccnf_patches_0.25.bin"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    capsys.readouterr()
    assert main(["model", "check", str(manifest)]) == SKIPPED
    said = capsys.readouterr().out
    assert f"{manifest}: NOT USABLE" in said
    assert "ccnf_patches_0.25.bin: CCNF patch experts, 0 bytes, -, BAD: " in said


def test_check_what_is_not_there(models: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["model", "check"]) == UNUSABLE
    assert "pyclnf model download" in capsys.readouterr().err
    assert main(["model", "check", "nowhere.txt"]) == SKIPPED
    assert "nowhere.txt: NOT USABLE" in capsys.readouterr().out


def test_models_that_are_incomplete_are_told(
    models: Path, fixtures: Embedded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for path in fixtures.model.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "main_clnf_demos.txt").write_text("LandmarkDetector nowhere.txt")
    assert main(["model", "install", "--from", str(tmp_path)]) == DONE
    assert "left out: " in capsys.readouterr().err
    (tmp_path / "main_clnf_wild.txt").write_text("LandmarkDetector nowhere.txt")
    assert main(["model", "install", "--from", str(tmp_path), "--replace"]) == SKIPPED
    assert main(["model", "list"]) == DONE
    assert "wild: " not in capsys.readouterr().out


def test_install_from_nowhere(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["model", "install", "--from", str(tmp_path)]) == UNUSABLE
    assert "name the folder of an OpenFace" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--accept-licence", "--accept-license"])
def test_download(
    models: Path,
    listed: tuple[FileServer, list[str]],
    option: str,
    capsys: pytest.CaptureFixture[str],
):
    server, options = listed
    assert main(["model", "download", *options, option]) == DONE
    said = capsys.readouterr().out
    assert LICENCE in said
    assert server.url in said
    assert f"installed in {models / 'openface'}" in said
    assert CLNF("wild").n_landmarks == 68
    assert main(["model", "check", *options[:2]]) == DONE
    assert "unknown" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "accepted"), [("yes\n", True), ("y\n", False), ("\n", False), ("", False)]
)
def test_the_licence_is_asked_for_at_a_terminal(
    models: Path,
    listed: tuple[FileServer, list[str]],
    answer: str,
    accepted: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    terminal = io.StringIO(answer)
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)
    assert main(["model", "download", *listed[1]]) == (DONE if accepted else UNUSABLE)
    said = capsys.readouterr()
    assert LICENCE in said.out
    assert ("the licence was not accepted; nothing was downloaded" in said.err) is not accepted
    assert (models / "openface").exists() is accepted


def test_in_a_pipe_nothing_is_accepted(
    models: Path,
    listed: tuple[FileServer, list[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["model", "download", *listed[1]]) == UNUSABLE
    assert "--accept-licence accepts" in capsys.readouterr().err
    assert [path for path, _ in listed[0].requests] == ["/LICENCE"]


def test_a_wrong_address_is_told(
    models: Path, listed: tuple[FileServer, list[str]], capsys: pytest.CaptureFixture[str]
):
    server, options = listed
    wrong = [*options[:3], f"{server.url}moved"]
    assert main(["model", "download", *wrong, "--accept-licence"]) == UNUSABLE
    said = capsys.readouterr().err
    assert "/moved/LICENCE: the server has no such file (404). --base-url or --manifest" in said
