"""Exactly one of equal, rounding, branch and bug: the truth table."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from openface_bridge.parity.branches import Branch
from openface_bridge.parity.comparison import Order, StageComparison
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.place import Place
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.verdicts import Verdict, judge

LIMIT = 0.005
SOUND = [StageComparison(stage, 3, 3, None, None, None, None) for stage in STAGES]
EXCUSED = Branch("stop", "stopping", Place(0, "rigid", 1), 1e-6, 2e-6, 1e-4, "px", 1)
UNEXCUSED = replace(EXCUSED, margin=1.0)
DRIFTED = replace(EXCUSED, drift_px=0.1)


def finding(name: str, place: Place = Place(0)) -> Finding:  # noqa: B008
    return Finding(name, place, 1.0, 99.0, 4.0)


def spoiled(
    name: str, what: str, order: tuple[float, int, int] = (0, 0, 0)
) -> list[StageComparison]:
    """Stages of which one has a finding of a kind."""
    found = []
    for index, each in enumerate(SOUND):
        key: Order = (*order, index)
        spoil: dict[str, Any] = {}
        if each.stage.name == name:
            spoil[what] = (key, finding(name))
        found.append(replace(each, **spoil))
    return found


def kind(
    forced: list[StageComparison], free: list[StageComparison], branch: Branch | None
) -> tuple[str, str | None]:
    verdict = judge(forced, free, branch, LIMIT)
    return verdict.kind, verdict.stage


def test_truth_table():
    """A bug before a branch, a branch before rounding, rounding before equality."""
    overs = {"none": SOUND, "bug": spoiled("mean shift", "over")}
    tied = spoiled("area of interest", "excused")
    frees = {"none": SOUND, "some": spoiled("update", "unequal")}
    branches = {"none": None, "excused": EXCUSED, "not": UNEXCUSED, "drifted": DRIFTED}
    for over, tie, free, branch in product(overs, (False, True), frees, branches):
        forced = overs[over]
        if tie:
            forced = [replace(a, excused=b.excused) for a, b in zip(forced, tied, strict=True)]
        expected: tuple[str, str | None]
        if over == "bug":
            expected = ("bug", "mean shift")
        elif branch in ("not", "drifted"):
            expected = ("bug", "stopping")
        elif branch == "excused":
            expected = ("branch", "stopping")
        elif tie:
            expected = ("branch", "area of interest")
        elif free == "some":
            expected = ("rounding", "update")
        else:
            expected = ("equal", None)
        assert kind(forced, frees[free], branches[branch]) == expected


def test_equal_says_nothing_else():
    assert judge(SOUND, SOUND, None, LIMIT) == Verdict("equal")


def test_a_free_run_over_its_bounds_is_no_bug():
    """Differences accumulate there."""
    free = [replace(each, over=each.unequal) for each in spoiled("offsets", "unequal")]
    assert kind(SOUND, free, None) == ("rounding", "offsets")


def test_the_first_bug_in_the_order_of_execution():
    """Scale before phase, phase before iteration, and only then the order of stages."""
    late = spoiled("initialisation", "over", (1, 0, 0))
    early = spoiled("stopping", "over", (0, 2, 3))
    both = [replace(a, over=a.over or b.over) for a, b in zip(late, early, strict=True)]
    verdict = judge(both, SOUND, None, LIMIT)
    assert (verdict.stage, verdict.place) == ("stopping", Place(0))
    assert verdict.finding == finding("stopping")
    together = spoiled("mean shift", "over", (0, 2, 3))
    both = [replace(a, over=a.over or b.over) for a, b in zip(early, together, strict=True)]
    assert judge(both, SOUND, None, LIMIT).stage == "mean shift"


def test_a_branch_is_where_it_is():
    verdict = judge(SOUND, SOUND, EXCUSED, LIMIT)
    assert (verdict.place, verdict.branch, verdict.finding) == (EXCUSED.place, EXCUSED, None)


@pytest.mark.parametrize(("limit", "expected"), [(0.1, "branch"), (0.0999, "bug")])
def test_drift_is_held_to_the_references_scatter(limit: float, expected: str):
    assert judge(SOUND, SOUND, DRIFTED, limit).kind == expected


@pytest.mark.parametrize(
    ("ulps", "bound", "ratio"), [(8.0, 4.0, 2.0), (0.0, 0.0, 0.0), (1e-9, 0.0, np.inf)]
)
def test_parts_of_a_bound(ulps: float, bound: float, ratio: float):
    assert Finding("x", Place(), 1.0, ulps, bound).ratio == ratio
