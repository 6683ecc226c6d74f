"""Walking the table: what is first, what is worst, and what there is nothing to compare with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.comparing import changed, over, without

from openface_bridge.parity.comparison import compare_forced, compare_free
from openface_bridge.parity.forcing import Forced, forced
from openface_bridge.parity.stages import EPS, STAGES
from openface_bridge.parity.teacher import Teacher
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace

CASE = Case("ben_2", "weighted")
SHIFT = "mean shift/scale1.{}.{}.mean_shift"


@pytest.fixture(scope="module")
def teacher(make_teacher, reference: Recorded) -> Teacher:
    found: Teacher = make_teacher(reference.trace(CASE), CASE)
    return found


@pytest.fixture(scope="module")
def sound(teacher: Teacher) -> Forced:
    return forced(teacher)


def by_name(stages: Any) -> Any:
    return {each.stage.name: each for each in stages}


def erring(outputs: Forced, **changes: tuple[float, int]) -> Forced:
    """Add to one element each of some mean shifts of scale 1."""
    found = dict(outputs)
    for place, (by, at) in changes.items():
        name = SHIFT.format(*place.split("_"))
        found[name] = found[name].copy()
        found[name].flat[at] += by
    return found


def test_in_the_order_of_the_table(teacher: Teacher, sound: Forced):
    assert [each.stage for each in compare_forced(sound, teacher)] == list(STAGES)
    assert [each.stage for each in compare_free(teacher.trace, teacher)] == list(STAGES)


def test_first_and_worst_are_two_things(teacher: Teacher, sound: Forced):
    """The first difference at all, the first over its bound, the one largest in its parts."""
    ulp = EPS * float(teacher.window_size(1))
    found = by_name(
        compare_forced(
            erring(sound, rigid_1=(4 * ulp, 20), rigid_3=(0.5, 21), nonrigid_0=(2.0, 22)), teacher
        )
    )["mean shift"]
    assert (found.compared, found.compared - found.equal) == (len(teacher.trace.steps) + 2, 3)
    assert not found.passed
    assert found.unequal is not None
    assert found.over is not None
    assert found.worst is not None
    assert str(found.unequal[1].place) == "scale 1, rigid phase, iteration 1, landmark 10"
    assert str(found.over[1].place) == "scale 1, rigid phase, iteration 3, landmark 10"
    assert str(found.worst.place) == "scale 1, nonrigid phase, iteration 0, landmark 11"
    assert found.unequal[0] < found.over[0] == (1, 1, 3, 6)


def test_one_stage_does_not_touch_another(teacher: Teacher, sound: Forced):
    found = compare_forced(erring(sound, rigid_1=(1.0, 20)), teacher)
    assert over(found) == ["mean shift"]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_what_was_not_performed_is_not_compared(stage, teacher: Teacher, sound: Forced):
    kept = {name: array for name, array in sound.items() if not name.startswith(f"{stage.name}/")}
    found = by_name(compare_forced(kept, teacher))[stage.name]
    assert (found.compared, found.worst, found.passed) == (0, None, True)


def test_free_runs_that_are_alike(teacher: Teacher):
    found = compare_free(teacher.trace, teacher)
    assert all(each.unequal is None for each in found)
    assert by_name(found)["stopping"].compared == len(teacher.trace.steps)


def test_free_runs_that_part(teacher: Teacher):
    candidate = changed(teacher.trace, "scale0.nonrigid.1.offset_y", 0.5, 3)
    found = by_name(compare_free(candidate, teacher))["offsets"]
    assert found.unequal is not None
    assert str(found.unequal[1].place) == "scale 0, nonrigid phase, iteration 1, landmark 3"


def test_one_stops_earlier(teacher: Teacher):
    """That it stops is a difference; what it did not do is none."""
    last = "scale1.rigid.4."
    candidate = without(teacher.trace, lambda name: name.startswith(last))
    found = compare_free(candidate, teacher)
    unequal = {each.stage.name: each.unequal[1] for each in found if each.unequal is not None}
    assert list(unequal) == ["stopping"]
    assert str(unequal["stopping"].place) == "scale 1, rigid phase, iteration 3"
    assert by_name(found)["offsets"].compared == 2 * len(candidate.steps)


def test_one_ends_early(teacher: Teacher):
    candidate = without(teacher.trace, lambda name: name.startswith("scale1."))
    found = by_name(compare_free(candidate, teacher))
    assert found["response map"].compared == 2
    assert all(each.passed for each in found.values())


@pytest.mark.parametrize(
    "left_out", [".areas_of_interest", ".jacobian", "nonrigid.2.jacobian", "rotation"]
)
def test_what_one_did_not_record_does_not_count(left_out: str, teacher: Teacher):
    lean = without(teacher.trace, lambda name: name.endswith(left_out))
    assert all(each.unequal is None for each in compare_free(lean, teacher))


def test_foreign_entries_do_not_count(teacher: Teacher):
    notes = {"about": np.array("a note"), "scale0.mood": np.array(1.0)}
    candidate = Trace({**teacher.trace.entries, **notes})
    assert all(each.unequal is None for each in compare_free(candidate, teacher))
