from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from pyclnf.experts.windows import normalised_windows


def window_by_window(area: npt.NDArray, support: int) -> npt.NDArray[np.float32]:
    """Cut out and normalise one window after another, summing one float32 after another."""
    positions = len(area) - support + 1
    windows = np.ones((1 + support**2, positions**2), np.float32)
    for x in range(positions):
        for y in range(positions):
            window = area[y : y + support, x : x + support]
            windows[1:, x * positions + y] = normalised(window)
    return windows


def normalised(window: npt.NDArray) -> npt.NDArray[np.float32]:
    total = np.float32(0)
    for value in window.ravel():  # row by row
        total += value
    free = (window - total / np.float32(window.size)).T.ravel()  # column by column
    squares = np.float32(0)
    for value in free:
        squares += value * value
    norm = np.float32(math.sqrt(squares))
    return np.asarray(free * (np.float32(1) / (norm if norm else np.float32(1))))


def draw(n: int, side: int, seed: int = 0) -> npt.NDArray[np.float32]:
    return (
        np.random.default_rng([n, side, seed]).uniform(0, 255, (n, side, side)).astype(np.float32)
    )


@pytest.mark.parametrize(("support", "positions"), [(11, 3), (11, 4), (3, 7), (1, 3), (2, 5)])
def test_window_by_window(support: int, positions: int):
    areas = draw(2, support + positions - 1)
    windows = normalised_windows(areas, support)
    assert windows.dtype == np.float32
    assert windows.shape == (2, 1 + support**2, positions**2)
    for area, of_area in zip(areas, windows, strict=True):
        np.testing.assert_array_equal(of_area, window_by_window(area, support))


@pytest.mark.parametrize("value", [0, 1, 137, 255])
def test_flat_windows_are_zero(value: int):
    areas = np.full((3, 15, 15), value, np.float32)
    areas[1, 0, 0] += 1
    windows = normalised_windows(areas, 11)
    assert not windows[[0, 2], 1:].any()
    # Only the first window of the second area has the bright pixel.
    np.testing.assert_array_equal(windows[1, 1:].any(axis=0), np.arange(25) == 0)
    np.testing.assert_array_equal(windows[:, 0], 1)


def test_order_of_windows_and_of_their_entries():
    for x, y in [(4, 1), (0, 5), (6, 6), (3, 3)]:
        area = np.zeros((1, 7, 7), np.float32)
        area[0, y, x] = 9
        windows = normalised_windows(area, 3)[0]
        brightest = {tuple(place) for place in np.argwhere(windows[1:] > 0).tolist()}
        expected = {
            (3 * (x - left) + y - top, 5 * left + top)  # both column by column
            for left in range(5)
            for top in range(5)
            if 0 <= x - left < 3 and 0 <= y - top < 3
        }
        assert brightest == expected


def test_mean_is_zero_and_norm_is_one():
    values = normalised_windows(draw(4, 21), 11)[:, 1:].astype(np.float64)
    np.testing.assert_allclose(values.sum(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose((values**2).sum(axis=1), 1, rtol=1e-5)


def test_brightness_and_contrast_do_not_matter():
    grey = np.random.default_rng(3).integers(0, 64, (2, 13, 13)).astype(np.float32)
    one, other = (normalised_windows(areas, 8) for areas in (grey, 2 * grey + 64))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_areas_do_not_depend_on_each_other():
    areas = draw(20, 19)
    together = normalised_windows(areas, 11)
    for n in (0, 6, 19):
        np.testing.assert_array_equal(together[n], normalised_windows(areas[n : n + 1], 11)[0])


def test_areas_are_left_alone():
    areas = draw(2, 13)
    kept = areas.copy()
    normalised_windows(areas, 11)
    np.testing.assert_array_equal(areas, kept)
