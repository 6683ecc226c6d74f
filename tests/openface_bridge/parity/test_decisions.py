"""Ties and choices: at each discontinuity, and just beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.stub_teacher import AT_NONRIGID, AT_SCALE, AT_STEP, LIMIT, StubTeacher

from openface_bridge.parity.decisions import (
    DECISIONS,
    STOPS_BELOW,
    Choice,
    cell_ties,
    sample_ties,
    shape_after,
    stop_ties,
    view_ties,
)
from openface_bridge.parity.place import Moment
from openface_bridge.trace import Step
from pyclnf import FitSettings, nu_rlms
from pyclnf.experts import views
from pyclnf.experts.area_of_interest import sample_positions
from pyclnf.mean_shift import kernel_cells

ONE = np.float32(1)


def choice(name: str, teacher: StubTeacher, moment: Moment) -> Choice | None:
    (decision,) = (each for each in DECISIONS if each.name == name)
    return decision.choose(teacher, moment)


def chosen(name: str, teacher: StubTeacher, moment: Moment) -> Choice:
    found = choice(name, teacher, moment)
    assert found is not None
    return found


def test_order_of_execution():
    assert [decision.name for decision in DECISIONS] == [
        "view", "sample position", "kernel cell", "clamp", "stop", "face size",
    ]  # fmt: skip


# ---- Views ----

CENTERS = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, -0.7, 0.0))


def facing(ry: float, view: int = 0) -> StubTeacher:
    changes = {
        "scale0.rigid.0.params_global": np.array((1, 0, ry, 0, 0, 0), np.float32),
        "scale0.view": np.array(view, np.int32),
    }
    return StubTeacher(changes, centers=CENTERS)


@pytest.mark.parametrize(("ry", "tied"), [(0.25, True), (0.25001, False), (0.0, False)])
def test_tied_views(ry: float, tied: bool):
    assert view_ties(facing(ry), AT_SCALE).item() is tied


def test_one_view_is_no_choice():
    single = StubTeacher(centers=CENTERS[:1])
    assert view_ties(single, AT_SCALE).item() is False
    assert chosen("view", single, AT_SCALE).values.tolist() == [1]


@pytest.mark.parametrize("view", [0, 1, 2])
def test_views_and_how_far_the_others_are(view: int):
    """A distance may shrink by half the gap while the other grows by as much."""
    found = chosen("view", facing(0.125, view), AT_SCALE)
    assert found.values.tolist() == [int(index == view) for index in range(3)]
    distances = np.array([0.125, 0.375, 0.825])
    gaps = np.abs(distances - distances[view]) / 2
    np.testing.assert_allclose(found.margins, gaps, atol=1e-7)
    np.testing.assert_allclose(found.inputs, np.repeat(distances[:, None], 3, axis=1), atol=1e-7)
    assert 0 < found.slack < 1e-6


def test_the_views_asked_about_are_those_that_are_chosen():
    random = np.random.default_rng(0)
    for ry in random.uniform(-1, 1, 50).astype(np.float32):
        nearest = views.nearest_view(np.array(CENTERS), np.array((0, ry, 0), np.float32))
        assert chosen("view", facing(ry, nearest), AT_SCALE).margins[nearest] == 0


# ---- Sample positions ----


def area(seed: int, size: float = 300.0, **options: Any) -> StubTeacher:
    """Two areas anywhere, turned and scaled as faces are."""
    random = np.random.default_rng(seed)
    angle, scale = random.uniform(-1, 1), random.uniform(0.2, 6)
    a, b = np.float32(scale * np.cos(angle)), np.float32(scale * np.sin(angle))
    changes = {
        "scale0.similarity_reference_to_image": np.array(((a, -b), (b, a)), np.float32),
        "scale0.base_shape": random.uniform(-20, size, (2, 2)).astype(np.float32),
        "scale0.window_size": np.array(11, np.int32),
        "scale0.response_maps": np.zeros((2, 11, 11), np.float32),
    }
    return StubTeacher(changes, support=11, **options)


def positions(teacher: StubTeacher) -> np.ndarray[Any, Any]:
    base = teacher.trace["scale0.base_shape"]
    matrix = teacher.trace["scale0.similarity_reference_to_image"]
    return np.array(sample_positions(base, matrix, 21))


@pytest.mark.parametrize("size", [300.0, 5000.0])
def test_samples_are_where_they_are_taken(size: float):
    """Every one: a position that rounding alone decides is decided as it was in the fit."""
    for seed in range(200):
        teacher = area(seed, size)
        found = chosen("sample position", teacher, AT_SCALE)
        np.testing.assert_array_equal(found.values, positions(teacher))


def test_only_visible_landmarks_are_sampled():
    found = chosen("sample position", area(3, visible=(False, True)), AT_SCALE)
    np.testing.assert_array_equal(found.values, positions(area(3))[:, 1:])
    assert found.inputs.shape == (2, 2, 1, 21, 21)


def snapped(first: Any, second: Any) -> Any:
    """Return positions of terms in 1/1024 px, in whole numbers only."""
    whole = np.rint(first).astype(np.intp) + np.rint(second).astype(np.intp)
    return np.asarray((whole + 16) >> 5)


def test_margins_are_the_least_move_of_both_terms():
    """In last places: less does not change a position, and a little more does."""
    for seed in range(20):
        found = chosen("sample position", area(seed), AT_SCALE)
        first, second = found.inputs * 1024
        margin, here = found.margins * 1024, snapped(first, second)
        for part in (0.25, 0.999999):
            for signs in ((1, 1), (-1, -1), (1, -1), (-1, 1), (0, 1), (1, 0)):
                moved = (first + signs[0] * part * margin, second + signs[1] * part * margin)
                assert np.array_equal(snapped(*moved), here)
        beyond = margin + 1e-6
        up, down = (snapped(first + s * beyond, second + s * beyond) != here for s in (1, -1))
        assert np.all(np.logical_or(up, down))


def test_samples_are_tied_where_their_margin_is_within_rounding():
    for seed in range(20):
        teacher = area(seed)
        found = chosen("sample position", teacher, AT_SCALE)
        expected = np.any(found.margins <= found.slack, axis=0)
        beside = np.asarray(np.abs(found.margins - found.slack).min(axis=0) < 1e-9)
        ties = sample_ties(teacher, AT_SCALE)
        assert np.array_equal(ties[~beside], expected[~beside])
        assert 0 < np.count_nonzero(ties) < 0.1 * ties.size


def test_ties_of_samples_cover_what_rounding_does():
    """Corners off by four last places move no sample that is not tied."""
    for seed in range(100):
        teacher = area(seed)
        ties, here = sample_ties(teacher, AT_SCALE), positions(teacher)
        base = teacher.trace["scale0.base_shape"]
        for towards in (np.inf, -np.inf):
            moved = np.nextafter(base, np.float32(towards))
            matrix = teacher.trace["scale0.similarity_reference_to_image"]
            there = np.array(sample_positions(moved, matrix, 21))
            assert not ((here != there).any(axis=0) & ~ties).any()


# ---- Kernel cells ----


def within_maps(offsets: Any, visible: Any = (True, True)) -> StubTeacher:
    array = np.asarray(offsets, np.float32)
    prefix = AT_STEP.step.prefix if AT_STEP.step else ""
    changes = {
        f"{prefix}.offset_x": array[:, 0],
        f"{prefix}.offset_y": array[:, 1],
        "scale0.window_size": np.array(11, np.int32),
        "scale0.response_maps": np.zeros((2, 11, 11), np.float32),
    }
    return StubTeacher(changes, visible=visible)


def test_cells_are_those_that_are_looked_up():
    """Every multiple of 0.05 px in a map, its neighbours, and what lies between."""
    random = np.random.default_rng(0)
    ties = (np.arange(220) * 0.05).astype(np.float32)
    beside = [np.nextafter(ties, np.float32(side)) for side in (-1, 20)]
    everywhere = random.uniform(-2, 13, 2000).astype(np.float32)
    values = np.concatenate((ties, *beside, everywhere))
    for pair in values[: len(values) // 4 * 4].reshape(-1, 2, 2):
        highest = np.float32(11) - np.float32(0.1)
        clamped = np.minimum(np.maximum(pair, np.float32(0)), highest)
        found = chosen("kernel cell", within_maps(pair), AT_STEP)
        np.testing.assert_array_equal(found.values, kernel_cells(clamped))


def test_cells_and_how_far_the_others_are():
    found = chosen("kernel cell", within_maps([[5.02, 5.049], [4.0, 30.0]]), AT_STEP)
    assert found.values.tolist() == [[50, 50], [40, 109]]
    np.testing.assert_allclose(found.margins, [[0.03, 0.001], [0.05, 0.05]], atol=2e-6)
    np.testing.assert_allclose(found.inputs, [[5.02, 5.049], [4.0, 10.9]], atol=2e-6)
    assert 0 < found.slack < 1e-5


def test_cells_of_what_is_not_seen():
    found = chosen("kernel cell", within_maps([[1, 1], [2, 2]], (False, True)), AT_STEP)
    assert found.values.tolist() == [[20, 20]]


def test_tied_cells():
    ties = cell_ties(within_maps([[5.05, 5.0], [5.051, 4.949]]), AT_STEP)
    assert ties.tolist() == [[True], [False]]
    assert cell_ties(within_maps([[5.0, 5.05], [np.nan, np.inf]]), AT_STEP).tolist() == [
        [True], [False],
    ]  # fmt: skip


# ---- Clamp ----


def updated(before: float, change: float, after: float) -> StubTeacher:
    prefix = "scale0.nonrigid.0"
    solution = np.zeros(7, np.float32)
    solution[6] = change
    return StubTeacher(
        {
            f"{prefix}.params_local": np.array([before], np.float32),
            f"{prefix}.change": solution,
            f"{prefix}.params_local_out": np.array([after], np.float32),
        }
    )


@pytest.mark.parametrize(
    ("change", "after", "value", "margin"),
    [(1.0, 6.0, 1, 0.0), (2.5, 6.0, 1, 1.5), (0.5, 5.5, 0, 0.5), (-12.0, -6.0, -1, 1.0)],
)
def test_clamps_and_how_far_modes_were_from_their_limit(
    change: float, after: float, value: int, margin: float
):
    found = chosen("clamp", updated(5.0, change, after), AT_NONRIGID)
    assert found.values.tolist() == [value]
    assert found.inputs.tolist() == [5.0 + change]
    assert found.margins.tolist() == [margin]
    assert 0 < found.slack < 1e-5 * LIMIT


def test_rigid_phases_clamp_nothing():
    assert choice("clamp", updated(5.0, 1.0, 6.0), AT_STEP) is None


# ---- Stopping ----


def moving(by: float, **options: Any) -> StubTeacher:
    """Let the second of three rigid iterations move one coordinate."""
    before = np.array(((100.0, 0.0), (0.0, 0.0)), np.float32)
    after = before.copy()
    after[1, 1] = by
    changes = {"scale0.rigid.1.shape": before, "scale0.rigid.2.shape": after}
    return StubTeacher(changes, **options)


def test_the_shape_after_is_that_of_the_next_iteration_or_the_last():
    teacher = moving(1.0)
    assert np.array_equal(
        shape_after(teacher, Step(0, False, 0)), teacher.trace["scale0.rigid.1.shape"]
    )
    assert np.array_equal(
        shape_after(teacher, Step(0, False, 2)), teacher.trace["scale0.nonrigid.0.shape"]
    )
    assert np.array_equal(
        shape_after(teacher, Step(0, True, 1)), teacher.trace["scale1.rigid.0.shape"]
    )
    assert np.array_equal(
        shape_after(teacher, teacher.trace.steps[-1]), teacher.trace["final.landmarks"]
    )


def test_threshold_is_the_fits():
    shape = np.zeros((2, 2), np.float32)
    for factor, stops in ((0.999, True), (1.001, False)):
        moved = shape.copy()
        moved[0, 0] = STOPS_BELOW * factor
        assert nu_rlms.has_converged(shape, moved) is stops


@pytest.mark.parametrize("by", [0.5, 0.0125, 0.0])
def test_stops_and_how_far_they_are_from_going_on(by: float):
    found = chosen("stop", moving(by), AT_STEP)
    assert found.values.tolist() == [1]  # A third iteration was executed.
    assert found.inputs.tolist() == pytest.approx([by])
    assert found.margins.tolist() == pytest.approx([abs(by - 0.01)])
    assert 0 < found.slack < 0.01 * STOPS_BELOW


def test_phases_that_ended():
    assert chosen("stop", StubTeacher(), Moment("iteration", 0, Step(0, True, 1))).values == [0]
    assert choice("stop", StubTeacher(), Moment("iteration", 0, Step(0, False, 2))) is None
    fewer = StubTeacher(settings=FitSettings(max_iterations=2))
    assert choice("stop", fewer, Moment("iteration", 0, Step(0, False, 1))) is None


@pytest.mark.parametrize(("by", "tied"), [(0.01, True), (0.02, False), (0.0, False)])
def test_tied_stops(by: float, tied: bool):
    assert stop_ties(moving(by), AT_STEP).item() is tied


# ---- Faces too small ----


def shrunk(scale: float, **options: Any) -> StubTeacher:
    parameters = np.array((scale, 0, 0, 0, 0, 0), np.float32)
    return StubTeacher({"scale0.nonrigid.1.params_global_out": parameters}, **options)


def test_faces_and_how_far_they_are_from_too_small():
    found = chosen("face size", shrunk(0.375), AT_SCALE)
    assert found.values.tolist() == [0]
    assert (found.inputs.tolist(), found.margins.tolist()) == ([0.375], [0.125])
    ended = shrunk(0.125, iterations={0: (3, 2)})
    assert chosen("face size", ended, AT_SCALE).values.tolist() == [1]


def test_at_the_last_planned_scale_size_does_not_matter():
    assert choice("face size", shrunk(1.0), Moment("scale", 1)) is None
    only = FitSettings(window_sizes=(11, 0))
    assert choice("face size", shrunk(1.0, settings=only), AT_SCALE) is None
