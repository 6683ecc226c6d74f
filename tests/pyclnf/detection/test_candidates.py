"""Boxes on their way through the cascade, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pyclnf.detection import candidates, scores
from pyclnf.detection.candidates import Candidates
from pyclnf.detection.pictures import squares


def some(boxes: list[list[float]], corrections: list[list[float]] | None = None) -> Candidates:
    count = len(boxes)
    return Candidates(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.linspace(0.9, 0.6, count).astype(np.float32),
        np.array([[0.0] * 4] * count if corrections is None else corrections, np.float32),
    )


def test_proposals_come_column_by_column_with_sides_cut_to_whole_px():
    outputs = np.zeros((6, 3, 4), np.float32)
    outputs[0] = 9.0  # not like a face, but for these
    for y, x, score in ((0, 3, 0.75), (2, 1, 0.9), (0, 1, 0.8)):
        outputs[0, y, x] = -math.log(score / (1 - score))
        outputs[2:, y, x] = [y, x, y + 10, x + 10]
    found = candidates.proposed(outputs, 0.2, 0.6)
    # (2 · 1 + 1) / 0.2 and (2 · 1 + 12) / 0.2, in float32
    assert found.boxes.tolist() == [[15, 5, 55, 55], [15, 25, 55, 55], [35, 5, 55, 55]]
    np.testing.assert_allclose(found.scores, [0.8, 0.9, 0.75], rtol=1e-6)
    assert found.corrections[1].tolist() == [2, 1, 12, 11]


@pytest.mark.parametrize("threshold", [0.0, 0.01, 0.5, 0.6, 0.9999999, 1.0])
def test_no_proposal_is_lost(threshold: float):
    differences = np.linspace(-25, 25, 20001).astype(np.float32)
    outputs = np.zeros((6, 1, len(differences)), np.float32)
    outputs[0, 0] = differences
    expected = (scores.scores_of_parts(differences) >= np.float32(threshold)).sum()
    assert len(candidates.proposed(outputs, 0.2, threshold)) == expected > 0


def test_nothing_that_is_no_number_is_a_face():
    outputs = np.full((6, 2, 2), np.nan, np.float32)
    assert len(candidates.proposed(outputs, 0.2, 0.0)) == 0
    boxes = np.ones((2, 4), np.float32)
    assert len(candidates.judged(boxes, np.full((2, 6), np.nan, np.float32), 0.0)) == 0


def test_judgements():
    outputs = np.zeros((3, 8), np.float32)
    outputs[:, 1] = [0.0, 2.0, 1.0]
    outputs[:, 2:6] = np.arange(12).reshape(3, 4)
    boxes = np.arange(12, dtype=np.float32).reshape(3, 4)
    found = candidates.judged(boxes, outputs, 0.7)
    assert found.boxes.tolist() == boxes[1:].tolist()
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp([-2.0, -1.0])), rtol=1e-7)
    assert found.corrections.tolist() == outputs[1:, 2:6].tolist()


def test_corrections_move_sides_in_units_of_the_box():
    given = some([[100, 50, 40, 20]], [[0.25, -0.5, 0.125, 0.75]])
    assert candidates.corrected(given).boxes.tolist() == [[110, 40, 35, 45]]
    # One px wider and higher: 41 x 21
    inclusive = candidates.corrected(given, inclusive=True).boxes[0]
    np.testing.assert_array_equal(inclusive, [110.25, 39.5, 35.875, 47.25])


def test_boxes_are_rounded_before_they_are_corrected():
    assert candidates.corrected(some([[0.5, 1.5, 10.6, 9.4]])).boxes.tolist() == [[0, 2, 11, 9]]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30, 1e6])
def test_corrections_out_of_all_measure_are_dropped(wrong: float):
    given = some([[0, 0, 40, 40], [1, 1, 40, 40]], [[0.0] * 4, [0, wrong, 0, 0]])
    assert candidates.corrected(given).boxes.tolist() == [[0, 0, 40, 40]]


def test_squares_share_the_centre_and_are_cut_to_whole_px():
    given = some([[10.5, 20.25, 30.5, 10.0], [-7.5, -3.5, 5.0, 9.0], [0, 0, -4, -2]])
    # middle: 20.25 + (10 - 30.5) / 2 = 10; -7.5 + (5 - 9) / 2 = -9.5, cut towards zero
    found = candidates.squared(given)
    assert found.boxes.tolist() == [[10, 10, 30, 30], [-9, -3, 9, 9]]
    assert found.scores.tolist() == given.scores[:2].tolist()


def test_networks_look_at_one_px_more():
    boxes = np.array([[0, 10, 30, 30], [-9, -3, 9, 9]], np.float32)
    assert squares(boxes).tolist() == [[-1, 9, 31], [-10, -4, 10]]


def test_boxes_around_landmarks():
    found = candidates.tightened(np.array([[100, 200, 50, 80]], np.float32))
    np.testing.assert_allclose(found, [[99.625, 219.672, 51.615, 62.008]], rtol=1e-6)


def test_nothing_stays_nothing():
    nothing = candidates.joined([])
    for step in (candidates.corrected, candidates.squared):
        assert len(step(nothing)) == 0
    assert candidates.tightened(nothing.boxes).shape == (0, 4)
