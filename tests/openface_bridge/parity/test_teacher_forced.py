"""Stages on the reference's inputs, reduced to their largest difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from openface_bridge.parity.difference import Difference, Place
from openface_bridge.parity.teacher_forced import StageResult, compare_stages
from support.recordings import Recordings

from openface_bridge.parity.run import Models
from openface_bridge.parity.stages import STAGES, Stage
from openface_bridge.parity.teacher import Teacher
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Step, Trace
from pyclnf import FitSettings
from pyclnf.experts.area_of_interest import PaddedImage

DEFAULT, WEIGHTED = Case("ben_2", "default"), Case("ben_2", "weighted")
HERE, THERE = Place(0), Place(1)


def made_up(limit: float, *differences: Difference) -> Stage:
    def compare(teacher: Teacher) -> Iterator[Difference]:
        assert teacher is TEACHER
        yield from differences

    return Stage("made up", "px", limit, "for a test", (), compare)


TEACHER: Teacher = object()  # type: ignore[assignment]


def only(stage: Stage) -> StageResult:
    (result,) = compare_stages(TEACHER, (stage,))
    return result


def test_largest_difference_and_its_place():
    differences = [
        Difference(0.0, HERE, equal=True),
        Difference(0.5, THERE, equal=False),
        Difference(0.25, HERE, equal=False),
    ]
    stage = made_up(0.4, *differences)
    assert only(stage) == StageResult(stage, 0.5, THERE, compared=3, equal=1)
    assert not only(stage).passed


def test_first_of_equally_large_ones():
    differences = [Difference(1.0, place, equal=False) for place in (HERE, THERE)]
    assert only(made_up(2.0, *differences)).place == HERE


def test_nothing_to_compare():
    result = only(made_up(0.0))
    assert (result.error, result.place, result.compared, result.equal) == (0.0, None, 0, 0)
    assert result.passed


@pytest.mark.parametrize(
    ("error", "limit", "passed"),
    [(0.0, 0.0, True), (1e-9, 0.0, False), (0.5, 0.5, True), (np.inf, 1e9, False)],
)
def test_the_limit_is_within_it(error: float, limit: float, passed: bool):
    assert only(made_up(limit, Difference(error, HERE, equal=error == 0))).passed is passed


def test_results_are_in_the_order_of_the_stages(make_teacher, reference: Recorded):
    teacher = make_teacher(reference.trace(DEFAULT), DEFAULT)
    assert [result.stage for result in compare_stages(teacher)] == list(STAGES)
    chosen = (STAGES[3], STAGES[1])
    assert [result.stage for result in compare_stages(teacher, chosen)] == list(chosen)


# ---- The teacher ----


def test_inputs_are_the_references(make_teacher, reference: Recorded):
    trace = reference.trace(WEIGHTED)
    teacher: Teacher = make_teacher(trace, WEIGHTED)
    step = Step(1, True, 2)
    phase = teacher.phase(step)
    assert phase.response_maps is trace["scale1.response_maps"]
    assert phase.base_landmarks is trace["scale1.base_shape"]
    assert teacher.parameters(step).local is trace["scale1.nonrigid.2.params_local"]
    assert teacher.start(1).global_ is trace["scale1.rigid.0.params_global"]
    assert phase.visible.sum() == 8
    assert phase.landmark_weights is not None
    assert np.all((phase.landmark_weights > 0) == phase.visible)
    assert teacher.phase(Step(0, False, 0)).prior.tolist() == [0] * 6
    without = make_teacher(reference.trace(DEFAULT), DEFAULT).phase(step)
    assert without.landmark_weights is None


def test_schedule_is_the_candidates(make_teacher, reference: Recorded):
    trace = reference.trace(DEFAULT)
    teacher: Teacher = make_teacher(trace, DEFAULT)
    assert sorted(teacher.plans) == [0, 1]
    for scale, plan in teacher.plans.items():
        for name in ("window_size", "reg_factor", "sigma", "weight_factor"):
            assert getattr(plan, name) == trace[f"scale{scale}.{name}"]


def test_kernels_keep_the_first_sigma_of_a_window_size(reference: Recorded, exact_models: Models):
    """Scale 1 has another sigma, but no other kernels: the reference makes them once."""
    entries = dict(reference.trace(DEFAULT).entries)
    entries["scale1.window_size"] = entries["scale0.window_size"]
    entries["scale1.response_maps"] = entries["scale0.response_maps"]
    settings = FitSettings(window_sizes=(11, 11))
    image = PaddedImage.of(np.zeros((9, 9), np.uint8))
    backend = exact_models.backend("default")
    teacher = Teacher(Trace(entries), image, settings, backend)
    assert teacher.plans[0].sigma < teacher.plans[1].sigma
    assert teacher.phase(Step(1, False, 0)).kernels.sigma == float(teacher.plans[0].sigma)
    assert teacher.phase(Step(1, False, 0)).kernels is teacher.phase(Step(0, False, 0)).kernels


def test_windows_of_another_schedule_can_be_compared(
    make_teacher, reference: Recorded, recordings: Recordings
):
    """Maps are the reference's; that the candidate plans other windows is for the run to say."""
    teacher: Teacher = make_teacher(reference.trace(DEFAULT), DEFAULT)
    teacher.settings = replace(teacher.settings, window_sizes=(9, 7))
    assert teacher.phase(Step(0, False, 0)).kernels.window_size == 11
    assert all(result.error == 0 for result in compare_stages(teacher))


def test_clamped_modes(make_teacher, reference: Recorded):
    trace = reference.trace(WEIGHTED)
    teacher: Teacher = make_teacher(trace, WEIGHTED)
    limit = 3 * np.sqrt(np.array([400, 220, 40, 30], np.float32))
    for step in trace.steps:
        expected = np.abs(trace[f"{step.prefix}.params_local_out"]) >= limit
        if not step.nonrigid:
            expected[:] = False
        np.testing.assert_array_equal(teacher.modes_beyond_limit(step, 0.0), expected)
    assert teacher.modes_beyond_limit(Step(1, True, 4), 1e-4).any()
    assert not teacher.modes_beyond_limit(Step(1, True, 4), 1e6).any()
