"""Levels of a picture's pyramid, and the planes that networks look at."""

from __future__ import annotations

import numpy as np
import pytest

from pyclnf.detection.pictures import levels, normalised, to_planes


def test_levels_shrink_to_the_smallest_face():
    found = list(levels(400, 640, 60))
    assert [(level.height, level.width) for level in found] == [
        *((80, 128), (57, 91), (41, 65), (29, 46), (21, 33), (15, 23)),
    ]
    assert found[0].scale == 0.2
    for i, level in enumerate(found):
        assert level.scale == pytest.approx(0.2 * 0.709**i, rel=1e-15)
    assert [len(list(levels(side, 900, 60))) for side in (59, 60, 84, 85)] == [0, 1, 1, 2]


def test_planes_are_red_green_blue():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    planes = to_planes(image)
    assert planes.flags.c_contiguous
    np.testing.assert_array_equal(planes[0], image[:, :, 2])
    np.testing.assert_array_equal(planes[2], image[:, :, 0])
    grey = to_planes(image[:, :, 1])
    assert grey.flags.c_contiguous
    np.testing.assert_array_equal(grey, np.stack([image[:, :, 1]] * 3))


def test_networks_see_grey_values_around_zero():
    found = normalised(np.array([0, 127.5, 255], np.float32))
    assert found.tolist() == [-0.99609375, 0.0, 0.99609375]
