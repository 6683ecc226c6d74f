"""Non-maximum suppression against the plainest implementation, and its properties."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pyclnf.detection.suppression import suppress

COORDINATES = st.integers(0, 160).map(lambda n: n / 4)
BOXES = st.integers(0, 25).flatmap(lambda n: arrays(np.float32, (n, 4), elements=COORDINATES))
SCORES = (0.5, 0.625, 0.75, 1.0)


def overlap(a: list[int], b: list[int], of_smaller: bool) -> Fraction:
    sides = [max(0, min(a[i] + a[i + 2], b[i] + b[i + 2]) - max(a[i], b[i])) for i in (0, 1)]
    areas = [box[2] * box[3] for box in (a, b)]
    shared = sides[0] * sides[1]
    whole = min(areas) if of_smaller else sum(areas) - shared
    return Fraction(shared, whole) if whole else Fraction(0)


def naive(boxes: np.ndarray, scores: np.ndarray, most: float, of_smaller: bool) -> list[int]:
    whole = [[round(float(value)) for value in box] for box in boxes]
    stay: list[int] = []
    for i in sorted(range(len(whole)), key=lambda i: (scores[i], i), reverse=True):
        if all(overlap(whole[i], whole[j], of_smaller) <= Fraction(most) for j in stay):
            stay.append(i)
    return stay


@given(
    boxes=BOXES, data=st.data(), most=st.sampled_from([0.0, 0.5, 0.75]), of_smaller=st.booleans()
)
def test_the_plainest_implementation_agrees(
    boxes: np.ndarray, data: st.DataObject, most: float, of_smaller: bool
):
    scores = data.draw(arrays(np.float32, len(boxes), elements=st.sampled_from(SCORES)))
    found = suppress(boxes, scores, most, of_smaller=of_smaller)
    assert found.tolist() == naive(boxes, scores, most, of_smaller)


@given(boxes=BOXES, of_smaller=st.booleans())
def test_what_stays_does_not_overlap_and_what_goes_does(boxes: np.ndarray, of_smaller: bool):
    scores = np.linspace(0, 1, len(boxes)).astype(np.float32)
    stay = suppress(boxes, scores, 0.5, of_smaller=of_smaller)
    assert (np.diff(scores[stay]) < 0).all()
    np.testing.assert_array_equal(
        suppress(boxes[stay], scores[stay], 0.5, of_smaller=of_smaller), np.arange(len(stay))
    )
    for gone in set(range(len(boxes))) - set(stay.tolist()):
        better = [i for i in stay if scores[i] > scores[gone]]
        assert len(suppress(boxes[[*better, gone]], scores[[*better, gone]], 0.5)) or of_smaller


def test_among_equals_the_last_one_stays():
    boxes = np.tile(np.array([[1, 2, 30, 40]], np.float32), (3, 1))
    assert suppress(boxes, np.full(3, 0.75, np.float32), 0.5).tolist() == [2]


def test_boxes_are_rounded_halves_to_even():
    # 2.5 becomes 2: an overlap of 2 x 2 in 2 x 4, exactly the limit, which both may have.
    boxes = np.array([[0, 0, 2.5, 2], [0, 0, 4.5, 2]], np.float32)
    assert len(suppress(boxes, np.array([0.5, 1], np.float32), 0.5)) == 2


@pytest.mark.parametrize("of_smaller", [False, True])
def test_boxes_without_area_harm_nobody(of_smaller: bool):
    boxes = np.array([[5, 5, 0, 0], [5, 5, 0, 9], [0, 0, 20, 20]], np.float32)
    scores = np.array([1, 0.75, 0.5], np.float32)
    assert suppress(boxes, scores, 0.5, of_smaller=of_smaller).tolist() == [0, 1, 2]


def test_no_boxes():
    assert suppress(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.5).shape == (0,)
