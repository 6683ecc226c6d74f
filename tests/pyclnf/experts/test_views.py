from __future__ import annotations

import numpy as np
import pytest

from pyclnf.experts.views import nearest_view, view_distances

CENTERS = np.radians([[0, 0, 0], [0, -30, 0], [0, 30, 0], [0, 70, 0], [20, 0, 0], [0, 0, 40]])


@pytest.mark.parametrize(
    ("degrees", "view"),
    [
        ((0, 0, 0), 0),
        ((2, -14, 3), 0),
        ((2, -16, 3), 1),
        ((0, 16, 0), 2),
        ((0, 49, 0), 2),
        ((0, 51, 0), 3),
        ((15, 5, 0), 4),
        ((0, 0, 21), 5),
        ((-170, 0, 0), 0),
    ],
)
def test_the_nearest_one(degrees: tuple[float, float, float], view: int):
    assert nearest_view(CENTERS, np.radians(degrees).astype(np.float32)) == view


def test_the_first_of_equals():
    twice = np.concatenate([CENTERS[1:3], CENTERS[1:3]])
    assert nearest_view(twice, np.zeros(3, np.float32)) == 0
    assert nearest_view(twice[::-1], np.radians([0, 29, 0]).astype(np.float32)) == 0


def test_distances():
    euler = np.array([0.1, -0.4, 0.2], np.float32)
    distances = view_distances(CENTERS, euler)
    assert distances.dtype == np.float32
    expected = ((euler.astype(np.float64) - CENTERS) ** 2).sum(axis=1)
    np.testing.assert_allclose(distances, expected, rtol=1e-6)
