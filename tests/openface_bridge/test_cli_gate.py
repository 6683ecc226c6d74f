"""The commands gate and thresholds, and the gate of parity."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.recordings import Recordings

from openface_bridge.cli import main
from openface_bridge.gate.results import FitKey
from openface_bridge.gate.thresholds import Limit, read_thresholds
from openface_bridge.manifests import split_models

PASSED, FAILED, UNUSABLE = 0, 1, 2


@pytest.fixture(autouse=True)
def no_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


@pytest.fixture(scope="module")
def measured(recordings: Recordings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run of the backend that rounds once, as data."""
    path = tmp_path_factory.mktemp("measured") / "parity.json"
    assert main(["parity", *recordings.arguments, "--json", str(path)]) == PASSED
    return dict(json.loads(path.read_text("utf-8")))


@pytest.fixture
def results(measured: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "parity.json"
    path.write_text(json.dumps(measured), "utf-8")
    return path


def spoil(results: Path, px: float = 5.0) -> None:
    """Move a landmark of the first fit."""
    data = json.loads(results.read_text("utf-8"))
    data["fits"][0]["free_run"]["errors_px"][3] = px
    results.write_text(json.dumps(data), "utf-8")


def run(command: str, *arguments: object) -> int:
    return main([command, *map(str, arguments)])


# ---- gate ----


def test_results_that_pass(results: Path, capsys: pytest.CaptureFixture[str]):
    assert run("gate", results) == PASSED
    output = capsys.readouterr()
    assert [line.split()[:3] for line in output.out.splitlines()[:-1]] == [
        ["pass", face, setting] for face in ("anna", "ben_2") for setting in ("default", "weighted")
    ]
    assert output.out.splitlines()[-1].startswith("passed: 4 fits (")
    assert output.err == ""


def test_results_without_a_fit(results: Path, capsys: pytest.CaptureFixture[str]):
    data = json.loads(results.read_text("utf-8"))
    results.write_text(json.dumps({**data, "fits": []}), "utf-8")
    assert run("gate", results) == FAILED
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("FAIL  no fit: There is nothing to judge: let 'parity' compare")
    assert last.startswith("FAILED: 0 fits (none)")


def test_results_that_fail(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    spoil(results)
    junit = tmp_path / "new" / "junit.xml"
    assert run("gate", results, "--junit", junit, "--annotations", "github") == FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAIL  anna")
    assert "Landmark 3 is 5 px off, beyond the limit" in lines[0]
    assert lines[4].startswith("FAILED: 4 fits")
    assert lines[5] == f"junit: {junit}"
    assert lines[6].startswith("::error title=parity%3A anna%2C default%2C numpy::Landmark 3")
    assert ElementTree.parse(junit).getroot()[0].get("failures") == "1"


def test_annotations_where_github_runs_it(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    spoil(results)
    assert run("gate", results) == FAILED
    assert "::error" not in capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("gate", results) == FAILED
    assert "::error" in capsys.readouterr().out
    assert run("gate", results, "--annotations", "none") == FAILED
    assert "::error" not in capsys.readouterr().out


def test_known_divergences(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    known = tmp_path / "known.toml"
    known.write_text(
        '[[divergence]]\nbackend = "numpy"\nface = "anna"\nsetting = "default"\nlandmarks = [3]\n'
        'max_error = 6\nreason = "ours"\nexpires = 9999-12-31\n',
        "utf-8",
    )
    assert run("gate", results, "--known", known) == FAILED
    assert "FAIL  known divergence: anna, default, numpy: [3]" in capsys.readouterr().out
    spoil(results)
    assert run("gate", results, "--known", known) == PASSED
    output = capsys.readouterr().out
    assert output.startswith("known anna")
    assert "until 9999-12-31: ours" in output
    assert "1 known to diverge" in output
    assert run("gate", results, "--known", known, "--annotations", "github") == PASSED
    assert "::warning title=parity%3A anna" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--thresholds", None, "cannot be read"),
        ("--thresholds", "version = 7", "has version 7"),
        ("--known", "[[divergence]]\ncolour = 3", "'colour' is not known here"),
    ],
)
def test_files_of_the_gate_that_are_wrong(
    option: str,
    content: str | None,
    words: str,
    results: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    path, junit = tmp_path / "file.toml", tmp_path / "junit.xml"
    junit.write_text("old", "utf-8")
    if content is not None:
        path.write_text(content, "utf-8")
    assert run("gate", results, option, path, "--junit", junit) == UNUSABLE
    assert words in capsys.readouterr().err
    assert junit.read_text("utf-8") == "old"


def test_no_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "parity.json").write_text('{"report_version": 1}', "utf-8")
    assert run("gate", tmp_path / "parity.json") == UNUSABLE
    assert capsys.readouterr().err.startswith("gate: ")
    assert run("gate", tmp_path / "nothing.json") == UNUSABLE


# ---- thresholds ----


def test_tightening(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "thresholds.toml"
    assert run("thresholds", results, "--file", path) == PASSED
    assert "4 entries could be tightened (--tighten)" in capsys.readouterr().out
    assert not path.exists()
    assert run("thresholds", results, "--file", path, "--tighten") == PASSED
    assert f"{path}: 4 entries tightened" in capsys.readouterr().out
    written = path.read_text("utf-8")
    assert set(read_thresholds(path)[FitKey("numpy", "anna", "default")]) == {"all"}
    assert run("gate", results, "--thresholds", path) == PASSED
    assert run("thresholds", results, "--file", path, "--tighten") == PASSED
    assert "0 entries tightened" in capsys.readouterr().out
    assert path.read_text("utf-8") == written


def test_nothing_is_loosened(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "thresholds.toml"
    assert run("thresholds", results, "--file", path, "--tighten") == PASSED
    written = path.read_text("utf-8")
    data = json.loads(results.read_text("utf-8"))
    limit = read_thresholds(path)[FitKey("numpy", "anna", "default")]["all"]
    assert limit.px < data["fits"][0]["floor"]["limit_px"]
    spoil(results, 1.01 * limit.px)
    capsys.readouterr()
    assert run("thresholds", results, "--file", path, "--tighten") == FAILED
    output = capsys.readouterr().out
    assert "refused: anna, default, numpy: all is" in output
    assert "nothing is loosened" in output
    assert path.read_text("utf-8") == written
    assert run("gate", results, "--thresholds", path) == FAILED


# ---- parity, in one go ----


def test_parity_with_thresholds(
    recordings: Recordings, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path, junit = tmp_path / "thresholds.toml", tmp_path / "junit.xml"
    assert run("thresholds", results, "--file", path, "--tighten") == PASSED
    gated = (*recordings.arguments, "--thresholds", path, "--junit", junit)
    assert run("parity", *gated) == PASSED
    assert len(list(ElementTree.parse(junit).getroot().iter("testcase"))) == 4
    tight = path.read_text("utf-8").replace("px = 0.0", "px = 0.0000")
    path.write_text(tight, "utf-8")
    assert any(limit["all"].px < Limit(0.0001).px for limit in read_thresholds(path).values()), (
        "nothing was made tighter"
    )
    capsys.readouterr()
    assert run("parity", *gated) == FAILED
    assert "beyond the threshold of all" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--json", "--html", "--junit"])
def test_outputs_are_checked_before_anything_runs(
    option: str,
    recordings: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    # Nobody gets that far.
    monkeypatch.setattr("openface_bridge.cli.parity.sources_of_several", None)
    assert run("parity", *recordings.arguments, option, tmp_path) == UNUSABLE
    assert f"parity: {option}: {tmp_path} is a folder" in capsys.readouterr().err


def test_nothing_is_overwritten_by_a_run_that_cannot_be_done(
    recordings: Recordings, tmp_path: Path
):
    data, junit = tmp_path / "parity.json", tmp_path / "junit.xml"
    for path in (data, junit):
        path.write_text("old", "utf-8")
    inputs = ("--model", recordings.model, "--traces", recordings.traces, "--images", tmp_path)
    assert run("parity", *inputs, "--json", data, "--junit", junit) == UNUSABLE
    assert [path.read_text("utf-8") for path in (data, junit)] == ["old", "old"]


# ---- Terminals ----


def test_one_screen(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """What fails comes first, and the rest is left out where there is no room."""
    pytest.importorskip("rich")
    data = json.loads(results.read_text("utf-8"))
    data["fits"] = [{**data["fits"][0], "face": f"face{index:02}"} for index in range(40)]
    data["fits"][30]["free_run"] = {"errors_px": [5.0]}
    data["fits"][30]["floor"] = {"landmarks_px": [0.1], "limit_px": 0.2}
    results.write_text(json.dumps(data), "utf-8")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("LINES", "20")
    assert run("gate", results) == FAILED
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 20
    assert "FAIL" in lines[1]
    assert "face30" in lines[1]
    assert "… and 28 more fits, none of them worse" in lines


def test_without_rich(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("openface_bridge.cli.summary.find_spec", lambda name: None)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert run("gate", results) == PASSED
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_the_command_starts_without_optional_packages(results: Path):
    code = (
        "import sys; from openface_bridge.cli import main; "
        f"status = main(['gate', {str(results)!r}]); "
        "print(status, *(name for name in ('rich', 'jinja2', 'matplotlib') if name in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "0"


# ---- Models ----


def test_models_of_settings_are_told_apart():
    assert split_models(["a.txt", "wild=b.txt"]) == (Path("a.txt"), {"wild": Path("b.txt")})
    assert split_models(["./a=b/c.txt"]) == (Path("a=b/c.txt"), {})
    assert split_models([]) == (None, {})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wlid=b.txt"], "no setting is called 'wlid'; there are default, weighted, wild"),
        (["a.txt", "b.txt"], "a.txt and b.txt are both for every setting"),
        (["wild=a.txt", "wild=b.txt"], "a.txt and b.txt are both for setting 'wild'"),
    ],
)
def test_models_that_would_be_ignored(
    arguments: list[str],
    words: str,
    recordings: Recordings,
    capsys: pytest.CaptureFixture[str],
):
    options = [word for argument in arguments for word in ("--model", argument)]
    inputs = ("--traces", recordings.traces, "--images", recordings.images)
    assert run("parity", *options, *inputs) == UNUSABLE
    assert words in capsys.readouterr().err
