"""What the system says of a file is told in words, whichever subcommand meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.recordings import Recordings

from openface_bridge.cli import main
from openface_bridge.cli.status import UNUSABLE


@pytest.mark.parametrize(
    "command",
    [
        ["gate", "nothere"],
        ["thresholds", "nothere"],
        ["parity", "--no-faces", "--thresholds", "nothere"],
        ["parity", "--no-faces", "--known", "nothere"],
        ["parity", "--no-faces", "--run", "nothere"],
        ["parity", "--no-faces", "--model", "nothere"],
        ["run", "--out", "out", "--model", "nothere"],
        ["faults", "--only", "1", "--no-faces", "--model", "nothere"],
    ],
    ids=lambda command: f"{command[0]} {command[-2]}",
)
def test_subcommands(
    command: list[str], recordings: Recordings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    sources = [] if command[0] in ("gate", "thresholds") else recordings.arguments
    if "--model" in command:
        sources = sources[2:]
    assert main([*command, *sources]) == UNUSABLE
    said = capsys.readouterr().err
    assert "nothere" in said
    assert "Errno" not in said
