"""One comparison: its worst difference, its limit, its place, what excuses it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from openface_bridge.parity.faces import run
from openface_bridge.parity.faces.check import Check, Tie, same
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.faces.verdicts import StageResult, judge_face

PLACE = FacePlace(frame=2)
NEAR, FAR = Tie("class", 1e-9, 1e-6, "score"), Tie("class", 1.0, 1e-6, "score")
BOXES, HYPOTHESIS, PARTS = FACE_STAGES[:3]
TRACKING = FACE_STAGES[-1]


def check(found: list[float], wanted: list[float], limit: float = 0.0, **more: object) -> Check:
    return Check("shift", PLACE, np.array(found), np.array(wanted), limit, **more)  # type: ignore[arg-type]


def test_the_worst_difference_is_that_farthest_beyond_its_limit():
    compared = Check(
        "shift", PLACE, np.array([1.0, 5.0, 2.0]), np.array([1.0, 4.0, 1.9]),
        np.array([1.0, 2.0, 0.01]), axis="parameters",
    )  # fmt: skip
    worst = compared.worst
    assert compared.over
    assert not compared.equal
    assert (worst.found, worst.wanted, worst.limit) == (2.0, 1.9, 0.01)
    assert worst.ratio == pytest.approx(10)
    assert str(worst.place) == "frame 2, ry"


def test_without_a_limit_any_difference_is_over():
    assert check([1.0], [2.0]).over
    assert check([1.0], [2.0]).worst.ratio == math.inf
    assert not check([2.0], [2.0]).over
    assert check([2.0], [2.0]).worst.ratio == 0


def test_what_is_not_finite():
    assert check([math.nan], [1.0], 9.0).over
    assert check([math.nan], [math.nan]).equal
    assert check([math.inf], [1.0], 9.0).worst.apart == math.inf


def test_another_number_of_values():
    worst = check([1.0, 2.0], [1.0], 9.0).worst
    assert (worst.found, worst.wanted) == (2, 1)
    assert check([1.0, 2.0], [1.0], 9.0).over
    assert check([], []).equal
    assert not check([], []).over


@pytest.mark.parametrize(
    ("axis", "shape", "words"),
    [
        ("none", (2, 2), "frame 2"),
        ("boxes", (2, 4), "frame 2, box 1"),
        ("landmarks", (2, 2), "frame 2, landmark 1"),
        ("parameters", (9,), "frame 2, mode 2"),
    ],
)
def test_places(axis: str, shape: tuple[int, ...], words: str):
    found = np.zeros(shape)
    found[-1] = 1.0
    assert str(Check("x", PLACE, found, np.zeros(shape), 0.0, axis=axis).worst.place) == words  # type: ignore[arg-type]


def test_places_in_words():
    assert str(FacePlace()) == "the face"
    assert str(FacePlace(hypothesis=3)) == "hypothesis 3"
    assert str(FacePlace(part="inner", landmark=4)) == "part inner, landmark 4"
    assert str(FacePlace(layer=0)) == "layer 0"
    assert str(FacePlace(network="output", box=2)) == "output network, box 2"


def test_a_discontinuity_excuses_only_where_it_is_near():
    assert check([1.0], [2.0], tie=NEAR).excused
    assert not check([1.0], [2.0], tie=FAR).excused
    assert not check([1.0], [1.0], tie=NEAR).excused


def result(forced: list[Check], free: list[Check] = [], stage=HYPOTHESIS) -> StageResult:  # noqa: B006
    return StageResult(stage, tuple(forced), tuple(free))


def same_or(value: float, tie: Tie | None = None) -> Check:
    return same("chosen", FacePlace(hypothesis=1), value, 1.0, tie)


GOOD, BAD, TIED = same_or(1.0), same_or(2.0), same_or(2.0, NEAR)
ROUNDED = Check("likelihoods", FacePlace(hypothesis=0), np.array(1.0), np.array(1.1), 1.0)


@pytest.mark.parametrize(
    ("stages", "kind", "stage", "free"),
    [
        ([result([GOOD], [GOOD])], "equal", None, False),
        ([result([]), result([], [], PARTS)], "equal", None, False),
        ([result([GOOD]), result([ROUNDED], [], PARTS)], "rounding", "part parameters", False),
        ([result([GOOD], [ROUNDED])], "rounding", "hypothesis", True),
        ([result([ROUNDED]), result([TIED], [], PARTS)], "branch", "part parameters", False),
        ([result([TIED], [BAD])], "branch", "hypothesis", False),
        ([result([GOOD], [BAD]), result([BAD], [], PARTS)], "bug", "part parameters", False),
        ([result([GOOD], [BAD]), result([GOOD], [BAD], PARTS)], "bug", "hypothesis", True),
        ([result([TIED]), result([BAD], [], PARTS)], "bug", "part parameters", False),
    ],
)
def test_verdicts(stages: list[StageResult], kind: str, stage: str | None, free: bool):
    verdict = judge_face(stages)
    assert (verdict.kind, verdict.stage, verdict.free) == (kind, stage, free)


@pytest.mark.parametrize(
    ("value", "tie", "elsewhere"), [(2.0, NEAR, True), (2.0, FAR, False), (1.0, NEAR, False)]
)
@pytest.mark.parametrize("leads", [True, False])
def test_free_runs_that_take_another_way(
    value: float, tie: Tie, elsewhere: bool, leads: bool, monkeypatch: pytest.MonkeyPatch
):
    """What follows is compared on the reference's inputs alone."""
    choice = same("chosen", PLACE, value, 1.0, tie, leads=leads)
    stages = (
        replace(
            HYPOTHESIS, force=lambda subject: iter([GOOD]), free=lambda subject: iter([choice])
        ),
        replace(PARTS, force=lambda subject: iter([ROUNDED]), free=lambda subject: iter([BAD])),
    )
    monkeypatch.setattr(run, "FACE_STAGES", stages)
    first, second = run._compared(None)  # type: ignore[arg-type]
    assert first.leads_elsewhere is (elsewhere and leads)
    assert second.forced == (ROUNDED,)
    assert second.free == (() if elsewhere and leads else (BAD,))


def test_sentences_say_what_was_compared():
    two = [result([GOOD]), result([], [GOOD], PARTS)]
    assert judge_face(two).sentence == "Equal in every bit of every stage."
    found = judge_face([*two, result([], [], TRACKING)])
    assert (found.compared, found.left_out) == (("hypothesis", "part parameters"), ("tracking",))
    assert found.sentence == (
        "Equal in every bit of what was compared: hypothesis, part parameters."
    )
    assert judge_face([result([], [])]).sentence == "Nothing was compared."
    for check, rest in ((ROUNDED, "; rounding is first seen"), (TIED, ", but for 'hypothesis'")):
        some = judge_face([result([check]), result([], [], PARTS)]).sentence
        assert some.startswith(f"Every stage that was compared agrees, given the same inputs{rest}")
        both = judge_face([result([check]), result([GOOD], [], PARTS)]).sentence
        assert both.startswith(f"Every stage agrees, given the same inputs{rest}")


def test_sentences():
    forced = judge_face([result([BAD])]).sentence
    assert forced == (
        "Given the reference's own inputs, the stage 'hypothesis' fails (chosen; hypothesis 1): "
        "it is 2, and should be 1."
    )
    assert judge_face([result([], [BAD])]).sentence.startswith("Running freely, the stage")
    assert "rounding is first seen in the stage 'hypothesis' (likelihoods; hypothesis 0)" in (
        judge_face([result([ROUNDED])]).sentence
    )
    tied = judge_face([result([TIED])]).sentence
    assert "but for 'hypothesis' (chosen; hypothesis 1): class, 1e-09 score from falling" in tied
    free = judge_face([result([], [TIED])]).sentence
    assert "; running freely, the first branch is in 'hypothesis' (chosen; hypothesis 1): " in free
    far = Check("shift", PLACE, np.array(1.0), np.array(3.0), 0.5)
    assert "it differs by 2; rounding explains 0.5." in judge_face([result([far])]).sentence
    lost = check([1.0, 2.0], [1.0])
    assert "2 instead of 1" in judge_face([result([lost])]).sentence
