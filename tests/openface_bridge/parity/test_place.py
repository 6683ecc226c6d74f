"""Places in words, and occasions in the order of execution."""

from __future__ import annotations

import pytest
from support.traces import tiny_entries

from openface_bridge.parity.place import Moment, Per, Place, moments
from openface_bridge.trace import Step, Trace


def test_places_in_words():
    assert str(Place()) == "start of the fit"
    assert str(Place(0)) == "scale 0"
    assert str(Place(2, landmark=0)) == "scale 2, landmark 0"
    assert str(Place(1, "rigid", 2)) == "scale 1, rigid phase, iteration 2"
    assert str(Place(parameter="tx")) == "tx"
    place = Place.of(Step(0, True, 0), 7)
    assert place == Place(0, "nonrigid", 0, 7)
    assert str(place) == "scale 0, nonrigid phase, iteration 0, landmark 7"


def test_narrowed_down():
    place = Place(1, "rigid", 2, landmark=3)
    assert place.at(landmark=0) == Place(1, "rigid", 2, landmark=0)
    assert place.at(parameter="mode 0") == Place(1, "rigid", 2, parameter="mode 0")
    assert place.at() == Place(1, "rigid", 2)


def test_moments_name_entries_and_places():
    assert Moment("start").name("bbox") == "bbox"
    assert Moment("start").place == Place()
    assert Moment("scale", 1).name("view") == "scale1.view"
    assert Moment("scale", 1).place == Place(1)
    step = Step(1, True, 3)
    assert Moment("iteration", 1, step).name("shape") == "scale1.nonrigid.3.shape"
    assert Moment("iteration", 1, step).place == Place(1, "nonrigid", 3)


@pytest.fixture
def trace() -> Trace:
    """Scales and iterations whose names do not sort as numbers do."""
    return Trace(tiny_entries({0: (11, 1), 10: (1, 0), 2: (1, 2)}))


@pytest.mark.parametrize(
    ("per", "count"), [("start", 1), ("scale", 3), ("iteration", 16), ("end", 1)]
)
def test_every_occasion_once(per: Per, count: int, trace: Trace):
    found = list(moments(trace, per))
    assert len(set(found)) == len(found) == count
    assert all(moment.per == per for moment in found)


def test_order_of_execution(trace: Trace):
    found = [moment for per in ("end", "iteration", "scale", "start")
             for moment in moments(trace, per)]  # fmt: skip
    ordered = sorted(found, key=lambda moment: moment.order)
    names = [moment.name("x") for moment in ordered]
    first = [f"scale0.rigid.{index}.x" for index in range(11)]
    assert names == [
        "x", "scale0.x", *first, "scale0.nonrigid.0.x",
        "scale2.x", "scale2.rigid.0.x", "scale2.nonrigid.0.x", "scale2.nonrigid.1.x",
        "scale10.x", "scale10.rigid.0.x", "x",
    ]  # fmt: skip
    assert [ordered[0].per, ordered[-1].per] == ["start", "end"]
