"""What is packed can be unpacked, as near as its bits allow."""

from __future__ import annotations

import base64

import numpy as np

from openface_bridge.report.packing import floats, levels, signed_levels, thousandths

RNG = np.random.default_rng(7)


def unpacked(text: str, kind: str):
    return np.frombuffer(base64.b64decode(text), kind)


def test_floats():
    values = np.array([[1.5, np.nan], [np.inf, 1e300]])
    found = unpacked(floats(values), "<f4")
    np.testing.assert_array_equal(found, [1.5, np.nan, np.nan, np.nan])


def test_thousandths():
    values = np.array([0.0, 1.2344, -32.0, np.nan, np.inf, 33.0])
    found = unpacked(thousandths(values), "<i2")
    np.testing.assert_array_equal(found, [0, 1234, -32000, -32768, -32768, -32768])


def test_levels():
    maps = RNG.random((5, 4, 4)).astype(np.float32) * np.array([1, 10, 0, 1, 1])[:, None, None]
    maps[4, 0, 0] = np.nan
    packed, low, high = levels(maps)
    found = unpacked(packed, "u1").reshape(maps.shape) / 255
    restored = low[:, None, None] + found * (high - low)[:, None, None]
    np.testing.assert_allclose(restored[:4], maps[:4], atol=10 / 255 / 2 + 1e-6)
    assert (low[4], high[4]) == (0, 0)


def test_signed_levels():
    maps = RNG.normal(size=(4, 3, 3))
    maps[2] = 0
    maps[3, 1, 1] = np.inf
    packed, largest = signed_levels(maps)
    found = unpacked(packed, "i1").reshape(maps.shape) / 127
    np.testing.assert_allclose(found[:3] * largest[:3, None, None], maps[:3], atol=0.02)
    assert np.abs(found[:2]).max(axis=(1, 2)).tolist() == [1, 1]
    assert largest[2] == 0
    assert np.isinf(largest[3])
    assert not found[3].any()
