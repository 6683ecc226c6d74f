"""Measuring one difference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from openface_bridge.parity.difference import Difference, Place, largest, ulps

from openface_bridge.trace import Step

HERE = Place(1, "rigid", 2)
NAN, INF = np.nan, np.inf


def test_places_in_words():
    assert str(Place()) == "start of the fit"
    assert str(Place(0)) == "scale 0"
    assert str(Place(2, landmark=0)) == "scale 2, landmark 0"
    assert str(HERE) == "scale 1, rigid phase, iteration 2"
    place = Place.of(Step(0, True, 0), 7)
    assert place == Place(0, "nonrigid", 0, 7)
    assert str(place) == "scale 0, nonrigid phase, iteration 0, landmark 7"


def test_equal_arrays():
    array = np.array([1.0, -2.5, NAN, INF, -INF], np.float32)
    assert largest(array.copy(), array, HERE) == Difference(0.0, HERE, equal=True)
    assert ulps(array[:2].copy(), array[:2], HERE) == Difference(0.0, HERE, equal=True)


def test_the_largest_counts():
    found = largest(np.array([1.0, 5.0, 2.5]), np.array([1.5, 2.0, 2.5]), HERE, 4.0)
    assert found == Difference(0.75, HERE, equal=False)


@pytest.mark.parametrize(
    ("candidate", "reference"),
    [([NAN, 1], [1, 1]), ([1, 1], [NAN, 1]), ([INF, 1], [1, 1]), ([INF, 1], [-INF, 1]),
     ([NAN, 1], [INF, 1])],
)  # fmt: skip
def test_what_is_not_finite_in_one_alone_is_infinitely_wrong(
    candidate: list[float], reference: list[float]
):
    found = largest(np.array(candidate, np.float32), np.array(reference, np.float32), HERE)
    assert found == Difference(INF, HERE, equal=False)


def test_what_is_not_finite_in_both_hides_nothing():
    candidate, reference = np.array([NAN, INF, 3.0]), np.array([NAN, INF, 1.0])
    assert largest(candidate, reference, HERE).error == 2.0


@pytest.mark.parametrize("scale", [0.0, NAN, INF])
def test_senseless_scales(scale: float):
    same, other = np.ones(2), np.array([1.0, 2.0])
    assert largest(same, same.copy(), HERE, scale) == Difference(0.0, HERE, equal=True)
    found = largest(other, same, HERE, scale)
    assert not found.equal
    assert not math.isnan(found.error)
    assert scale == INF or found.error == INF


def test_other_shapes():
    assert largest(np.zeros((2, 2)), np.zeros(4), HERE) == Difference(INF, HERE, equal=False)
    assert largest(np.zeros(0), np.zeros(0), HERE) == Difference(0.0, HERE, equal=True)
    assert largest(np.zeros((0, 2)), np.zeros((3, 2)), HERE).error == INF


def test_whole_numbers_and_scalars():
    assert largest(np.array(3), np.array(1, np.int32), HERE) == Difference(2.0, HERE, equal=False)
    assert largest(np.array(1), np.array(1, np.int32), HERE).equal


@pytest.mark.parametrize("value", [9.0, NAN])
def test_the_worst_landmark_is_named(value: float):
    reference = np.zeros((5, 2, 3), np.float32)
    candidate = reference.copy()
    candidate[1, 0, 0] = 1.0
    candidate[3, 1, 2] = value
    found = largest(candidate, reference, HERE, per_landmark=True)
    assert found.place == Place(1, "rigid", 2, landmark=3)
    assert largest(candidate, reference, HERE).place == HERE


def test_of_equally_bad_landmarks_the_first():
    candidate = np.array([[0, 0], [2, 0], [0, -2], [1, 1]])
    found = largest(candidate, np.zeros((4, 2)), Place(), per_landmark=True)
    assert found.place.landmark == 1


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("count", [1, 3])
def test_units_in_the_last_place(sign: int, count: int):
    reference = np.array([100.0, -0.5], np.float32) * sign
    candidate = reference.copy()
    for _ in range(count):
        candidate[0] = np.nextafter(candidate[0], np.float32(200 * sign))
    assert ulps(candidate, reference, HERE) == Difference(float(count), HERE, equal=False)
    # Small elements count in units of the largest.
    small = reference + np.array([0, np.spacing(np.float32(100))], np.float32)
    assert ulps(small, reference, HERE).error == 1.0


def test_units_of_zero_are_tiny():
    zero = np.zeros(2, np.float32)
    assert ulps(zero, zero.copy(), HERE).equal
    assert ulps(zero + np.float32(1e-30), zero, HERE).error > 1e10


@pytest.mark.parametrize("value", [NAN, INF])
def test_units_of_what_is_not_finite(value: float):
    reference = np.array([value, 1.0], np.float32)
    assert ulps(reference.copy(), reference, HERE) == Difference(0.0, HERE, equal=True)
    assert ulps(np.ones(2, np.float32), reference, HERE).error == INF
