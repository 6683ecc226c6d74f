"""Measuring one difference, in units in the last place of what a row names."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.traces import tiny_entries

from openface_bridge.parity.measure import Finding, Measured, expected, measure, same
from openface_bridge.parity.place import Moment, Place
from openface_bridge.parity.stages import EPS, Output
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Step, Trace

NAN, INF = np.nan, np.inf
STEP = Step(0, False, 1)
MOMENT = Moment("iteration", 0, STEP)
HERE = Place(0, "rigid", 1)
NAME = "scale0.rigid.1.mean_shift"
Array = npt.NDArray[Any]


def made_up(wanted: Array, entry: str = "mean_shift") -> Teacher:
    """A teacher that knows a trace, and nothing else."""

    class Known(Teacher):
        def __init__(self) -> None:
            self.trace = Trace(tiny_entries())
            self.trace.entries[MOMENT.name(entry)] = wanted

    return Known()


def output(ulps: float = 4.0, size: Any = 1.0, **options: Any) -> Output:
    return Output("mean_shift", ulps, "one", "for a test", lambda *_: size, **options)


def measured(found: Any, wanted: Any, row: Output | None = None) -> Measured:
    first, second = np.asarray(found, np.float32), np.asarray(wanted, np.float32)
    result = measure(first, made_up(second), MOMENT, output() if row is None else row)
    assert result is not None
    return result


def test_equal_arrays():
    array = [1.0, -2.5, NAN, INF, -INF, 0.0]
    found = measured(array, array)
    assert found == Measured(Finding(NAME, HERE, 0.0, 0.0, 4.0), None, None, equal=True)
    assert measured([0.0], [-0.0]).equal


@pytest.mark.parametrize("count", [1, 3, 4, 5])
def test_units_in_the_last_place(count: int):
    found = measured([1.0 + count * EPS], [1.0])
    assert found.worst == Finding(NAME, HERE, count * EPS, count, 4.0)
    assert found.worst.ratio == count / 4
    assert (found.over is not None) is (count > 4)
    assert not found.equal


@pytest.mark.parametrize(("promised", "bound"), [(10.0, 10.0), (2.0, 4.0), (0.0, 4.0)])
def test_a_promise_loosens_a_bound_and_never_tightens_it(promised: float, bound: float):
    row = output(promise=lambda teacher: promised)
    within, beyond = (measured([1 + count * EPS], [1.0], row) for count in (bound, bound + 1))
    assert (within.over, within.worst.bound) == (None, bound)
    assert beyond.over == beyond.worst
    assert measured([1.0, 2.0], [1.0], row).worst.bound == bound


def test_units_are_of_what_the_row_names():
    sizes = np.array([8.0, 1.0, -0.5])
    found = measured([8 * EPS, 3 * EPS, EPS], [0, 0, 0], output(size=sizes))
    assert (found.worst.apart, found.worst.ulps) == (3 * EPS, 3.0)
    scalar = measured([8 * EPS, 3 * EPS], [0, 0], output(size=8.0))
    assert scalar.worst.ulps == 1.0


def test_of_nothing_any_difference_is_large():
    assert measured([1e-30], [0.0], output(size=0.0)).worst.ulps > 1e7
    assert measured([0.0], [0.0], output(size=0.0)).equal


def test_what_must_be_the_same():
    found = measured([1.0, 1.0 + EPS], [1.0, 1.0], output(0.0, size=100.0))
    assert found.over == Finding(NAME, HERE, EPS, EPS, 0.0)
    assert found.over.ratio == INF
    assert measured([1.0], [1.0], output(0.0)).worst.ratio == 0.0


@pytest.mark.parametrize("ulps", [0.0, 4.0])
@pytest.mark.parametrize("size", [1.0, NAN, INF])
@pytest.mark.parametrize(
    ("candidate", "reference"), [(NAN, 1), (1, NAN), (INF, 1), (INF, -INF), (NAN, INF)]
)
def test_what_is_not_finite_in_one_alone_is_infinitely_wrong(
    candidate: float, reference: float, size: float, ulps: float
):
    """Whatever the bound is made of, which may not be finite either."""
    found = measured([candidate, 1], [reference, 1], output(ulps, size=size))
    assert found.over is not None
    assert (found.over.apart, found.over.ulps) == (INF, INF)
    assert not found.equal


def test_what_is_not_finite_in_both_hides_nothing():
    assert measured([NAN, INF, 3.0], [NAN, INF, 1.0]).worst.apart == 2.0


@pytest.mark.parametrize("size", [NAN, INF])
def test_bounds_that_are_not_finite_explain_nothing(size: float):
    found = measured([1.0 + EPS, 1.0], [1.0, 1.0], output(size=np.array([size, 1.0])))
    assert found.over is not None
    assert found.over.ulps == INF
    assert measured([1.0], [1.0], output(size=size)).equal


@pytest.mark.parametrize(
    ("candidate", "reference"), [((2, 2), (4,)), ((0, 2), (3, 2)), ((3, 2), (0, 2)), ((), (1,))]
)
def test_other_shapes(candidate: tuple[int, ...], reference: tuple[int, ...]):
    """A candidate that gives nothing has not given what was recorded."""
    found = measured(np.zeros(candidate), np.zeros(reference))
    assert found.over == found.worst == Finding(NAME, HERE, INF, INF, 4.0)
    assert not found.equal


def test_nothing_to_compare():
    nothing = np.zeros((0, 2), np.float32)
    assert measure(nothing, made_up(nothing), MOMENT, output()) is None
    absent = Output("hessian", 4, "one", "for a test", lambda *_: 1.0)
    assert measure(nothing, made_up(nothing), MOMENT, absent) is None


def test_whole_numbers():
    found = measure(np.array(3), made_up(np.array(1, np.int32)), MOMENT, output(0.0))
    assert found is not None
    assert found.worst.apart == 2.0


# ---- Which elements ----


def test_only_some_elements_count():
    row = output(counts=lambda *_: np.array([True, False, True]))
    assert measured([1.0, 9.0, 1.0], [1.0, 1.0, 1.0], row).equal
    found = measured([1.0, 9.0, 2.0], [1.0, 1.0, 1.0], row)
    assert found.worst.apart == 1.0
    none = output(counts=lambda *_: np.zeros(1, np.bool_))
    arrays = np.ones(1, np.float32), made_up(np.zeros(1, np.float32))
    assert measure(*arrays, MOMENT, none) is None


def test_differences_at_a_discontinuity_are_excused_and_no_others():
    row = output(excuse=lambda *_: np.array([[True], [False]]))
    beside = measured([[9.0, 1.0], [1.0, 1.0]], np.ones((2, 2)), row)
    assert (beside.over, beside.equal) == (None, False)
    assert beside.excused is not None
    assert beside.excused.apart == 8.0
    both = measured([[9.0, 1.0], [1.0, 2.0]], np.ones((2, 2)), row)
    assert both.excused is not None
    assert both.over is not None
    assert (both.excused.apart, both.over.apart) == (8.0, 1.0)
    assert both.worst == both.excused
    within = measured([[1.0 + EPS, 1.0], [1.0, 1.0]], np.ones((2, 2)), row)
    assert (within.over, within.excused) == (None, None)


# ---- Where ----


@pytest.mark.parametrize("value", [9.0, NAN])
def test_the_worst_landmark_is_named(value: float):
    candidate = np.zeros((5, 2, 3))
    candidate[1, 0, 0], candidate[3, 1, 2] = 1.0, value
    found = measured(candidate, np.zeros((5, 2, 3)), output(axis="landmarks"))
    assert found.worst.place == HERE.at(landmark=3)
    assert measured(candidate, np.zeros((5, 2, 3))).worst.place == HERE


def test_of_equally_bad_landmarks_the_first():
    candidate = [[0, 0], [2, 0], [0, -2], [1, 1]]
    found = measured(candidate, np.zeros((4, 2)), output(axis="landmarks"))
    assert found.worst.place.landmark == 1


@pytest.mark.parametrize(
    ("axis", "row", "place"),
    [
        ("coordinates", 1, {"landmark": 1}),
        ("coordinates", 4, {"landmark": 1}),
        ("parameters", 0, {"parameter": "scale"}),
        ("parameters", 5, {"parameter": "ty"}),
        ("modes", 5, {"parameter": "mode 5"}),
    ],
)
def test_other_axes(axis: Any, row: int, place: dict[str, Any]):
    candidate = np.zeros((6, 2))
    candidate[row, 1] = 1.0
    assert measured(candidate, np.zeros((6, 2)), output(axis=axis)).worst.place == HERE.at(**place)


def test_modes_follow_global_parameters():
    candidate = np.zeros(9)
    candidate[8] = 1.0
    found = measured(candidate, np.zeros(9), output(axis="parameters"))
    assert found.worst.place == HERE.at(parameter="mode 2")


# ---- What is expected ----


def test_settings_are_the_same_or_not():
    assert same(np.array(1.5), np.array(1.5), NAME, HERE).equal
    found = same(np.array(1.5), np.array(1.25), NAME, HERE)
    assert found.over == Finding(NAME, HERE, 0.25, 0.25, 0.0)
    assert same(np.array(NAN), np.array(1.0), NAME, HERE).over is not None


def test_whether_a_phase_goes_on_is_told_by_its_iterations():
    row = Output("goes_on", 0, "the decision", "a choice", lambda *_: 1.0)
    teacher = made_up(np.zeros(1))
    moments = [Moment("iteration", 0, step) for step in teacher.trace.steps]
    told = [expected(teacher, moment, row) for moment in moments]
    assert [int(each) for each in told if each is not None] == [1, 0, 0]
