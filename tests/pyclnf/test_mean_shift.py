from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import naive

from pyclnf.mean_shift import KernelTable, kernel_cells, map_offsets, mean_shifts

Float32 = npt.NDArray[np.float32]
SIZE, SIGMA = 7, 1.75
TABLE = KernelTable.build(SIZE, SIGMA)
TOLERANCE = 1e-5
"""Of map px. Sums of 49 terms lose up to 49 · 2**-24 of positions of up to 6 px."""


def draw_maps(count: int, seed: int = 0) -> Float32:
    rng = np.random.default_rng([count, seed])
    return rng.uniform(0, 1, (count, SIZE, SIZE)).astype(np.float32) ** 3


def draw_offsets(count: int, low: float = -2, high: float = SIZE + 2) -> Float32:
    rng = np.random.default_rng([count, 1])
    return rng.uniform(low, high, (count, 2)).astype(np.float32)


def everything(count: int) -> npt.NDArray[np.bool_]:
    return np.ones(count, np.bool_)


def snapped(value: float) -> float:
    """Return the nearest multiple of 0.1, half up."""
    return math.floor(10 * value + 0.5) / 10


def one_by_one(response: npt.NDArray, offset: npt.NDArray, sigma: float = SIGMA) -> npt.NDArray:
    """Return a landmark's mean shift, cell by cell of its map."""
    size = len(response)
    dx, dy = (min(max(float(value), 0.0), size - 0.1) for value in offset)
    weights = response * naive.gaussian(size, snapped(dx), snapped(dy), sigma)
    total = sum_x = sum_y = 0.0
    for row in range(size):
        for column in range(size):
            total += weights[row, column]
            sum_x += column * weights[row, column]
            sum_y += row * weights[row, column]
    return np.array([sum_x / total - dx, sum_y / total - dy])


@pytest.mark.parametrize("size", [3, 7, 11])
@pytest.mark.parametrize("sigma", [0.75, 1.75])
def test_cell_by_cell(size: int, sigma: float):
    rng = np.random.default_rng(size)
    maps = rng.uniform(0, 1, (40, size, size)).astype(np.float32)
    offsets = rng.uniform(-1, size + 1, (40, 2)).astype(np.float32)
    shifts = mean_shifts(maps, offsets, KernelTable.build(size, sigma), everything(40))
    assert shifts.dtype == np.float32
    for shift, response, offset in zip(shifts, maps, offsets, strict=True):
        expected = one_by_one(response, offset, sigma)
        np.testing.assert_allclose(shift, expected, atol=2 * TOLERANCE)


def test_a_lone_peak_pulls_to_itself_from_the_unsnapped_offset():
    maps = np.zeros((5, SIZE, SIZE), np.float32)
    maps[:, 1, 4] = 3  # x = 4, y = 1
    offsets = np.array([[2.037, 3.961], [4, 1], [0.04, 0], [-3, 20], [6.95, 0.49]], np.float32)
    shifts = mean_shifts(maps, offsets, TABLE, everything(5))
    clamped = np.clip(offsets, 0, np.float32(SIZE) - np.float32(0.1))
    np.testing.assert_array_equal(shifts, np.array([4, 1], np.float32) - clamped)


def test_kernels_are_taken_at_the_snapped_offset():
    maps = np.ones((2, SIZE, SIZE), np.float32)
    # Both lie in the cell around (3.1, 2.9), and so are pulled to the same place.
    offsets = np.array([[3.06, 2.94], [3.14, 2.86]], np.float32)
    shifts = mean_shifts(maps, offsets, TABLE, everything(2))
    means = shifts + offsets
    np.testing.assert_allclose(means[0], means[1], atol=1e-6)
    nearby = mean_shifts(maps[:1], np.array([[3.16, 2.94]], np.float32), TABLE, everything(1))
    assert abs(nearby[0, 0] + 3.16 - means[0, 0]) > 0.01


def test_kernels_belong_to_x_and_y():
    # A ridge along y at x = 1 and one along x at y = 5.
    maps = np.zeros((2, SIZE, SIZE), np.float32)
    maps[0, :, 1] = 1
    maps[1, 5, :] = 1
    offsets = np.array([[4, 2], [4, 2]], np.float32)
    shifts = mean_shifts(maps, offsets, TABLE, everything(2))
    np.testing.assert_allclose(shifts[:, 0] + 4, [1, one_by_one(maps[1], offsets[1])[0] + 4])
    assert shifts[0, 0] == -3
    assert abs(shifts[0, 1]) < 0.5
    assert shifts[1, 1] == 3
    assert abs(shifts[1, 0]) < 0.5


@given(st.floats(-0.5, SIZE + 0.5, width=32), st.floats(-0.5, SIZE + 0.5, width=32))
def test_anywhere(dx: float, dy: float):
    # Where float32 division may round up to the next cell, either cell would do.
    if any(abs(Fraction(10 * value) % 1 - Fraction(1, 2)) < 1e-5 for value in (dx, dy)):
        return
    maps, offsets = draw_maps(1), np.array([[dx, dy]], np.float32)
    (shift,) = mean_shifts(maps, offsets, TABLE, everything(1))
    np.testing.assert_allclose(shift, one_by_one(maps[0], offsets[0]), atol=TOLERANCE)


# ---- Snapping ----


@pytest.mark.parametrize(
    ("offset", "cell"),
    [
        (0, 0),
        (0.049, 0),
        (0.051, 1),
        (0.1, 1),
        (0.149, 1),
        (1.0, 10),
        (3.249, 32),
        (3.251, 33),
        (6.9, 69),
        # Halfway goes up, from even cells as from odd ones.
        (0.05, 1),
        (0.25, 3),
        (0.75, 8),
        (1.25, 13),
        (5.25, 53),
        (6.75, 68),
    ],
)
def test_nearest_cell_half_up(offset: float, cell: int):
    cells = kernel_cells(np.array([[offset, 0], [0, offset]], np.float32))
    np.testing.assert_array_equal(cells, [[cell, 0], [0, cell]])


def test_cells_stay_in_the_table():
    highest = np.float32(SIZE) - np.float32(0.1)
    assert kernel_cells(np.array([[highest, highest]]))[0].tolist() == [69, 69]


def test_offsets_are_clamped():
    maps = draw_maps(4)
    offsets = np.array([[-9, 3], [20, 3], [3, -0.01], [3, 1e30]], np.float32)
    inside = np.array([[0, 3], [6.9, 3], [3, 0], [3, 6.9]], np.float32)
    shifts = mean_shifts(maps, offsets, TABLE, everything(4))
    np.testing.assert_allclose(
        shifts, mean_shifts(maps, inside, TABLE, everything(4)), atol=TOLERANCE
    )


@pytest.mark.parametrize("size", [3, 11])
def test_every_kernel_of_the_table(size: int):
    sigma = 1.25
    table = KernelTable.build(size, sigma)
    assert table.kernels.shape == ((10 * size) ** 2, size**2)
    assert table.kernels.dtype == np.float32
    for cell_x, cell_y in [(0, 0), (3, 17), (17, 3), (10 * size - 1, 4), (12, 10 * size - 1)]:
        kernel = table.kernels[cell_x * 10 * size + cell_y].reshape(size, size)
        expected = naive.gaussian(size, cell_x / 10, cell_y / 10, sigma)
        # An exponent of size d²/2σ² is rounded a few times.
        exponents = -np.log(expected)
        np.testing.assert_array_less(abs(kernel / expected - 1), 2.0**-21 * (1 + exponents))


# ---- Visibility, and what cannot be summed ----


def test_invisible_landmarks_do_not_move_and_do_not_matter():
    maps, offsets = draw_maps(12), draw_offsets(12)
    visible = np.array([True, False, True, True] * 3)
    shifts = mean_shifts(maps, offsets, TABLE, visible)
    np.testing.assert_array_equal(shifts[~visible], 0)
    expected = mean_shifts(maps, offsets, TABLE, everything(12))
    np.testing.assert_array_equal(shifts[visible], expected[visible])
    maps[~visible] = np.nan
    np.testing.assert_array_equal(mean_shifts(maps, offsets, TABLE, visible), shifts)


def test_nothing_visible():
    shifts = mean_shifts(draw_maps(3), draw_offsets(3), TABLE, np.zeros(3, np.bool_))
    np.testing.assert_array_equal(shifts, np.zeros((3, 2)))


def test_a_map_that_vanishes_has_no_mean():
    maps = draw_maps(3)
    maps[1] = 0
    shifts = mean_shifts(maps, draw_offsets(3), TABLE, everything(3))
    assert np.isnan(shifts[1]).all()
    assert np.isfinite(shifts[[0, 2]]).all()


def test_a_map_that_vanishes_under_its_kernel_has_no_mean():
    maps = np.zeros((1, SIZE, SIZE), np.float32)
    maps[0, 6, 6] = 1
    narrow = KernelTable.build(SIZE, 0.1)
    offsets = np.array([[0.5, 0.5]], np.float32)
    assert np.isnan(mean_shifts(maps, offsets, narrow, everything(1))).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_offsets_that_are_not_finite(value: float):
    offsets = np.array([[value, 3], [3, value], [2, 2]], np.float32)
    shifts = mean_shifts(draw_maps(3), offsets, TABLE, everything(3))
    assert np.isnan(shifts[[0, 1], [0, 1]]).all() == np.isnan(value)
    np.testing.assert_allclose(shifts[2], one_by_one(draw_maps(3)[2], offsets[2]), atol=TOLERANCE)


# ---- Order of sums ----


@pytest.mark.parametrize("shape", [(3, 121, 68), (3, 49, 2), (121, 17, 49), (9, 3, 5), (25, 7)])
def test_reducing_an_outer_axis_adds_one_after_another(shape: tuple[int, ...]):
    terms = np.random.default_rng(shape).uniform(0, 1, shape).astype(np.float32)
    axis = 1 if len(shape) == 3 and shape[0] == 3 else 0
    running = np.add.accumulate(terms, axis=axis).take(-1, axis=axis)
    np.testing.assert_array_equal(np.add.reduce(terms, axis=axis), running)
    one_by_one = np.zeros(running.shape, np.float32)
    for part in np.moveaxis(terms, axis, 0):
        one_by_one += part
    np.testing.assert_array_equal(one_by_one, running)


def test_sums_run_through_a_map_in_its_order():
    maps, offsets = draw_maps(30), draw_offsets(30, 0, SIZE - 1)
    shifts = mean_shifts(maps, offsets, TABLE, everything(30))
    for n in range(30):
        cell_x, cell_y = kernel_cells(offsets[n : n + 1])[0]
        weights = maps[n].ravel() * TABLE.kernels[cell_x * 10 * SIZE + cell_y]
        total = sum_x = sum_y = np.float32(0)
        for k, weight in enumerate(weights):
            total = total + weight
            sum_x = sum_x + weight * np.float32(k % SIZE)
            sum_y = sum_y + weight * np.float32(k // SIZE)
        expected = np.array([sum_x / total, sum_y / total]) - offsets[n]
        np.testing.assert_array_equal(shifts[n], expected)


def test_landmarks_do_not_depend_on_each_other():
    maps, offsets = draw_maps(30), draw_offsets(30)
    together = mean_shifts(maps, offsets, TABLE, everything(30))
    for n in range(30):
        alone = mean_shifts(maps[n : n + 1], offsets[n : n + 1], TABLE, everything(1))
        np.testing.assert_array_equal(alone[0], together[n])


# ---- Offsets ----


def test_offsets_are_turned_into_the_map():
    base = np.array([[100, 50], [30, 60]], np.float32)
    to_reference = np.array([[0, -0.25], [0.25, 0]], np.float32)
    moved = base + np.array([[4, 0], [0, 8]], np.float32)
    offsets = map_offsets(moved, base, to_reference, 11)
    np.testing.assert_array_equal(offsets, [[5, 6], [3, 5]])
    np.testing.assert_array_equal(map_offsets(base, base, to_reference, 7), [[3, 3], [3, 3]])
