from __future__ import annotations

import numpy as np

from pyclnf.validation.normalisation import normalised

RNG = np.random.default_rng(0)
VALUES = (RNG.integers(0, 255 * 1024, 500) / 1024).astype(np.float32)
MEAN = RNG.normal(0, 1, 500).astype(np.float32)
DEVIATION = RNG.uniform(0.5, 2, 500).astype(np.float32)


def test_formula():
    own = (VALUES - VALUES.mean(dtype=np.float64)) / VALUES.std(dtype=np.float64)
    found = normalised(VALUES, MEAN, DEVIATION)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, (own - MEAN) / DEVIATION, atol=1e-6)


def test_brightness_and_contrast_do_not_count():
    darker = VALUES * np.float32(0.25) + np.float32(16)
    expected = normalised(VALUES, MEAN, DEVIATION)
    np.testing.assert_allclose(normalised(darker, MEAN, DEVIATION), expected, atol=1e-5)


def test_one_grey_value():
    for value in (0, 77.5):
        values = np.full(500, value, np.float32)
        np.testing.assert_array_equal(normalised(values, MEAN, DEVIATION), -MEAN / DEVIATION)
