"""Parameters that users choose: read, checked, put back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openface_bridge.experiments.parameters import ExperimentError, Held, read_parameters
from pyclnf.pdm import Parameters

GLOBAL = [1.5, 0.1, -0.2, 0.3, 100, 120.5]


def written(folder: Path, stored: Any) -> Path:
    path = folder / "params.json"
    path.write_text(stored if isinstance(stored, str) else json.dumps(stored))
    return path


def test_vectors_are_read(tmp_path: Path):
    found = read_parameters(written(tmp_path, {"global": GLOBAL, "local": [1, -2.5]}), 2)
    assert found.global_.dtype == found.local.dtype == np.float32
    assert found.global_.tolist() == np.array(GLOBAL, np.float32).tolist()
    assert found.local.tolist() == [1, -2.5]


def test_local_parameters_may_be_left_out(tmp_path: Path):
    found = read_parameters(written(tmp_path, {"global": GLOBAL}), 3)
    assert found.local.tolist() == [0, 0, 0]
    assert found.local.dtype == np.float32


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ("{", "not a readable JSON file"),
        ([1.0], r'expected \{"global": \[scale, rx'),
        ({"local": [0, 0]}, r'expected \{"global": \[scale, rx'),
        ({"global": GLOBAL, "lokal": [0, 0]}, "'lokal' is neither"),
        ({"global": GLOBAL[:5]}, "'global': expected 6 numbers, got 5"),
        ({"global": GLOBAL, "local": [0, 0, 0]}, "'local': expected 2 numbers, got 3"),
        ({"global": "wide"}, "'global': expected a list of 6 finite numbers"),
        ({"global": [*GLOBAL[:5], "x"]}, "'global': expected a list of 6 finite numbers"),
        ({"global": [*GLOBAL[:5], True]}, "'global': expected a list of 6 finite numbers"),
        ({"global": [*GLOBAL[:5], float("nan")]}, "'global': expected a list of 6 finite numbers"),
        ({"global": [*GLOBAL[:5], 1e39]}, "'global': expected a list of 6 finite numbers"),
        ({"global": GLOBAL, "local": [0, None]}, "'local': expected a list of 2 finite numbers"),
        ({"global": [0.0, *GLOBAL[1:]]}, "the scale must be positive, is 0"),
    ],
)
def test_other_files(stored: Any, message: str, tmp_path: Path):
    path = written(tmp_path, stored)
    with pytest.raises(ExperimentError, match=message) as caught:
        read_parameters(path, 2)
    assert str(path) in str(caught.value)


def test_no_file(tmp_path: Path):
    with pytest.raises(ExperimentError, match="not a readable JSON file"):
        read_parameters(tmp_path / "nowhere.json", 2)


# ---- Held parameters ----


def parameters() -> Parameters:
    return Parameters(np.arange(6, dtype=np.float32), np.arange(10, 14, dtype=np.float32))


def test_held_parameters_are_put_back():
    before = parameters()
    held = Held.parsed(["scale=2.8", "ty=-3", "q2=1.5"], 4)
    after = held.put_into(before)
    assert after.global_.tolist() == [np.float32(2.8), 1, 2, 3, 4, -3]
    assert after.local.tolist() == [10, 11, 1.5, 13]
    assert before.global_.tolist() == list(range(6))
    assert before.local.tolist() == [10, 11, 12, 13]
    assert after.global_.dtype == after.local.dtype == np.float32


def test_pulls_are_what_is_thrown_away():
    held = Held.parsed(["q2=1.5", "rx=0.5"], 4)
    assert held.pulls(parameters()) == {"q2": 10.5, "rx": 0.5}
    assert Held().pulls(parameters()) == {}


def test_with_nothing_held_parameters_are_the_same():
    before = parameters()
    assert Held.parsed([], 4).put_into(before) is before


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["size=1"], "no parameter is called 'size'; there are scale, rx, .* q0 to q3"),
        (["q4=1"], "no parameter is called 'q4'"),
        (["q01=1"], "no parameter is called 'q01'"),
        (["q-1=1"], "no parameter is called 'q-1'"),
        (["=1"], "no parameter is called ''"),
        (["rx"], "rx: expected NAME=VALUE with a finite number"),
        (["rx=much"], "rx=much: expected NAME=VALUE"),
        (["rx=nan"], "rx=nan: expected NAME=VALUE"),
        (["rx=inf"], "rx=inf: expected NAME=VALUE"),
        (["scale=0"], "scale=0: the scale must be positive"),
        (["rx=1", "rx=2"], "rx=2: rx is held at 1 already"),
    ],
)
def test_what_cannot_be_held(assignments: list[str], message: str):
    with pytest.raises(ExperimentError, match=message):
        Held.parsed(assignments, 4)
