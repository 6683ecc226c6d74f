"""Stages on the reference's inputs, and the teacher that gives them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.comparing import changed

from openface_bridge.parity.forcing import forced, forced_name
from openface_bridge.parity.place import Moment, moments
from openface_bridge.parity.run import Models
from openface_bridge.parity.stages import STAGES, stage_named
from openface_bridge.parity.teacher import Teacher
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Step, Trace
from pyclnf import FitSettings
from pyclnf.experts.area_of_interest import PaddedImage

DEFAULT, WEIGHTED = Case("ben_2", "default"), Case("ben_2", "weighted")


def test_every_output_of_every_stage_at_every_moment(make_teacher, reference: Recorded):
    teacher: Teacher = make_teacher(reference.trace(WEIGHTED), WEIGHTED)
    found = forced(teacher)
    names = {
        forced_name(stage, moment, entry)
        for stage in STAGES
        for moment in moments(teacher.trace, stage.per)
        for entry in stage.entries
    }
    schedule = {
        forced_name(stage, Moment("scale", scale), entry)
        for stage in STAGES
        for scale in teacher.trace.scales
        for entry in stage.schedule
    }
    assert found.keys() == names | schedule


def test_names_are_unique_though_two_stages_write_an_entry():
    step = Step(1, True, 2)
    names = [
        forced_name(stage_named(name), Moment("iteration", 1, step), "params_local_out")
        for name in ("update", "clamp")
    ]
    assert names == [f"{name}/scale1.nonrigid.2.params_local_out" for name in ("update", "clamp")]


def test_chosen_stages_alone(make_teacher, reference: Recorded):
    teacher: Teacher = make_teacher(reference.trace(DEFAULT), DEFAULT)
    found = forced(teacher, [stage_named("view")])
    assert list(found) == ["view/scale0.view", "view/scale1.view"]


@pytest.mark.parametrize(
    ("entry", "at", "touched"),
    [
        ("scale1.rigid.2.mean_shift", 20, {"normal equations"}),
        ("scale1.rigid.2.offset_x", 10, {"mean shift"}),
        ("scale1.areas_of_interest", -180, {"response map"}),
        ("scale1.rigid.2.jacobian", -4, {"normal equations"}),
        ("scale0.similarity_image_to_reference", 0, {"similarity", "offsets"}),
    ],
)
def test_nothing_accumulates(
    entry: str, at: int, touched: set[str], make_teacher, reference: Recorded
):
    """What is changed reaches those stages that take it, and goes no further."""
    trace = reference.trace(DEFAULT)
    found = [
        forced(make_teacher(each, DEFAULT)) for each in (trace, changed(trace, entry, 0.25, at))
    ]
    other = {name for name in found[0] if not np.array_equal(found[0][name], found[1][name])}
    assert {name.partition("/")[0] for name in other} == touched


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


@pytest.mark.parametrize("case", [DEFAULT, WEIGHTED], ids=str)
def test_bounds_are_sized_by_what_was_recorded(case: Case, make_teacher, reference: Recorded):
    """In float64, the same equations: weights, prior and Hessian are the candidate's own."""
    teacher: Teacher = make_teacher(reference.trace(case), case)
    for step in (Step(1, False, 0), Step(1, True, 2)):
        phase = teacher.phase(step)
        weights = phase.visible if phase.landmark_weights is None else phase.landmark_weights
        np.testing.assert_allclose(
            teacher.row_weights(step), np.tile(weights, 2).astype(float), rtol=1e-6
        )
        np.testing.assert_allclose(teacher.prior(step), phase.prior, rtol=1e-6)
        hessian, _ = teacher.equations(step)
        scale = np.sqrt(np.outer(hessian.diagonal(), hessian.diagonal()))
        np.testing.assert_allclose(teacher.hessian(step) / scale, hessian / scale, atol=1e-5)


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


def test_windows_of_another_schedule_can_be_compared(make_teacher, reference: Recorded):
    """Maps are the reference's; that the candidate plans other windows is told beside."""
    teacher: Teacher = make_teacher(reference.trace(DEFAULT), DEFAULT)
    sound = forced(teacher)
    teacher = make_teacher(reference.trace(DEFAULT), DEFAULT)
    teacher.settings = replace(teacher.settings, window_sizes=(9, 7))
    assert teacher.phase(Step(0, False, 0)).kernels.window_size == 11
    found = forced(teacher)
    other = {name for name in sound if not np.array_equal(sound[name], found[name])}
    assert other == {"response map/scale0.window_size", "response map/scale1.window_size"}


def test_clamped_modes(make_teacher, reference: Recorded):
    trace = reference.trace(WEIGHTED)
    teacher: Teacher = make_teacher(trace, WEIGHTED)
    limit = 3 * np.sqrt(np.array([400, 220, 40, 30], np.float32))
    for step in trace.steps:
        expected = np.abs(trace[f"{step.prefix}.params_local_out"]) >= limit
        if not step.nonrigid:
            expected[:] = False
        np.testing.assert_array_equal(teacher.modes_beyond_limit(step, 0.0), expected)
        np.testing.assert_array_equal(teacher.hidden(step)[6:], expected[: 4 * step.nonrigid])
    assert teacher.modes_beyond_limit(Step(1, True, 4), 1e-4).any()
    assert not teacher.modes_beyond_limit(Step(1, True, 4), 1e6).any()


def test_nothing_is_hidden_of_what_was_recorded(make_teacher, reference: Recorded):
    trace, step = reference.trace(WEIGHTED), Step(1, True, 4)
    change = np.arange(10, dtype=np.float32)
    known = make_teacher(Trace({**trace.entries, f"{step.prefix}.change": change}), WEIGHTED)
    assert not known.hidden(step).any()
    assert known.change(step).tolist() == change.tolist()
    told = make_teacher(trace, WEIGHTED)
    assert told.hidden(step).any()
    assert np.isfinite(told.change(step)).all()
