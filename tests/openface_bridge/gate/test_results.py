"""Results are read from what parity wrote, and from nothing else."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from openface_bridge.gate.results import FitKey, Wrong, read_results, results_of
from openface_bridge.gate.toml import GateFileError


def finding(apart: float | None) -> dict[str, Any]:
    return {"entry": "scale0.view", "apart": apart}


def test_fits(make_data: Any, tmp_path: Path):
    path = tmp_path / "parity.json"
    path.write_text(json.dumps(make_data()), "utf-8")
    (fit,) = read_results(path).fits
    assert fit.key == FitKey("numpy", "anna", "default")
    assert (fit.max_px, fit.limit_px, fit.passed, fit.wrong) == (0.01, 0.205, True, ())
    assert fit.floors == (0.1,) * 68


@pytest.mark.parametrize(("faces", "compared"), [(None, False), ([], True)])
def test_whether_faces_were_compared(faces: Any, compared: bool, make_data: Any):
    assert results_of({**make_data(), "faces": faces}).with_faces is compared


def test_what_is_lost_is_infinite(make_data: Any):
    floor = {"landmarks_px": None, "limit_px": 0.005}
    (fit,) = results_of(make_data(free_run={"errors_px": [0.0, None]}, floor=floor)).fits
    assert fit.max_px == math.inf
    assert fit.floors is None


def test_every_wrong_stage(make_data: Any):
    """The verdict names the first; another one must not hide behind it."""
    bad = {"passed": False, "first_over": finding(1.0), "worst": finding(3.0)}
    verdict = {
        "kind": "bug", "sentence": "The view is wrong.", "stage": "view", "finding": finding(2.0),
        "branch": None,
    }  # fmt: skip
    stages = {"view": {"forced": bad}, "update": {"forced": {**bad, "worst": finding(None)}}}
    (fit,) = results_of(make_data(verdict=verdict, stages=stages, passed=False)).fits
    assert fit.wrong == (
        Wrong("view", "The view is wrong.", 3.0),
        Wrong("update", "The update fails as well.", math.inf),
    )


def test_decisions_that_are_wrong(make_data: Any):
    verdict = {
        "kind": "bug", "sentence": "It decides otherwise.", "stage": "view", "finding": None,
        "branch": {"margin": 0.25},
    }  # fmt: skip
    (fit,) = results_of(make_data(verdict=verdict)).fits
    assert fit.wrong == (Wrong("view", "It decides otherwise.", 0.25),)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"report_version": 1}, "version 3, but 1"),
        ({"fits": [{}]}, "KeyError: 'verdict'"),
        ({"fits": None}, "make it anew"),
        ({"fits": [3]}, "make it anew"),
    ],
)
def test_other_files(change: dict[str, Any], match: str, make_data: Any):
    with pytest.raises(GateFileError, match=match):
        results_of({**make_data(), **change})


def test_fits_that_are_there_twice(make_data: Any):
    data = make_data()
    with pytest.raises(GateFileError, match="anna, default, numpy more than once"):
        results_of({**data, "fits": data["fits"] * 2})


def test_arrays_that_do_not_match(make_data: Any):
    with pytest.raises(GateFileError, match="do not match"):
        results_of(make_data(free_run={"errors_px": [0.0]}))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"3"])
def test_files_that_are_no_results(content: bytes, tmp_path: Path):
    path = tmp_path / "parity.json"
    path.write_bytes(content)
    with pytest.raises(GateFileError, match=r"parity\.json: "):
        read_results(path)


def test_no_file(tmp_path: Path):
    with pytest.raises(GateFileError, match="cannot be read"):
        read_results(tmp_path / "nothing.json")


def test_numbers_that_json_has_not(make_data: Any, tmp_path: Path):
    """No comparison with NaN is to be trusted, whoever wrote it."""
    path = tmp_path / "parity.json"
    path.write_text(json.dumps(make_data(free_run={"errors_px": [math.nan]})), "utf-8")
    with pytest.raises(GateFileError, match="is no JSON: NaN is no number of JSON's"):
        read_results(path)
