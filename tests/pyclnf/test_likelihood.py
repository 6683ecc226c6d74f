from __future__ import annotations

import math

import numpy as np
import pytest
from support import naive

from pyclnf.likelihood import UNEVALUATED, landmark_likelihoods, log_likelihood

SIZE, COUNT, SIGMA = 7, 12, 1.75
RNG = np.random.default_rng(0)
MAPS = RNG.uniform(0, 2, (COUNT, SIZE, SIZE)).astype(np.float32)
OFFSETS = RNG.uniform(-2, SIZE + 2, (COUNT, 2)).astype(np.float32)
VISIBLE = np.array([True, True, False, True] * 3)


def landmark_by_landmark(sigma: float = SIGMA) -> list[float]:
    return [
        float((response * naive.gaussian(SIZE, dx, dy, sigma)).sum())
        for response, (dx, dy), seen in zip(MAPS, OFFSETS.tolist(), VISIBLE, strict=True)
        if seen
    ]


@pytest.mark.parametrize("sigma", [0.75, SIGMA])
def test_landmark_by_landmark(sigma: float):
    likelihoods = landmark_likelihoods(MAPS, OFFSETS, sigma, VISIBLE)
    # Neither clamped nor snapped: some offsets lie outside the map, all between its cells.
    np.testing.assert_allclose(likelihoods, landmark_by_landmark(sigma), rtol=1e-5)


def test_mean_of_logarithms():
    expected = np.mean([math.log(value + 1e-8) for value in landmark_by_landmark()])
    assert log_likelihood(MAPS, OFFSETS, SIGMA, VISIBLE) == pytest.approx(expected, rel=1e-5)


def test_x_and_y_are_told_apart():
    maps = np.zeros((1, SIZE, SIZE), np.float32)
    maps[0, 1, 5] = 1
    for (dx, dy), squared in [((5, 1), 0), ((1, 5), 32), ((5, 2), 1), ((3, 1), 4)]:
        offsets = np.array([[dx, dy]], np.float32)
        found = landmark_likelihoods(maps, offsets, 1.5, np.array([True]))[0]
        assert found == pytest.approx(math.exp(-squared / 4.5), rel=1e-6)


def test_invisible_landmarks_do_not_matter():
    maps, offsets = MAPS.copy(), OFFSETS.copy()
    maps[~VISIBLE], offsets[~VISIBLE] = np.nan, np.nan
    expected = log_likelihood(MAPS, OFFSETS, SIGMA, VISIBLE)
    assert log_likelihood(maps, offsets, SIGMA, VISIBLE) == expected
    chosen = log_likelihood(MAPS[VISIBLE], OFFSETS[VISIBLE], SIGMA, np.ones(9, np.bool_))
    assert chosen == expected


def test_sums_run_one_after_another():
    likelihoods = landmark_likelihoods(MAPS, OFFSETS, SIGMA, np.ones(COUNT, np.bool_))
    for n in range(COUNT):
        dx, dy = OFFSETS[n]
        total = np.float32(0)
        for k, value in enumerate(MAPS[n].ravel()):
            from_x, from_y = dx - np.float32(k % SIZE), dy - np.float32(k // SIZE)
            squares = from_y * from_y + from_x * from_x
            kernel = np.exp(-0.5 * float(squares) / SIGMA**2)
            total = total + np.float32(float(value) * kernel)
        # NumPy's exponentials of arrays and of numbers may differ in the last bit of a float64.
        assert abs(likelihoods[n] - total) <= np.spacing(total)


def test_maps_that_vanish():
    assert log_likelihood(0 * MAPS, OFFSETS, SIGMA, VISIBLE) == pytest.approx(math.log(1e-8))


def test_a_map_below_zero_has_no_logarithm():
    assert math.isnan(log_likelihood(-MAPS, OFFSETS, SIGMA, VISIBLE))


def test_nothing_visible():
    nothing = np.zeros(COUNT, np.bool_)
    assert landmark_likelihoods(MAPS, OFFSETS, SIGMA, nothing).shape == (0,)
    assert math.isnan(log_likelihood(MAPS, OFFSETS, SIGMA, nothing))


def test_value_before_any_was_computed():
    assert UNEVALUATED == -10
