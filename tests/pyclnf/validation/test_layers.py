"""Layers against loops that take the definition at its word."""

from __future__ import annotations

import numpy as np
import pytest
from support.validators import network

from pyclnf.model.layers import Connection, Convolution
from pyclnf.typing import Float32Array
from pyclnf.validation import convolution
from pyclnf.validation.convolution import Convolve
from pyclnf.validation.network import Network, connected, pooled, rectified, sigmoid

SIZES = [
    # maps, kernels, kernel's height and width, map's height and width
    (1, 1, 1, 1, 1, 1),
    (1, 10, 3, 4, 9, 8),
    (3, 7, 2, 5, 7, 7),
    (2, 5, 4, 4, 4, 4),
    (10, 10, 6, 6, 11, 9),  # 361 terms: two groups
    (1, 21, 3, 3, 8, 9),  # sums in the even-odd order in whole strips
]


def random_case(size: tuple[int, ...]) -> tuple[Convolution, Float32Array]:
    maps, kernels, h, w, height, width = size
    rng = np.random.default_rng(size)
    layer = Convolution(
        rng.normal(0, 1, (kernels, maps, h, w)).astype(np.float32),
        rng.normal(0, 1, kernels).astype(np.float32),
    )
    return layer, rng.normal(0, 1, (maps, height, width)).astype(np.float32)


def naive_convolution(layer: Convolution, maps: Float32Array) -> Float32Array:
    n_kernels, n_maps, h, w = layer.kernels.shape
    _, height, width = maps.shape
    found = np.zeros((n_kernels, height - h + 1, width - w + 1))
    for k, y, x in np.ndindex(*found.shape):
        found[k, y, x] = layer.biases[k]
        for m, i, j in np.ndindex(n_maps, h, w):
            weight = float(layer.kernels[k, m, i, j])
            found[k, y, x] += weight * float(maps[m, y + i, x + j])
    return found


@pytest.mark.parametrize("size", SIZES)
def test_convolution_rounded_once(size: tuple[int, ...]):
    layer, maps = random_case(size)
    expected = naive_convolution(layer, maps)
    found = convolution.rounded_once(layer)(maps)
    assert found.dtype == np.float32
    # Half a last place, and what cancels in float64.
    np.testing.assert_allclose(found, expected, rtol=6.1e-8, atol=1e-13)


@pytest.mark.parametrize("size", SIZES)
def test_convolution_in_the_reference_order(size: tuple[int, ...]):
    layer, maps = random_case(size)
    expected = naive_convolution(layer, maps)
    found = convolution.in_reference_order(layer)(maps)
    assert found.dtype == np.float32
    terms = layer.kernels[0].size + 1
    largest = np.abs(layer.kernels).max() * np.abs(maps).max()
    np.testing.assert_allclose(found, expected, atol=terms * largest * 6e-8)


def test_the_first_sum_is_a_running_one():
    # 1e8 + 1 - 1e8 is 0 if it is added in this order, the bias at last.
    layer = Convolution(
        np.array([[[[1e8, 1.0], [0.0, -1e8]]]], np.float32), np.array([0.25], np.float32)
    )
    maps = np.ones((1, 2, 2), np.float32)
    # Column by column: 1e8, 0, 1, -1e8, bias.
    assert convolution.in_reference_order(layer)(maps).item() == 0.25
    assert convolution.rounded_once(layer)(maps).item() == 1.25


@pytest.mark.parametrize("shape", [(1, 2, 2), (3, 5, 4), (2, 4, 7), (1, 3, 3)])
def test_pooling(shape: tuple[int, int, int]):
    maps = np.random.default_rng(shape).normal(0, 1, shape).astype(np.float32)
    n, height, width = shape
    found = pooled(maps)
    assert found.shape == (n, -(-height // 2), -(-width // 2))
    for m, y, x in np.ndindex(*found.shape):
        assert found[m, y, x] == maps[m, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].max()


def test_rectifier_and_sigmoid():
    values = np.array([-2, -0.0, 0, 3, 200, -200], np.float32)
    np.testing.assert_array_equal(rectified(values), [0, 0, 0, 3, 200, 0])
    expected = 1 / (1 + np.exp(-values.astype(np.float64)))
    np.testing.assert_allclose(sigmoid(values), expected, rtol=1e-7, atol=1e-45)


def test_connected_takes_each_map_column_by_column():
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 1, (3, 2, 4)).astype(np.float32)
    layer = Connection(
        rng.normal(0, 1, (24, 5)).astype(np.float32), rng.normal(0, 1, 5).astype(np.float32)
    )
    flat = [maps[m, y, x] for m in range(3) for x in range(4) for y in range(2)]
    expected = layer.weights.T.astype(np.float64) @ np.array(flat, np.float64) + layer.biases
    found = connected(layer)(maps)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(connected(layer)(np.array(flat, np.float32)), found)


@pytest.mark.parametrize("prepare", [convolution.rounded_once, convolution.in_reference_order])
def test_a_whole_network(prepare: object):
    rng = np.random.default_rng(3)
    layers = network(rng, (20, 17), 6)
    picture = rng.normal(0, 1, (20, 17)).astype(np.float32)

    def naive(layer: Convolution) -> Convolve:
        return lambda maps: naive_convolution(layer, maps).astype(np.float32)

    found = Network(layers, prepare)(picture)  # type: ignore[arg-type]
    assert found.shape == (6,)
    np.testing.assert_allclose(found, Network(layers, naive)(picture), atol=1e-6)


def test_overflow_is_no_warning():
    layers = network(np.random.default_rng(3), (20, 17), 6)
    scores = Network(layers, convolution.rounded_once)(np.full((20, 17), 3e38, np.float32))
    assert scores.shape == (6,)
