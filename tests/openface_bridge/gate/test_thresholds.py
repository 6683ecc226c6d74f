"""Thresholds: their file, and that nothing loosens them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from openface_bridge.gate.results import FitKey
from openface_bridge.gate.thresholds import (
    Limit,
    format_thresholds,
    loosened,
    parse_thresholds,
    reach,
)
from openface_bridge.gate.tighten import propose
from openface_bridge.gate.toml import GateFileError

ANNA, BEN = FitKey("numpy", "anna", "default"), FitKey("numpy-exact", 'b."en', "wild")
FITS = [("anna", "default"), ('b."en', "wild")]


# ---- The file ----


def test_files_read_back():
    found = {
        ANNA: {"mouth": Limit(0.00015, 1.2), "jaw": Limit(0.0), "30": Limit(1e-12, 3.0)},
        BEN: {"all": Limit(12.5, 0.1 + 0.2)},
    }
    text = format_thresholds(found)
    assert parse_thresholds(text, "file") == found
    assert text.index("jaw") < text.index("mouth = ") < text.index("30 = ")
    assert "mouth = { px = 0.00015, floors = 1.2 }" in text


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("version", "is no TOML"),
        ("", "version None, expected 1"),
        ("version = 2", "version 2, expected 1"),
        ("version = 1\nnumpy = 3", "numpy: expected a table"),
        ('version = 1\n[numpy."anna"]\nall = { px = 1 }', "expected a fit as FACE.SETTING"),
        ('version = 1\n[numpy."a.b"]\nall = 1', "a.b.*all: expected a table"),
        ('version = 1\n[numpy."a.b"]\nall = {}', "'px' must be a number, got None"),
        ('version = 1\n[numpy."a.b"]\nall = { px = true }', "'px' must be a number, got True"),
        ('version = 1\n[numpy."a.b"]\nall = { px = nan }', "'px' must be finite"),
        ('version = 1\n[numpy."a.b"]\nall = { px = -1 }', "at least 0"),
        ('version = 1\n[numpy."a.b"]\nall = { px = 1, floor = 2 }', "'floor' is not known here"),
        ('version = 1\n[numpy."a.b"]\nchin = { px = 1 }', "chin: is neither a region"),
    ],
)
def test_files_that_are_wrong(text: str, match: str):
    with pytest.raises(GateFileError, match=match) as caught:
        parse_thresholds(text, "file.toml")
    assert str(caught.value).startswith("file.toml: ")


# ---- Never loosened ----


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"all": Limit(0.2, 2.0)}, ["px was 0.1, is 0.2"]),
        ({"all": Limit(0.1, 2.5)}, ["floors was 2.0, is 2.5"]),
        ({"all": Limit(0.1)}, ["floors was 2.0, is None"]),
        ({"all": Limit(0.2, 3.0)}, ["px was", "floors was"]),
        ({"jaw": Limit(0.0, 0.0)}, ["all has no entry any more"]),
        ({}, ["all has no entry any more"]),
        ({"all": Limit(0.1, 2.0)}, []),
        ({"all": Limit(0.0, 1.0), "jaw": Limit(9.0)}, []),
    ],
)
def test_what_is_looser(now: dict[str, Limit], words: list[str]):
    found = loosened({ANNA: {"all": Limit(0.1, 2.0)}}, {ANNA: now}, FITS)
    assert len(found) == len(words)
    for sentence, word in zip(found, words, strict=True):
        assert sentence.startswith("anna, default, numpy: all")
        assert word in sentence


def test_fits_that_are_gone():
    before = {ANNA: {"all": Limit(0.1)}}
    assert loosened(before, {}, [("anna", "wild")]) == []
    assert len(loosened(before, {}, FITS)) == 1


# ---- Measured ----


def test_reach(make_fit: Any):
    floors = tuple(0.1 + index / 1000 for index in range(68))
    fit = make_fit(errors={48: 0.05, 50: 0.04, 3: 0.1}, floors=floors)
    found = reach(fit, "mouth")
    assert (found.px, found.floor) == (0.05, 0.1 + 67 / 1000)
    assert found.floors == pytest.approx(0.05 / 0.167)
    assert reach(make_fit(floors=None), "mouth").floors is None


def test_headroom(make_fit: Any, make_results: Any):
    proposal = propose(make_results(make_fit(errors={48: 0.0202, 0: 1e-6})), {})
    assert proposal.refused == ()
    limits = proposal.thresholds[ANNA]
    assert limits["mouth"] == Limit(0.026, 0.26)  # 0.02525, rounded up
    assert limits["jaw"] == Limit(0.0001, 0.001)
    assert list(limits) == ["jaw", "brows", "nose", "eyes", "mouth"]
    assert {change.before for change in proposal.changes} == {None}


def test_equal_fits_must_stay_equal(make_fit: Any, make_results: Any):
    proposal = propose(make_results(make_fit(kind="equal")), {})
    assert set(proposal.thresholds[ANNA].values()) == {Limit(0.0, 0.0)}


def test_other_models_have_one_threshold(make_fit: Any, make_results: Any):
    fit = make_fit(floors=None)
    few = type(fit)(**{**vars(fit), "errors": fit.errors[:12]})
    assert propose(make_results(few), {}).thresholds[ANNA] == {"all": Limit(0.0001)}


def test_thresholds_only_get_tighter(make_fit: Any, make_results: Any):
    present = {ANNA: {"mouth": Limit(0.021, 9.0), "jaw": Limit(0.05)}, BEN: {"all": Limit(1.0)}}
    proposal = propose(make_results(make_fit(errors={48: 0.0202})), present)
    assert proposal.refused == ()
    assert proposal.thresholds[ANNA]["mouth"] == Limit(0.021, 0.26)
    assert proposal.thresholds[ANNA]["jaw"] == Limit(0.0001, 0.001)
    assert proposal.thresholds[BEN] == present[BEN]
    assert loosened(present, proposal.thresholds, FITS) == []
    assert present[ANNA]["jaw"] == Limit(0.05)


def test_nothing_is_loosened(make_fit: Any, make_results: Any):
    fit = make_results(make_fit(errors={48: 0.02}))
    (refusal,) = propose(fit, {ANNA: {"mouth": Limit(0.01)}}).refused
    assert "mouth is 0.02 px off, beyond 0.01 px" in refusal
    (refusal,) = propose(fit, {ANNA: {"mouth": Limit(1.0, 0.1)}}).refused
    assert "mouth is 0.2 times its noise floor off, beyond 0.1" in refusal


def test_lost_landmarks_tighten_nothing(make_fit: Any, make_results: Any):
    (refusal,) = propose(make_results(make_fit(errors={48: math.inf}, passed=True)), {}).refused
    assert "the fit fails" in refusal


def test_fits_that_fail_tighten_nothing(make_fit: Any, make_results: Any):
    (refusal,) = propose(make_results(make_fit(errors={48: 0.3})), {}).refused
    assert "the fit fails" in refusal


def test_faces_whose_landmarks_are_equal_must_stay_so(make_fit: Any, make_results: Any):
    """Whatever rounds on the way to them."""
    for setting, px in (("whole", 0.0), ("sequence", 0.0), ("default", 0.0001)):
        key = FitKey("cython", "anna", setting)
        proposal = propose(make_results(make_fit(key=key, kind="rounding")), {})
        assert {limit.px for limit in proposal.thresholds[key].values()} == {px}


def test_what_could_not_be_compared_tightens_nothing(make_fit: Any, make_results: Any):
    lost = replace(make_fit(passed=False, kind="error", floors=None), errors=())
    proposal = propose(make_results(lost), {})
    assert [*proposal.changes] == []
    assert len(proposal.refused) == 1
