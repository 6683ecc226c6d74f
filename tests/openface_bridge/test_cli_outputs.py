"""Every command says that an output cannot be written before it works for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.recordings import Recordings

from openface_bridge.cli import main

UNUSABLE = 2

# What comes first after the check: nobody gets that far.
FILES = {
    "faults": ("--json", "openface_bridge.cli.faults.sources_with_faces"),
    "maps": ("--out", "openface_bridge.cli.maps.create_backend"),
    "magnitudes": ("--json", "openface_bridge.cli.magnitudes.read_trace"),
    "vectors": ("--out", "openface_bridge.cli.vectors.native"),
}
FOLDERS = {
    "parity": ("--reduce", "openface_bridge.cli.parity.sources_of_several"),
    "run": ("--out", "openface_bridge.cli.run.sources"),
    "hold": ("--out", "openface_bridge.cli.hold.create_backend"),
    "record": ("--out", "openface_bridge.cli.record.live_reference"),
}


@pytest.fixture
def given(recordings: Recordings) -> dict[str, list[str]]:
    """What commands must be given, by their names."""
    fit = ["--model", str(recordings.model), "--image", str(recordings.images / "anna.png")]
    trace = str(recordings.traces / "trace_anna_default.npz")
    return {
        "maps": [*fit, "--at-params", "unread.json"],
        "hold": [*fit, "--box", "60,40,150,160"],
        "magnitudes": ["--trace", trace, "--model", str(recordings.model)],
        "vectors": ["--model", str(recordings.model)],
    }


@pytest.mark.parametrize("command", FILES)
def test_folders_are_no_files(
    command: str,
    given: dict[str, list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    option, following = FILES[command]
    monkeypatch.setattr(following, None)
    folder = tmp_path / "folder"
    folder.mkdir()
    assert main([command, *given.get(command, []), option, str(folder)]) == UNUSABLE
    said = capsys.readouterr()
    assert said.err == f"{command}: {option}: {folder} is a folder; name a file in it\n"
    assert said.out == ""
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


@pytest.mark.parametrize("command", FOLDERS)
def test_files_are_no_folders(
    command: str,
    given: dict[str, list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    option, following = FOLDERS[command]
    monkeypatch.setattr(following, None)
    file = tmp_path / "file"
    file.touch()
    for path, words in (
        (file, f"{file} is no folder; name one, it may be new"),
        (file / "deeper", f"nothing can be written in {file}: Not a directory"),
    ):
        assert main([command, *given.get(command, []), option, str(path)]) == UNUSABLE
        said = capsys.readouterr()
        assert said.err == f"{command}: {option}: {words}\n"
        assert said.out == ""


@pytest.mark.parametrize(("option", "least"), [("--count", 3), ("--image-count", 5)])
def test_too_few_vectors(
    option: str, least: int, given: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
):
    """The first ones are degenerate, and must be there."""
    with pytest.raises(SystemExit) as caught:
        main(["vectors", *given["vectors"], "--out", "v.npz", option, str(least - 1)])
    assert caught.value.code == UNUSABLE
    assert f"argument {option}: must be at least {least}, is {least - 1}" in capsys.readouterr().err
