"""The command ``faults``: its table, its data, its exit status; and ``parity --reduce``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.recordings import Recordings

from openface_bridge.cli import main
from openface_bridge.parity.faults import FAULTS, planted
from pyclnf.backends import available_backends

PASSED, FAILED, UNUSABLE = 0, 1, 2


def faults(recordings: Recordings, *arguments: object) -> int:
    return main(["faults", *recordings.arguments, *map(str, arguments)])


def test_caught(
    recordings: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    out = tmp_path / "new" / "faults.json"
    assert faults(recordings, "--only", "6,11,16", "--json", out) == PASSED
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("pass  none: the sound code")
    assert [line.split()[1] for line in lines[2:6]] == ["6", "11a", "11b", "16"]
    assert lines[-1] == "passed: 5 of 5 trials as expected, on 4 fits of backend numpy"
    data = strict_json(out.read_text("utf-8"))
    assert data["passed"]
    found = {entry["number"]: entry for entry in data["faults"]}
    assert found[None]["named"] == []
    assert found["16"]["named"] == ["Jacobian"]
    assert found["16"]["detected"]
    assert {fit["verdict"] for fit in found["16"]["fits"]} == {"bug"}
    assert found["16"]["fits"][0]["place"]["iteration"] == 0
    assert "Jacobian is wrong" in found["16"]["fits"][0]["sentence"]


@pytest.mark.skipif("cython" not in available_backends(), reason="no kernels were compiled")
def test_a_compiled_backend(
    recordings: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    out = tmp_path / "faults.json"
    assert faults(recordings, "--backend", "cython", "--only", "1,6,16", "--json", out) == PASSED
    lines = capsys.readouterr().out.splitlines()
    assert "some of which backend cython does in code of its own" in lines[0]
    assert "what is left to numpy-exact" in lines[1]
    table = [line.split()[-1] for line in lines if line.startswith("pass  ")]
    assert table == ["px", "maps", "phases", "px", "maps", "phases"]
    assert lines[-1] == "passed: 6 of 6 trials as expected, on 4 fits of backend cython"
    left = [
        (each["number"], each["left_to_definition"])
        for each in strict_json(out.read_text())["faults"]
    ]
    assert left == [
        (None, None), (None, "maps"), (None, "phases"), ("1", None), ("6", "maps"), ("16", "phases")
    ]  # fmt: skip


def test_missed(recordings: Recordings, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What is wrong before faults are planted is the sound code's."""
    with planted(next(fault for fault in FAULTS if fault.number == "16")):
        assert faults(recordings, "--only", "6", "--json", tmp_path / "f.json") == FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("FAIL  none: the sound code")
    assert "FAILED: 1 of 2 trials as expected" in lines[-2] + lines[-1]
    assert not json.loads((tmp_path / "f.json").read_text("utf-8"))["passed"]


def test_unknown_numbers(recordings: Recordings, capsys: pytest.CaptureFixture[str]):
    assert faults(recordings, "--only", "1,99,nine") == UNUSABLE
    assert "no fault has the number 99, nine; there are 1, 2, 3" in capsys.readouterr().err


def test_reduce(recordings: Recordings, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "cases"
    with planted(next(fault for fault in FAULTS if fault.number == "16")):
        status = main(["parity", *recordings.arguments, "--reduce", str(folder)])
    assert status == FAILED
    assert "reduced to" in capsys.readouterr().out
    assert len(list(folder.glob("test_*_jacobian.py"))) == 4
    assert len(list(folder.glob("case_*_jacobian.npz"))) == 4
