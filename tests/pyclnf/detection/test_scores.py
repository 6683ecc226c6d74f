"""Scores from outputs."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pyclnf.detection import scores

RECORDED = {
    **{-17.25: 3.2241857e-08, -9.9: 5.0174694e-05, -4.1: 0.016572677, -1.7: 0.18268353},
    **{-0.6: 0.5488116, -0.1: 0.9048373, 0.33: 1.3909682, 2.5: 12.182494},
}
"""By OpenCV 4.6 on a processor with fused multiply-adds."""

DIFFERENCES = np.linspace(-20, 5, 5001).astype(np.float32)


def test_exponentials_of_the_image_library():
    found = scores.image_library_exp(DIFFERENCES)
    exact = np.exp(DIFFERENCES.astype(np.float64))
    np.testing.assert_allclose(found, exact, rtol=1.5e-6)
    # Which last bits they have depends on the library's version, and on what it was built with.
    np.testing.assert_allclose(found, cv2.exp(DIFFERENCES).ravel(), rtol=3e-6)


def test_exponentials_out_of_range():
    found = scores.image_library_exp(np.array([-1e30, -200, 0, 200, 1e30], np.float32))
    assert found.tolist() == [0, 0, 1, np.inf, np.inf]


def test_recorded_exponentials():
    found = scores.image_library_exp(np.array([*RECORDED], np.float32))
    np.testing.assert_array_equal(found, np.array([*RECORDED.values()], np.float32))


def test_scores_fall_from_one_to_zero():
    for score in (scores.scores_of_parts, scores.scores_of_squares):
        found = score(DIFFERENCES)
        assert found.dtype == np.float32
        np.testing.assert_allclose(
            found, 1 / (1 + np.exp(DIFFERENCES.astype(np.float64))), rtol=1.5e-6
        )
        assert score(np.array([-40, 0, 200], np.float32)).tolist() == [1, 0.5, 0]


def test_largest_difference():
    assert scores.largest_difference(0.0) == math.inf
    for threshold in (1e-3, 0.5, 0.6, 0.999, 1.0):
        beyond = np.float32(scores.largest_difference(threshold))
        beyond = np.nextafter(beyond, np.float32(np.inf))
        assert scores.scores_of_parts(beyond[None])[0] < np.float32(threshold)
