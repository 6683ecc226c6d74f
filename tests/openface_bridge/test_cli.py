"""The command: what it answers, what it writes, and how it says that it cannot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from support.divergence import diverging
from support.model_files import write_small_model
from support.recordings import Recordings

from openface_bridge import cli
from openface_bridge.cli import main
from openface_bridge.parity.models import Models
from openface_bridge.parity.run import FitRun, run_fit
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.summary import REPORT_VERSION
from openface_bridge.recorded import NOISE_FLOOR_FILE, Recorded
from openface_bridge.reference import Case
from openface_bridge.stepping import SteppingError
from openface_bridge.trace import Trace, read_trace, write_trace
from pyclnf.backends import available_backends

PASSED, FAILED, UNUSABLE = 0, 1, 2
REPOSITORY = Path(cli.__file__).resolve().parents[2]


@pytest.fixture
def one_fit(recordings: Recordings, tmp_path: Path) -> Recordings:
    """One of the recorded fits with its noise floor, to do harm to."""
    traces = tmp_path / "traces"
    traces.mkdir()
    for name in ("trace_anna_default.npz", NOISE_FLOOR_FILE):
        shutil.copy(recordings.traces / name, traces)
    return Recordings(recordings.model, traces, recordings.images)


def change(recordings: Recordings, name: str, by: float) -> None:
    """Change the last number of an entry of the one trace."""
    path = recordings.traces / "trace_anna_default.npz"
    trace = read_trace(path)
    changed = trace[name].copy()
    changed.flat[-1] += np.asarray(by, changed.dtype)
    write_trace(path, Trace({**trace.entries, name: changed}))


def parity(*arguments: object) -> int:
    return main(["parity", *map(str, arguments)])


# ---- Runs that can be done ----


def test_a_run_that_passes(
    recordings: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    path = tmp_path / "new" / "results.json"
    assert parity(*recordings.arguments, "--json", path) == PASSED
    output = capsys.readouterr()
    assert output.err == ""
    lines = output.out.splitlines()
    assert [line.split()[:3] for line in lines[:4]] == [
        ["pass", face, setting] for face in ("anna", "ben_2") for setting in ("default", "weighted")
    ]
    assert [line.split()[3] for line in lines[:4]] == ["branch"] * 4
    assert lines[4].startswith("passed: 4 fits (4 branch), 0 failed; worst landmark 0.0")
    assert lines[5:] == [f"data: {path}"]
    run = strict_json(path.read_text("utf-8"))
    assert run["report_version"] == REPORT_VERSION
    assert (run["backend"], run["fits"][0]["model"]) == ("numpy", "main.txt")
    assert run["reference"] == "recorded traces in traces/"
    assert run["summary"]["passed"] is True
    assert run["summary"]["fits"] == 4


def test_what_the_data_hold(one_fit: Recordings, tmp_path: Path, strict_json: Callable[[str], Any]):
    """Whoever reads these files relies on these names."""
    path = tmp_path / "results.json"
    assert parity(*one_fit.arguments, "--json", path) == PASSED
    (fit,) = strict_json(path.read_text("utf-8"))["fits"]
    assert (fit["face"], fit["setting"]) == ("anna", "default")
    floor = fit["floor"]
    assert 0 <= fit["free_run"]["mean_px"] <= fit["free_run"]["max_px"] <= floor["limit_px"]
    assert floor["limit_px"] == 2 * floor["px"] + 0.005
    assert floor["within"] is True
    assert fit["verdict"]["kind"] == "branch"
    assert list(fit["stages"]) == [stage.name for stage in STAGES]
    for name, stage in fit["stages"].items():
        worst = stage["forced"]["worst"]
        assert stage["forced"]["passed"] is True
        assert name == "clamp" or 0 <= worst["ulps"] <= worst["bound"]


def test_the_reference_itself(one_fit: Recordings, capsys: pytest.CaptureFixture[str]):
    assert parity(*one_fit.arguments, "--backend", "numpy-exact") == PASSED
    assert "passed: 1 fit (1 equal), 0 failed" in capsys.readouterr().out


def test_several_backends(
    recordings: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    path = tmp_path / "results.json"
    named = ("--backend", "numpy", "--backend", "numpy-exact", "--backend", "numpy")
    assert parity(*recordings.arguments, *named, "--json", path) == PASSED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["worst", "landmark,", "px", "numpy", "numpy-exact"]
    assert [line.split()[:2] for line in lines[1:5]] == [
        [face, setting] for face in ("anna", "ben_2") for setting in ("default", "weighted")
    ]
    assert [line.split()[3::2] for line in lines[1:5]] == [["branch", "equal"]] * 4
    assert " ".join(lines[7].split()) == "fits equal in every bit 0 of 4 4 of 4"
    assert lines[8].split() == ["verdict", "passed", "passed"]
    told = "passed: 4 fits on 2 backends: 8 comparisons (4 equal, 4 branch), 0 failed"
    assert lines[9] == told
    run = strict_json(path.read_text("utf-8"))
    assert run["backend"] == "numpy, numpy-exact"
    assert [its["verdicts"]["equal"] for its in run["backends"].values()] == [0, 4]


def test_all_backends(one_fit: Recordings, tmp_path: Path, strict_json: Callable[[str], Any]):
    path = tmp_path / "results.json"
    assert parity(*one_fit.arguments, "--backend", "all", "--json", path) == PASSED
    assert tuple(strict_json(path.read_text("utf-8"))["backends"]) == available_backends()


def test_failures_of_several_backends(one_fit: Recordings, capsys: pytest.CaptureFixture[str]):
    change(one_fit, "scale1.view", 1)
    named = ("--backend", "numpy", "--backend", "numpy-exact")
    assert parity(*one_fit.arguments, *named) == FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].count("bug  FAIL") == 2
    assert lines[5].split() == ["verdict", "1", "failed", "1", "failed"]
    assert lines[6].startswith("FAIL  anna, default, numpy: ")
    assert lines[7].startswith("FAIL  anna, default, numpy-exact: ")
    assert lines[6].count("the view is wrong") == lines[7].count("the view is wrong") == 1


def test_a_kept_run_is_one_backend_s(one_fit: Recordings, capsys: pytest.CaptureFixture[str]):
    named = ("--backend", "numpy", "--backend", "numpy-exact")
    assert parity(*one_fit.arguments, *named, "--run", "kept") == UNUSABLE
    assert "holds the fits of one backend" in capsys.readouterr().err


def test_without_a_noise_floor(
    one_fit: Recordings, tmp_path: Path, strict_json: Callable[[str], Any]
):
    (one_fit.traces / NOISE_FLOOR_FILE).unlink()
    path = tmp_path / "results.json"
    assert parity(*one_fit.arguments, "--backend", "numpy-exact", "--json", path) == PASSED
    (fit,) = strict_json(path.read_text("utf-8"))["fits"]
    assert (fit["floor"]["px"], fit["floor"]["limit_px"]) == (None, 0.005)


@pytest.mark.parametrize(
    ("entry", "by", "remark"),
    [
        (
            "scale1.nonrigid.2.mean_shift",
            0.01,
            "the mean shift is wrong (scale 1, nonrigid phase, iteration 2, landmark 11): it "
            "differs by 0.01; rounding",
        ),
        ("scale0.response_maps", 1.0, "the response map is wrong (scale 0, landmark 11)"),
        ("scale1.view", 1, "the view is wrong (scale 1): it differs by 1, and should not at all"),
        ("final.landmarks", 1.0, "beyond the limit of 0.005 px"),
        ("scale0.sigma", 0.5, "The mean shift uses another σ than the reference (scale 0), 0.5"),
        ("final.landmarks", np.nan, "worst      inf px"),
        ("final.likelihood", np.nan, "the likelihood is wrong (end of the fit): it is not"),
    ],
)
def test_a_run_that_fails(
    entry: str,
    by: float,
    remark: str,
    one_fit: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    change(one_fit, entry, by)
    (one_fit.traces / NOISE_FLOOR_FILE).unlink()
    path = tmp_path / "results.json"
    assert parity(*one_fit.arguments, "--json", path) == FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAIL  anna")
    assert remark in lines[0]
    assert lines[1].startswith("FAILED: 1 fit (1 ")
    assert ", 1 failed; " in lines[1]
    run = strict_json(path.read_text("utf-8"))
    assert run["summary"]["passed"] is False


def test_candidates_that_diverge(
    one_fit: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    """Data and page are written and valid, though errors are infinite."""
    data, page = tmp_path / "results.json", tmp_path / "page.html"
    outputs = ("--json", data, "--html", page)
    with diverging():
        assert parity(*one_fit.arguments, "--backend", "numpy-exact", *outputs) == FAILED
    assert "the mean shift is wrong (scale 1, rigid phase, iteration 0, " in capsys.readouterr().out
    (fit,) = strict_json(data.read_text("utf-8"))["fits"]
    assert fit["free_run"]["success"] is False
    assert (fit["verdict"]["kind"], fit["verdict"]["stage"]) == ("bug", "mean shift")
    assert fit["stages"]["mean shift"]["forced"]["first_over"]["apart"] is None
    assert "∞" in page.read_text("utf-8")


def test_lost_references_on_a_page(one_fit: Recordings, tmp_path: Path):
    """Neither do they make the noise floor infinite, which would let everything pass."""
    change(one_fit, "final.landmarks", np.nan)
    page = tmp_path / "page.html"
    assert parity(*one_fit.arguments, "--html", page) == FAILED
    assert "<dd>∞ px</dd>" in page.read_text("utf-8")


def test_a_page(one_fit: Recordings, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    page = tmp_path / "folder" / "page.html"
    assert parity(*one_fit.arguments, "--html", page) == PASSED
    assert capsys.readouterr().out.splitlines()[-1] == f"page: {page}"
    text = page.read_text("utf-8")
    HTMLParser().feed(text)
    assert text.startswith("<!doctype html>")
    assert "anna · default" in text


def test_model_of_one_setting(one_fit: Recordings):
    inputs = ("--traces", one_fit.traces, "--images", one_fit.images)
    assert parity("--model", f"default={one_fit.model}", *inputs) == PASSED
    assert (
        parity("--model", "nowhere.txt", "--model", f"default={one_fit.model}", *inputs) == PASSED
    )
    assert parity("--model", f"weighted={one_fit.model}", *inputs) == UNUSABLE


def test_models_whose_folders_have_equals_signs(one_fit: Recordings, tmp_path: Path):
    folder = tmp_path / "a=b"
    shutil.copytree(one_fit.model.parent, folder)
    inputs = ("--traces", one_fit.traces, "--images", one_fit.images)
    assert parity("--model", folder / "main.txt", *inputs) == PASSED
    assert parity("--model", f"default={folder / 'main.txt'}", *inputs) == PASSED


def test_progress_on_a_terminal(
    one_fit: Recordings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert parity(*one_fit.arguments) == PASSED
    assert "1/1 anna default" in capsys.readouterr().err


# ---- Fits that cannot be compared ----


@pytest.fixture
def two_fits(recordings: Recordings, tmp_path: Path) -> Recordings:
    """Two of the recorded fits, the first of which is damaged."""
    traces = tmp_path / "traces"
    traces.mkdir()
    shutil.copy(recordings.traces / "trace_ben_2_default.npz", traces)
    (traces / "trace_anna_default.npz").write_bytes(b"PK")
    return Recordings(recordings.model, traces, recordings.images)


def test_a_damaged_trace_is_told_beside_the_others(
    two_fits: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    paths = [tmp_path / name for name in ("p.json", "p.html", "p.xml")]
    options = zip(("--json", "--html", "--junit"), paths, strict=True)
    written = [word for option in options for word in option]
    assert parity(*two_fits.arguments, *written) == FAILED
    lines = capsys.readouterr().out.splitlines()
    reason = f"{two_fits.traces / 'trace_anna_default.npz'}: "
    assert lines[0].split()[:4] == ["FAIL", "anna", "default", "error"]
    assert reason in lines[0]
    assert lines[1].startswith("pass  ben_2")
    assert lines[2].startswith("FAILED: 2 fits (1 branch, 1 error), 1 failed; worst landmark 0.0")
    run = strict_json(paths[0].read_text("utf-8"))
    assert (run["summary"]["failed"], run["summary"]["verdicts"]["error"]) == (1, 1)
    assert run["fits"][0]["free_run"] is None
    page = paths[1].read_text("utf-8")
    assert '<h2 id="refused">' in page
    assert "trace_anna_default.npz" in page
    assert "No stage is wrong" not in page
    suite = ElementTree.parse(paths[2]).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "1")
    error = suite[0].find("error")
    assert error is not None
    assert str(error.text).startswith(reason)
    assert main(["gate", str(paths[0])]) == FAILED
    assert reason in capsys.readouterr().out


def test_a_fit_that_cannot_be_stepped(
    recordings: Recordings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """It is one for each backend, in a column of its own."""
    sound = Recorded.trace

    def trace(self: Recorded, case: Case) -> Trace:
        if case == Case("ben_2", "default"):
            raise SteppingError("the parameters ceased to be finite")
        return sound(self, case)

    monkeypatch.setattr(Recorded, "trace", trace)
    named = ("--backend", "numpy", "--backend", "numpy-exact")
    assert parity(*recordings.arguments, *named) == FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].split() == ["ben_2", "default", *["–", "error", "FAIL"] * 2]
    assert lines[8].split() == ["verdict", "1", "failed", "1", "failed"]
    assert "(3 equal, 3 branch, 2 error), 2 failed" in lines[-1]


def test_a_backend_that_refuses_a_fit(
    recordings: Recordings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def refusing(trace: Trace, case: Case, models: Models, pictures: Path) -> FitRun:
        if models.name == "numpy":
            raise RuntimeError("no memory is left")
        return run_fit(trace, case, models, pictures)

    monkeypatch.setattr("openface_bridge.cli.comparing.run_fit", refusing)
    named = ("--backend", "numpy", "--backend", "numpy-exact")
    assert parity(*recordings.arguments, *named) == FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[2:] == ["–", "error", "FAIL", "0.0000", "equal"]
    assert "median fit – 0.0000" in " ".join(lines[5].split())
    assert parity(*recordings.arguments) == UNUSABLE
    assert capsys.readouterr().err == "parity: no memory is left\n"


def test_a_kept_run_that_lacks_a_fit(
    two_fits: Recordings,
    recordings: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    kept, path = tmp_path / "kept", tmp_path / "p.json"
    arguments = [*two_fits.arguments, "--backend", "numpy-exact", "--out", str(kept)]
    assert main(["run", *arguments]) == FAILED
    said = capsys.readouterr()
    assert said.err.startswith("not run: anna default: ")
    assert said.out == f"1 fit of backend numpy-exact in {kept}\n"
    shutil.copy(recordings.traces / "trace_anna_default.npz", two_fits.traces)
    assert parity(*two_fits.arguments, "--run", kept, "--json", path) == FAILED
    assert "anna             default   error" in capsys.readouterr().out
    fits = json.loads(path.read_text("utf-8"))["fits"]
    assert {fit["backend"] for fit in fits} == {"numpy-exact"}


# ---- Runs that cannot be done ----


def assert_unusable(capsys: pytest.CaptureFixture[str], *parts: str) -> None:
    output = capsys.readouterr()
    assert output.err.startswith("parity: ")
    assert "Traceback" not in output.err
    for part in parts:
        assert part in output.err


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ([], "no model and no recorded traces and no pictures"),
        (["--model"], "no recorded traces and no pictures"),
        (["--model", "--images"], "no recorded traces"),
        (["--traces", "--images"], "no model"),
    ],
)
def test_nothing_to_compare(
    given: list[str],
    missing: str,
    one_fit: Recordings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setenv("PYCLNF_FIXTURES", str(tmp_path))  # as in an installed package
    arguments = one_fit.arguments
    named = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert parity(*(word for name in given for word in (name, named[name]))) == UNUSABLE
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        f"parity: nothing to compare: {missing}.",
        "Give --model MAIN.txt (OpenFace's own), --traces DIR (recorded fits) "
        "and --images DIR (pictures).",
    ]


def test_embedded_fits_where_nothing_is_given(capsys: pytest.CaptureFixture[str]):
    assert parity("--backend", "numpy-exact") == PASSED
    output = capsys.readouterr().out
    assert "passed: 14 fits and 8 faces (17 equal, 5 rounding), 0 failed" in output


def test_as_a_module(tmp_path: Path):
    found = subprocess.run(
        [sys.executable, "-m", "openface_bridge", "parity"],
        capture_output=True, text=True, check=False, cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYCLNF_FIXTURES": str(tmp_path)},
    )  # fmt: skip
    assert (found.returncode, found.stdout) == (UNUSABLE, "")
    assert len(found.stderr.splitlines()) == 2


@pytest.mark.parametrize("option", ["--boxes", "--detect", "--settings", "--kernels"])
def test_what_only_live_fits_need_is_refused(
    option: str, one_fit: Recordings, capsys: pytest.CaptureFixture[str]
):
    """Ignored, it would mislead: whoever names a setting expects no fit of another one."""
    assert parity(*one_fit.arguments, option, "wild") == UNUSABLE
    assert_unusable(capsys, f"{option} is for --reference live; recorded fits have their own boxes")


def test_missing_folders(one_fit: Recordings, capsys: pytest.CaptureFixture[str]):
    model, images = one_fit.model, one_fit.images
    assert parity("--model", model, "--traces", "nowhere", "--images", images) == UNUSABLE
    assert_unusable(capsys, "nowhere: no such folder of traces")
    assert parity("--model", model, "--traces", images, "--images", images) == UNUSABLE
    assert_unusable(capsys, "holds no files named trace_FACE_SETTING.npz")
    assert parity("--model", model, "--traces", one_fit.traces, "--images", "nowhere") == UNUSABLE
    assert_unusable(capsys, "nowhere: holds no picture anna")


def test_missing_model(one_fit: Recordings, capsys: pytest.CaptureFixture[str]):
    inputs = ("--traces", one_fit.traces, "--images", one_fit.images)
    assert parity("--model", "nowhere.txt", *inputs) == UNUSABLE
    assert_unusable(capsys, "nowhere.txt")


def test_another_model(one_fit: Recordings, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "other").mkdir()
    other = write_small_model(tmp_path / "other", n_landmarks=9)
    inputs = ("--traces", one_fit.traces, "--images", one_fit.images)
    assert parity("--model", other, *inputs) == UNUSABLE
    assert_unusable(capsys, "trace_anna_default.npz: has 12 landmarks", f"{other} has 9, 4 and 2")


@pytest.mark.parametrize("name", ["trace_anna_default.npz", NOISE_FLOOR_FILE])
@pytest.mark.parametrize("keep", [0, 100, -30])
def test_corrupt_recordings(
    name: str, keep: int, one_fit: Recordings, capsys: pytest.CaptureFixture[str]
):
    path = one_fit.traces / name
    path.write_bytes(path.read_bytes()[:keep])
    assert parity(*one_fit.arguments) == UNUSABLE
    assert_unusable(capsys, f"{path}: ")


def test_unknown_setting(one_fit: Recordings, capsys: pytest.CaptureFixture[str]):
    trace = one_fit.traces / "trace_anna_default.npz"
    trace.rename(trace.with_name("trace_anna_tame.npz"))
    assert parity(*one_fit.arguments) == UNUSABLE
    assert_unusable(capsys, "no setting is called 'tame'")


def test_corrupt_picture(one_fit: Recordings, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "anna.png").write_bytes(b"")
    inputs = ("--model", one_fit.model, "--traces", one_fit.traces, "--images", tmp_path)
    assert parity(*inputs) == UNUSABLE
    assert_unusable(capsys, "anna.png: not a picture")


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_results_that_cannot_be_written(
    option: str, one_fit: Recordings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A status of 1 would say that the candidate is wrong."""
    (tmp_path / "file").touch()
    assert parity(*one_fit.arguments, option, tmp_path / "file" / "results") == UNUSABLE
    assert_unusable(capsys, "file")


@pytest.mark.parametrize(
    ("absent", "named"),
    [(["jinja2"], "jinja2"), (["matplotlib"], "matplotlib"),
     (["jinja2", "matplotlib"], "jinja2 and matplotlib")],
)  # fmt: skip
def test_page_without_its_packages(
    absent: list[str],
    named: str,
    one_fit: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(
        cli.parity, "find_spec", lambda name: None if name in absent else find_spec(name)
    )
    page = tmp_path / "page.html"
    assert parity(*one_fit.arguments, "--html", page) == UNUSABLE
    assert_unusable(capsys, f"--html needs {named}: pip install ")
    assert not page.exists()
    # Without a page, nothing of them is needed.
    assert parity(*one_fit.arguments) == PASSED


@pytest.mark.parametrize(
    "arguments",
    [[], ["party"], ["parity", "--backend", "abacus"], ["parity", "--colour"], ["parity", "x"]],
)
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == UNUSABLE
    assert "usage: python -m openface_bridge" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["parity", "--help"]])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    assert "OpenFace" in capsys.readouterr().out
