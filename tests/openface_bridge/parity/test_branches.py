"""Where two free runs decide differently: which decision comes first, and what excuses it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.comparing import changed
from support.stub_teacher import StubTeacher

from openface_bridge.parity.branches import Branch, first_branch
from openface_bridge.parity.place import Place
from openface_bridge.parity.run import Comparison
from openface_bridge.reference import Case
from pyclnf.experts import views

CENTERS = np.array(((0.0, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, -2.0, 0.0)))


def facing(ry: float, view: int | None = None) -> StubTeacher:
    """A first scale's pose, and the view chosen for it: the nearest if None."""
    parameters = np.array((1, 0, ry, 0, 0, 0), np.float32)
    nearest = views.nearest_view(CENTERS, parameters[1:4])
    chosen = np.array(nearest if view is None else view, np.int32)
    changes = {"scale0.rigid.0.params_global": parameters, "scale0.view": chosen}
    return StubTeacher(changes, centers=CENTERS)


def found(reference: StubTeacher, candidate: StubTeacher) -> Branch:
    branch = first_branch(reference, candidate)
    assert branch is not None
    return branch


def test_fits_that_decide_alike():
    assert first_branch(facing(0.1), facing(0.1001)) is None
    assert first_branch(StubTeacher(), StubTeacher()) is None


def test_views_that_rounding_can_have_chosen():
    """However far the views are that neither engine has chosen."""
    branch = found(facing(0.25 - 1e-6), facing(0.25 + 2e-6))
    assert (branch.decision, branch.stage, branch.place) == ("view", "view", Place(0))
    assert branch.count == 1
    assert branch.margin == pytest.approx(1e-6, rel=0.05)
    assert branch.moved == pytest.approx(3e-6, rel=0.5)
    assert branch.drift_px == 0
    assert branch.excused(0.005)


@pytest.mark.parametrize("view", [1, 2])
def test_views_that_it_cannot(view: int):
    branch = found(facing(0.125), facing(0.125, view))
    assert not branch.excused(0.005)
    assert branch.margin == pytest.approx({1: 0.125, 2: 1.0}[view], rel=1e-5)


def test_another_view_than_the_one_that_rounding_can_have_chosen():
    assert not found(facing(0.25 - 1e-6), facing(0.25 + 1e-6, 2)).excused(0.005)


@pytest.mark.parametrize(
    ("margin", "moved", "drift", "excused"),
    [
        (0.1, 0.1, 0.005, True),
        (0.1, 0.0999, 0.0, False),
        (0.0, 0.1, 0.0051, False),
        (0.0, 0.0, 0.0, True),
        (0.0, np.nan, 0.0, False),
        (0.0, 1.0, np.inf, False),
    ],
)
def test_excuses(margin: float, moved: float, drift: float, excused: bool):
    branch = Branch("view", "view", Place(0), margin, moved, drift, "radians", 1)
    assert branch.excused(0.005) is excused


def cells(offset: float, shape_x: float = 1.0) -> dict[str, Any]:
    prefix = "scale0.rigid.1"
    shape = np.array(((shape_x, 2), (3, 4)), np.float32)
    return {
        f"{prefix}.offset_x": np.array((offset, 1.02), np.float32),
        f"{prefix}.offset_y": np.array((1.0, 1.0), np.float32),
        f"{prefix}.shape": shape,
    }


def test_cells_and_how_far_shapes_had_drifted_apart():
    branch = found(StubTeacher(cells(0.949)), StubTeacher(cells(0.951, 1.25)))
    assert (branch.decision, branch.stage) == ("kernel cell", "mean shift")
    assert branch.place == Place(0, "rigid", 1)
    assert branch.margin == pytest.approx(0.001, abs=1e-6)
    assert branch.moved == pytest.approx(0.002, abs=3e-6)
    assert (branch.unit, branch.count, branch.drift_px) == ("map px", 1, 0.25)
    assert branch.excused(0.25)
    assert not branch.excused(0.24)


def test_the_hardest_of_several_decisions_counts():
    """One that just crosses a cell's border, not one that lies well beyond."""
    theirs, ours = cells(0.949), cells(0.951)
    prefix = "scale0.rigid.1.offset_y"
    theirs[prefix] = np.array((1.0, 1.01), np.float32)
    ours[prefix] = np.array((1.0, 1.0501), np.float32)
    branch = found(StubTeacher(theirs), StubTeacher(ours))
    assert branch.count == 2
    assert branch.margin == pytest.approx(0.04, abs=1e-6)
    assert branch.moved == pytest.approx(0.0401, abs=3e-6)


def test_the_first_decision_counts():
    theirs, ours = cells(0.949), cells(0.951)
    view = {"scale1.view": np.array(1, np.int32)}
    both = StubTeacher({**ours, **view}, centers=CENTERS)
    assert found(StubTeacher(theirs, centers=CENTERS), both).decision == "kernel cell"
    view = {"scale0.view": np.array(1, np.int32)}
    both = StubTeacher({**ours, **view}, centers=CENTERS)
    assert found(StubTeacher(theirs, centers=CENTERS), both).decision == "view"


def test_fits_that_end_early():
    """Wherever one has not got to, nothing is decided differently."""
    short = StubTeacher(iterations={0: (3, 2)})
    branch = found(StubTeacher(), short)
    assert (branch.decision, branch.place) == ("face size", Place(0))
    assert not branch.excused(1.0)
    assert found(short, StubTeacher()).decision == "face size"
    fewer = StubTeacher(iterations={0: (2, 2), 1: (2, 1)})
    for pair in ((StubTeacher(), fewer), (fewer, StubTeacher())):
        assert found(*pair).decision == "stop"
        assert found(*pair).place == Place(0, "rigid", 1)


@pytest.mark.parametrize(
    "name", ["scale0.rigid.0.params_global", "scale0.rigid.1.offset_x", "scale0.rigid.1.shape"]
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_excuses_nothing(name: str, value: float):
    teacher = StubTeacher(centers=CENTERS)
    lost = changed(teacher.trace, name, value, 1)
    other = StubTeacher(lost.entries, centers=CENTERS)
    for pair in ((teacher, other), (other, teacher)):
        branch = first_branch(*pair)
        assert branch is None or not branch.excused(1e9)


def test_branches_of_real_fits(comparisons: dict[Case, Comparison]):
    """For a backend that rounds once, some samples fall on the other side."""
    for comparison in comparisons.values():
        branch = comparison.branch
        assert branch is not None
        assert (branch.decision, branch.place) == ("sample position", Place(1))
        assert 0 < branch.margin <= branch.moved < 1e-3
        assert branch.drift_px < 1e-3
        assert branch.excused(comparison.floor.limit_px)
