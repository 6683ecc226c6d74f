"""The embedded faces: sound backends have no bug, and each stage has something to do."""

from __future__ import annotations

import pytest
from support.face_records import CASES, candidate_of, compared

from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.faces.verdicts import StageResult
from openface_bridge.reference import Case
from pyclnf.backends import available_backends

EXACT = ("cython", "numpy-exact")


@pytest.fixture(scope="module", params=available_backends())
def candidate(request: pytest.FixtureRequest) -> FaceCandidate:
    return candidate_of(request.param)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_sound_backend_has_no_bug(case: Case, candidate: FaceCandidate):
    comparison = compared(case, candidate)
    assert comparison.passed, comparison.verdict.sentence
    assert comparison.max_px <= comparison.limit_px


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_exact_backend_differs_in_exponentials_only(case: Case, candidate: FaceCandidate):
    if candidate.name not in EXACT:
        pytest.skip(f"backend {candidate.name} adds in another order than the reference")
    comparison = compared(case, candidate)
    assert comparison.max_px == 0
    unequal = {
        (result.stage.name, check.entry, check.worst.place.layer)
        for result in comparison.stages
        for check in (*result.forced, *result.free)
        if not check.equal
    }
    assert unequal <= {("certainty", "layer", 4)}  # the sigmoid


FREE_ONLY, FORCED_ONLY = {"tracking"}, {"template shift"}
"""Stages that are given inputs after a branch alone; whose outcome is another's."""


def test_every_stage_is_compared_both_ways_somewhere():
    candidate = candidate_of("numpy")
    forced: dict[str, set[str]] = {stage.name: set() for stage in FACE_STAGES}
    free: dict[str, set[str]] = {stage.name: set() for stage in FACE_STAGES}
    for case in CASES:
        for result in compared(case, candidate).stages:
            forced[result.stage.name] |= entries(result, free=False)
            free[result.stage.name] |= entries(result, free=True)
    for stage in FACE_STAGES:
        known = {output.entry for output in stage.outputs}
        assert forced[stage.name] or stage.name in FREE_ONLY, stage.name
        assert bool(free[stage.name]) != (stage.name in FORCED_ONLY), stage.name
        assert forced[stage.name] | free[stage.name] == known, stage.name


def entries(result: StageResult, *, free: bool) -> set[str]:
    """Return the names of what was compared."""
    return {check.entry for check in (result.free if free else result.forced)}


def test_the_records_have_what_decisions_differ_in():
    """Other head poses than the first, parts and none, certain and not, faces lost and found."""
    records = [compared(case, candidate_of("numpy")).subject.record for case in CASES]
    whole = [record for record in records if "hypotheses.chosen" in record]
    assert {int(record["hypotheses.chosen"]) for record in whole} >= {0, 3, 4}
    assert {int(record["parts.inner.fitted"]) for record in whole} == {0, 1}
    assert {int(record["success"]) for record in whole} == {0, 1}
    assert {int(record["certainty.view"]) for record in whole} >= {0, 1}
    assert {len(record["detector.boxes"]) for record in whole} > {0}
    frames = [record for record in records if record.frames]
    seen = {int(each[f"frame{k}.success"]) for each in frames for k in range(each.frames)}
    assert seen == {0, 1}
