from __future__ import annotations

import numpy as np

from pyclnf.extent import extent_of


def test_the_box_around_landmarks():
    landmarks = np.array(((3, 9), (-1.5, 4), (2, 20.25)), np.float32)
    extent = extent_of(landmarks)
    assert extent.dtype == np.float32
    assert extent.tolist() == [-1.5, 4, 4.5, 16.25]
