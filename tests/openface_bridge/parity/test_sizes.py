"""Magnitudes whose last place counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.stub_teacher import AT_SCALE, AT_STEP, StubTeacher

from openface_bridge.parity.place import Moment
from openface_bridge.parity.stages import sizes
from openface_bridge.parity.teacher import Teacher
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Step

MakeTeacher = Callable[..., Teacher]
CASE = Case("ben_2", "weighted")


def test_translations_are_as_large_as_the_box_at_least():
    """A face in the picture's corner: what cancels was rounded at its own size."""
    parameters = np.array((2, 0.5, 0, 0, 0.001, -300), np.float32)
    box = np.array((-50, 1, 100, 120), np.float32)
    teacher = StubTeacher({"bbox": box, "init.params_global": parameters})
    assert sizes.start(teacher, Moment("start")).tolist() == [2, 0.5, 0, 0, 100, 300]


def test_offsets_beyond_their_map():
    offsets = np.array((2.5, -40), np.float32)
    prefix = "" if AT_STEP.step is None else AT_STEP.step.prefix
    teacher = StubTeacher({f"{prefix}.offset_x": offsets})
    size: Any = sizes.within_map("offset_x")(teacher, AT_STEP)
    assert size.tolist() == [3, 40]  # Maps of 3 by 3.


def test_maps_without_a_response():
    maps = np.zeros((2, 3, 3), np.float32)
    maps[0, 1, 1] = 0.25
    teacher = StubTeacher({"scale0.response_maps": maps})
    assert sizes.map_maximum(teacher, AT_SCALE).ravel().tolist() == [0.25, 1.0]


@pytest.mark.parametrize("nonrigid", [False, True])
def test_a_hessian_is_no_larger_than_its_terms(
    nonrigid: bool, make_teacher: MakeTeacher, reference: Recorded
):
    """By Cauchy and Schwarz: Σ|terms| of Hᵢⱼ is at most √(Hᵢᵢ·Hⱼⱼ)."""
    teacher = make_teacher(reference.trace(CASE), CASE)
    step = Step(1, nonrigid, 1)
    jacobian = np.abs(teacher.jacobian(step).astype(np.float64))
    terms = jacobian.T @ (teacher.row_weights(step)[:, None] * jacobian)
    assert np.all(terms <= sizes.equations(teacher, Moment("iteration", 1, step)) * (1 + 1e-9))


@pytest.mark.parametrize("nonrigid", [False, True])
def test_solutions_move_no_further(nonrigid: bool, make_teacher: MakeTeacher, reference: Recorded):
    """Equations off by one part in a million, in any way, have solutions within the bound."""
    teacher = make_teacher(reference.trace(CASE), CASE)
    step = Step(1, nonrigid, 1)
    moment = Moment("iteration", 1, step)
    hessian = teacher.hessian(step)
    right = teacher.equations(step)[1].astype(np.float64)
    solution = np.linalg.solve(hessian, right)
    bound = sizes.solution(teacher, moment)
    random = np.random.default_rng(0)
    part = 1e-6
    for _ in range(50):
        moved = hessian + part * random.choice((-1, 1), hessian.shape) * sizes.equations(
            teacher, moment
        )
        pull = right + part * random.choice((-1, 1), right.shape) * sizes.right_hand_side(
            teacher, moment
        )
        apart = np.abs(np.linalg.solve(moved, pull) - solution)
        assert np.all(apart <= 1.01 * part * bound)
