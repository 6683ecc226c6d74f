"""What passes, what fails, and what is known to."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from openface_bridge.gate.decision import decide
from openface_bridge.gate.divergences import Divergence
from openface_bridge.gate.results import FitKey, Wrong
from openface_bridge.gate.thresholds import Limit
from openface_bridge.gate.toml import GateFileError

KEY = FitKey("numpy", "anna", "default")
TODAY = date(2030, 6, 15)
MOUTH = Divergence(KEY, frozenset(range(48, 68)), None, 0.4, "ours", TODAY, "anna: mouth")
SHIFT = Divergence(KEY, None, "mean shift", 0.4, "theirs", TODAY, "anna: mean shift")


def wrong(stage: str, error: float = 0.1) -> Wrong:
    return Wrong(stage, f"The {stage} is wrong.", error)


def test_sound_runs_pass(make_fit: Any, make_results: Any):
    decision = decide(make_results(make_fit(errors={50: 0.2})))
    assert decision.passed
    assert decision.fits[0].status == "pass"


def test_no_fits_do_not_pass(make_results: Any):
    assert not decide(make_results()).passed


def test_bugs_fail(make_fit: Any, make_results: Any):
    found = (wrong("mean shift"), wrong("update"))
    (fit,) = decide(make_results(make_fit(wrong=found, passed=False))).fits
    assert [failure.kind for failure in fit.failures] == ["bug", "bug"]
    assert fit.sentence == "The mean shift is wrong."


@pytest.mark.parametrize("error", [0.3, math.inf])
def test_beyond_the_limit(error: float, make_fit: Any, make_results: Any):
    decision = decide(make_results(make_fit(errors={50: error, 3: 0.21})))
    (failure,) = decision.fits[0].failures
    assert not decision.passed
    assert set(failure.landmarks) == {50, 3}
    expected = f"Landmark 50 is {error:g} px off, beyond the limit of 0.205 px; so is 1 more."
    assert failure.sentence == expected


def test_results_that_fail_for_what_is_not_said(make_fit: Any, make_results: Any):
    assert not decide(make_results(make_fit(passed=False))).passed


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit(0.01), ["the threshold of mouth, 0.01 px"]),
        (Limit(1.0, 0.19), ["0.19 times the noise floor of mouth, 0.1 px"]),
        (Limit(0.01, 0.19), ["threshold of mouth", "times the noise floor"]),
        (Limit(0.02, 0.2), []),
    ],
)
def test_beyond_thresholds(limit: Limit, words: list[str], make_fit: Any, make_results: Any):
    results = make_results(make_fit(errors={50: 0.02, 3: 0.1}))
    (fit,) = decide(results, {KEY: {"mouth": limit}}).fits
    assert len(fit.failures) == len(words)
    for failure, word in zip(fit.failures, words, strict=True):
        assert (failure.kind, set(failure.landmarks)) == ("threshold", {50})
        assert word in failure.sentence


def test_floors_that_are_lost(make_fit: Any, make_results: Any):
    """Without noise floor nothing would be beyond a multiple of it."""
    results = make_results(make_fit(floors=None))
    assert decide(results, {KEY: {"mouth": Limit(1.0)}}).passed
    assert not decide(results, {KEY: {"mouth": Limit(1.0, 5.0)}}).passed
    zero = make_results(make_fit(floors=(0.0,) * 68))
    assert decide(zero, {KEY: {"mouth": Limit(1.0, 5.0)}}).passed


def test_thresholds_of_another_model(make_fit: Any, make_results: Any):
    fit = make_fit()
    few = replace(fit, errors=fit.errors[:12], floors=None)
    with pytest.raises(GateFileError, match=r"anna.*no landmarks are called 'mouth'"):
        decide(make_results(few), {KEY: {"mouth": Limit(1.0)}})


def test_fits_and_thresholds_must_meet(make_fit: Any, make_results: Any):
    thresholds = {
        replace(KEY, face="ben"): {"all": Limit(1.0)},
        replace(KEY, face="ben", backend="numpy-exact"): {"all": Limit(1.0)},
    }
    decision = decide(make_results(make_fit()), thresholds)
    assert not decision.passed
    assert [(each.title, each.fatal) for each in decision.problems] == [
        ("thresholds: ben, default, numpy", True),
        ("thresholds: anna, default, numpy", False),
    ]


@pytest.mark.parametrize("compared", [True, False])
@pytest.mark.parametrize("setting", ["whole", "sequence"])
def test_whole_faces_must_be_there_where_they_are_compared(
    setting: str, compared: bool, make_fit: Any, make_results: Any
):
    fit = make_fit()
    results = replace(make_results(fit), with_faces=compared)
    face = replace(KEY, setting=setting)
    lost = {fit.key: {"all": Limit(1.0)}, face: {"all": Limit(1.0)}}
    assert decide(results, lost).passed != compared
    assert decide(results, divergences=[replace(MOUTH, key=face)], today=TODAY).passed != compared


def test_fits_must_be_there_where_no_faces_are_compared(make_fit: Any, make_results: Any):
    results = replace(make_results(make_fit()), with_faces=False)
    assert not decide(results, {replace(KEY, face="ben"): {"all": Limit(1.0)}}).passed


def test_thresholds_for_other_backends_only(make_fit: Any, make_results: Any):
    """A backend that was renamed must not pass for want of thresholds."""
    fit = make_fit()
    renamed = replace(fit.key, backend="renamed")
    decision = decide(make_results(fit), {renamed: {"all": Limit(1.0, None)}})
    assert not decision.passed
    (problem,) = decision.problems
    assert "only for renamed" in problem.sentence
    assert decide(make_results(fit), {}).passed


# ---- Known divergences ----


def test_what_is_known_passes(make_fit: Any, make_results: Any):
    decision = decide(make_results(make_fit(errors={50: 0.3})), divergences=[MOUTH], today=TODAY)
    assert decision.passed
    (fit,) = decision.fits
    assert (fit.status, fit.failures) == ("known", ())
    assert fit.known[0][1] is MOUTH


def test_thresholds_may_be_known_to_be_passed(make_fit: Any, make_results: Any):
    results = make_results(make_fit(errors={50: 0.02}))
    limits = {KEY: {"mouth": Limit(0.01, 0.1)}}
    assert not decide(results, limits, today=TODAY).passed
    assert decide(results, limits, [MOUTH], today=TODAY).passed


def test_more_than_what_is_known(make_fit: Any, make_results: Any):
    decision = decide(make_results(make_fit(errors={50: 0.5})), divergences=[MOUTH], today=TODAY)
    assert not decision.passed
    assert decision.problems == ()
    assert decision.fits[0].sentence.endswith("More than what is known: anna: mouth up to 0.4.")


def test_other_landmarks_are_not_known(make_fit: Any, make_results: Any):
    results = make_results(make_fit(errors={50: 0.3, 3: 0.3}))
    assert not decide(results, divergences=[MOUTH], today=TODAY).passed
    jaw = replace(MOUTH, landmarks=frozenset(range(17)), name="anna: jaw")
    assert decide(results, divergences=[MOUTH, jaw], today=TODAY).passed


def test_stages(make_fit: Any, make_results: Any):
    def passes(*found: Wrong) -> bool:
        results = make_results(make_fit(wrong=found, passed=False))
        return decide(results, divergences=[SHIFT], today=TODAY).passed

    assert passes(wrong("mean shift"))
    assert not passes(wrong("mean shift", 0.5))
    assert not passes(wrong("mean shift"), wrong("update"))
    assert not passes(wrong("update"))


def test_entries_that_no_longer_diverge(make_fit: Any, make_results: Any):
    decision = decide(make_results(make_fit()), divergences=[MOUTH], today=TODAY)
    assert not decision.passed
    assert decision.problems[0].title == "known divergence: anna: mouth"
    assert "does not diverge any more" in decision.problems[0].sentence


def test_entries_that_have_expired(make_fit: Any, make_results: Any):
    day_after = date(2030, 6, 16)
    results = make_results(make_fit(errors={50: 0.3}))
    decision = decide(results, divergences=[MOUTH], today=day_after)
    assert not decision.passed
    assert decision.fits[0].status == "FAIL"
    assert "expired on 2030-06-15" in decision.problems[0].sentence


def test_entries_of_other_fits(make_fit: Any, make_results: Any):
    results = make_results(make_fit())
    lost = replace(MOUTH, key=replace(KEY, face="ben"))
    assert not decide(results, divergences=[lost], today=TODAY).passed
    elsewhere = replace(MOUTH, key=replace(KEY, backend="numpy-exact"))
    assert decide(results, divergences=[elsewhere], today=TODAY).passed


def test_what_could_not_be_compared_never_passes(make_fit: Any, make_results: Any):
    """Whatever is known of it; and no entry, nor threshold, is blamed for it."""
    lost = make_fit(passed=True, kind="error", sentence="Not compared: why.", floors=None)
    results = make_results(replace(lost, errors=()), make_fit("ben"))
    limits = {KEY: {"mouth": Limit(0.4)}, FitKey("numpy", "ben", "default"): {}}
    decision = decide(results, limits, [MOUTH, SHIFT], TODAY)
    assert not decision.passed
    assert decision.fits[0].status == "FAIL"
    assert [failure.kind for failure in decision.fits[0].failures] == ["error"]
    assert decision.fits[0].sentence == "Not compared: why."
    assert decision.problems == ()
