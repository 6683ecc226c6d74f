"""The file of known divergences."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from openface_bridge.gate.divergences import parse_divergences
from openface_bridge.gate.results import FitKey
from openface_bridge.gate.toml import GateFileError, quoted

ENTRY = {
    "backend": '"numpy"', "face": '"anna"', "setting": '"wild"', "region": '"mouth"',
    "max_error": "0.4", "reason": '"ours"', "expires": "2030-12-31",
}  # fmt: skip


def text_of(**changes: str | None) -> str:
    values = {**ENTRY, **changes}
    lines = [f"{key} = {value}" for key, value in values.items() if value is not None]
    return "\n".join(["[[divergence]]", *lines]) + "\n"


def test_entries():
    (found,) = parse_divergences(text_of(), "file")
    assert found.key == FitKey("numpy", "anna", "wild")
    assert found.landmarks == frozenset(range(48, 68))
    assert (found.stage, found.max_error, found.expires) == (None, 0.4, date(2030, 12, 31))


def test_scopes():
    (found,) = parse_divergences(text_of(region=None, landmarks="[3, 5]"), "file")
    assert found.landmarks == frozenset((3, 5))
    (found,) = parse_divergences(text_of(region=None, stage='"mean shift"'), "file")
    assert (found.landmarks, found.stage) == (None, "mean shift")


def test_none():
    assert parse_divergences("# none today\n", "file") == ()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"reason": None}, "'reason' must be a text, got None"),
        ({"reason": '" "'}, "'reason' must be a text"),
        ({"face": "3"}, "'face' must be a text"),
        ({"expires": None}, "'expires' must be a date"),
        ({"expires": '"2030-12-31"'}, "'expires' must be a date"),
        ({"expires": "2030-12-31T00:00:00"}, "'expires' must be a date"),
        ({"max_error": None}, "'max_error' must be a number"),
        ({"max_error": "inf"}, "'max_error' must be finite"),
        ({"max_px": "1"}, "'max_px' is not known here"),
        ({"region": None}, "expected one of region, landmarks, stage, got none"),
        ({"stage": '"view"'}, "expected one of"),
        ({"region": '"chin"'}, "no landmarks are called 'chin'"),
        ({"region": None, "stage": '"magic"'}, "no stage is called 'magic'"),
        ({"region": None, "landmarks": "[]"}, "must be a list of numbers"),
        ({"region": None, "landmarks": "[true]"}, "must be a list of numbers"),
        ({"region": None, "landmarks": "[-1]"}, "must be a list of numbers"),
    ],
)
def test_entries_that_are_wrong(changes: dict[str, Any], match: str):
    with pytest.raises(GateFileError, match=match) as caught:
        parse_divergences(text_of(**changes), "file.toml")
    assert str(caught.value).startswith("file.toml: divergence 1")


def test_files_that_are_wrong():
    with pytest.raises(GateFileError, match="several entries for anna, wild, numpy: mouth"):
        parse_divergences(text_of() * 2, "file")
    with pytest.raises(GateFileError, match="'divergences' is not known here"):
        parse_divergences("[[divergences]]\n", "file")
    with pytest.raises(GateFileError, match=r"expected entries \[\[divergence\]\]"):
        parse_divergences("divergence = 3\n", "file")


def test_quoting():
    nasty = 'a"b\\c\n\x7f✓'
    (found,) = parse_divergences(text_of(face=quoted(nasty)), "file")
    assert found.key.face == nasty
