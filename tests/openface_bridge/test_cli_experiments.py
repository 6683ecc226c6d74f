"""The commands of the experiments: what they answer, write and refuse, with pyclnf alone."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge import native
from openface_bridge.cli import main
from openface_bridge.trace import Trace, read_trace, write_trace

PASSED, UNUSABLE = 0, 2
PARAMETERS = {"global": [1.1, 0.05, -0.04, 0.06, 150, 130]}
BOX = "60,40,150,160"


def run(command: str, *arguments: object) -> int:
    return main([command, *map(str, arguments)])


@pytest.fixture
def without_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the bridge was not compiled."""
    monkeypatch.setitem(sys.modules, "openface_bridge._native", None)
    assert not native.is_available()


@pytest.fixture
def of_anna(recordings: Recordings) -> list[str]:
    return ["--model", str(recordings.model), "--image", str(recordings.images / "anna.png")]


def written(folder: Path, stored: Any = PARAMETERS) -> Path:
    path = folder / "params.json"
    path.write_text(json.dumps(stored))
    return path


# ---- maps ----


def test_maps(of_anna: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "new" / "maps.npz"
    at = ("--at-params", written(tmp_path), "--scale", 1, "--reference", "none")
    assert run("maps", *of_anna, *at, "--out", out) == PASSED
    assert capsys.readouterr().out.splitlines() == [
        "candidate: pyclnf, backend numpy, view 0", f"maps: {out}",
    ]  # fmt: skip
    with np.load(out) as arrays:
        assert arrays["candidate.response_maps"].shape == (12, 9, 9)
        assert arrays["params_global"].tolist() == np.array(PARAMETERS["global"], "f4").tolist()
        assert not any(name.startswith("reference") for name in arrays)


def test_maps_of_another_window(of_anna: list[str], tmp_path: Path):
    out = tmp_path / "maps.npz"
    at = ("--at-params", written(tmp_path), "--window", 11, "--backend", "numpy-exact")
    assert run("maps", *of_anna, *at, "--reference", "none", "--out", out) == PASSED
    with np.load(out) as arrays:
        assert arrays["candidate.response_maps"].shape == (12, 11, 11)


@pytest.mark.usefixtures("without_bridge")
@pytest.mark.parametrize("command", ["maps", "hold"])
def test_openface_asked_for_by_name(
    command: str, of_anna: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    more = ("--at-params", written(tmp_path)) if command == "maps" else ("--box", BOX)
    out = tmp_path / "out"
    assert run(command, *of_anna, *more, "--reference", "live", "--out", out) == UNUSABLE
    assert "OPENFACE_BRIDGE=ON" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.usefixtures("without_bridge")
def test_openface_where_there_is_none(
    of_anna: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    at = ("--at-params", written(tmp_path))
    assert run("maps", *of_anna, *at, "--out", tmp_path / "maps.npz") == PASSED
    assert "no bridge to OpenFace here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stored", "more", "message"),
    [
        ({"global": [1, 2]}, (), "expected 6 numbers, got 2"),
        ({**PARAMETERS, "local": [1] * 5}, (), "'local': expected 4 numbers, got 5"),
        (PARAMETERS, ("--scale", 2), "scale 2: the model has scales 0 to 1"),
        (PARAMETERS, ("--window", 4), "4 is neither 0 nor an odd number"),
        (PARAMETERS, ("--image", "nowhere.png"), "nowhere.png"),
        (PARAMETERS, ("--model", "nowhere.txt"), "nowhere.txt"),
    ],
)
def test_maps_that_cannot_be_made(
    stored: Any,
    more: tuple[object, ...],
    message: str,
    of_anna: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    out = tmp_path / "maps.npz"
    at = ("--at-params", written(tmp_path, stored), "--reference", "none")
    assert run("maps", *of_anna, *at, *more, "--out", out) == UNUSABLE
    output = capsys.readouterr()
    assert output.err.startswith("maps: ")
    assert message in output.err
    assert not out.exists()


# ---- hold ----


def test_hold(of_anna: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "new" / "held"
    held = ("--fixed", "scale=1.3", "--fixed", "q0=0")
    options = (*held, "--setting", "weighted", "--rotation", "-0.1,0.1,0", "--reference", "none")
    assert run("hold", *of_anna, "--box", BOX, *options, "--out", out) == PASSED
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if "pulls: scale " in line and ", q0 " in line]) == 4
    assert lines[-2].startswith("candidate ends at 1.3000, ")
    assert lines[-1] == f"traces and table: {out}"
    assert {path.name for path in out.iterdir()} == {"candidate.npz", "iterations.csv"}
    trace = read_trace(out / "candidate.npz")
    assert trace["init.params_global"][:4].tolist() == np.array((1.3, -0.1, 0.1, 0), "f4").tolist()
    assert float(trace["scale0.weight_factor"]) > 0
    with (out / "iterations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(trace.steps)
    assert {float(row["scale"]) for row in rows} == {float(f"{np.float32(1.3):.9g}")}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--box", "1,2,3"), "--box: expected 4 numbers with commas, got '1,2,3'"),
        (("--box", "a,b,c,d"), "--box: expected 4 numbers"),
        (("--box", "1,2,3,nan"), "--box: expected 4 numbers"),
        (("--box", "1,2,3,0"), "bbox: width and height must be positive"),
        (("--box", "9000,2,3,4"), "lies wholly outside the picture"),
        (("--box", "-9,2,3,4"), "lies wholly outside the picture"),
        (("--rotation", "0,4,0"), "--rotation: angles must be from -π to π"),
        (("--rotation", "0,0"), "--rotation: expected 3 numbers"),
        (("--fixed", "size=1"), "no parameter is called 'size'"),
        (("--fixed", "q4=1"), "q0 to q3"),
        (("--setting", "tame"), "no setting is called 'tame'"),
    ],
)
def test_fits_that_cannot_be_held(
    more: tuple[object, ...],
    message: str,
    of_anna: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    out = tmp_path / "held"
    common = ("--box", BOX, "--reference", "none", "--out", out)
    assert run("hold", *of_anna, *common, *more) == UNUSABLE
    output = capsys.readouterr()
    assert output.err.startswith("hold: ")
    assert message in output.err
    assert not out.exists()


# ---- magnitudes ----


def test_magnitudes(
    recordings: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    trace = recordings.traces / "trace_anna_default.npz"
    data = tmp_path / "new" / "sizes.json"
    assert run("magnitudes", "--trace", trace, "--model", recordings.model, "--json", data) == 0
    lines = capsys.readouterr().out.splitlines()
    steps = read_trace(trace).steps
    assert [line.split()[0] for line in lines] == [
        "iteration", *(step.prefix for step in steps), "data:",
    ]  # fmt: skip
    rows = strict_json(data.read_text("utf-8"))
    assert [row["iteration"] for row in rows] == [step.prefix for step in steps]
    names = lines[0].split()[1:]
    for line, row in zip(lines[1:], rows, strict=False):
        shown = [float(number) for number in line.split()[1:]]
        assert shown == pytest.approx([row[name] for name in names], rel=1e-5)


def test_magnitudes_that_are_not_finite(
    recordings: Recordings, tmp_path: Path, strict_json: Callable[[str], Any]
):
    trace = read_trace(recordings.traces / "trace_anna_default.npz")
    lost = {"scale0.rigid.1.mean_shift": np.full((12, 2), np.nan, np.float32)}
    write_trace(tmp_path / "lost.npz", Trace({**trace.entries, **lost}))
    data = tmp_path / "sizes.json"
    given = ("--trace", tmp_path / "lost.npz", "--model", recordings.model)
    assert run("magnitudes", *given, "--json", data) == PASSED
    rows = strict_json(data.read_text("utf-8"))
    assert [row["data_global"] is None for row in rows[:3]] == [False, True, False]


def test_magnitudes_of_no_trace(
    recordings: Recordings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for trace in (tmp_path / "nowhere.npz", recordings.model):
        assert run("magnitudes", "--trace", trace, "--model", recordings.model) == UNUSABLE
        assert str(trace) in capsys.readouterr().err
