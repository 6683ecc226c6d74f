"""Layers against loops, pixel by pixel, and the orders of their sums."""

from __future__ import annotations

import numpy as np
import pytest
from support.exact import fused
from support.networks import connection, convolution, rectifier

from pyclnf.detection import layers, products
from pyclnf.model.layers import Connection
from pyclnf.model.network_file import Pooling

PRODUCTS: list[products.Products] = [products.RoundedOnce(), products.ReferenceOrder()]
RNG = np.random.default_rng(0)


def maps_of(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(0, 1, shape).astype(np.float32)


def naive_convolution(maps: np.ndarray, kernels: np.ndarray, biases: np.ndarray) -> np.ndarray:
    outputs, _, height, width = kernels.shape
    rows, columns = maps.shape[1] - height + 1, maps.shape[2] - width + 1
    sums = np.empty((outputs, rows, columns))
    for o in range(outputs):
        for y in range(rows):
            for x in range(columns):
                window = maps[:, y : y + height, x : x + width].astype(np.float64)
                sums[o, y, x] = (window * kernels[o]).sum() + biases[o]
    return sums


@pytest.mark.parametrize("how", PRODUCTS, ids=["rounded-once", "reference"])
@pytest.mark.parametrize(
    ("inputs", "outputs", "height", "width", "rows", "columns"),
    [(3, 10, 3, 3, 9, 12), (4, 25, 2, 5, 7, 6), (40, 7, 3, 3, 4, 4), (1, 1, 1, 1, 1, 1)],
)
def test_convolutions(
    how: products.Products,
    inputs: int,
    outputs: int,
    height: int,
    width: int,
    rows: int,
    columns: int,
):
    layer = convolution(RNG, inputs, outputs, height, width)
    maps = maps_of(2, inputs, rows, columns)
    found = layers.convolve(maps, layer, how)
    assert found.dtype == np.float32
    for here, there in zip(found, maps, strict=True):
        expected = naive_convolution(there, layer.kernels, layer.biases)
        np.testing.assert_allclose(here, expected, rtol=0, atol=2e-6)


def test_convolutions_rounded_once_are_the_nearest_float32():
    layer, maps = convolution(RNG, 3, 10), maps_of(1, 3, 9, 12)
    found = layers.convolve(maps, layer, products.RoundedOnce())[0]
    expected = naive_convolution(maps[0], layer.kernels, layer.biases)
    np.testing.assert_array_equal(found, expected.astype(np.float32))


def test_the_reference_adds_terms_column_by_column_and_the_bias_last():
    # Of a third window beyond strips of four, every sum is a running one.
    layer, maps = convolution(RNG, 2, 3, 2, 3), maps_of(1, 2, 2, 5)
    found = layers.convolve(maps, layer, products.ReferenceOrder())[0]
    for output in range(3):
        for column in range(3):
            total = np.float32(0)
            for channel in range(2):
                for x in range(3):
                    for y in range(2):
                        value = maps[0, channel, y, column + x]
                        total = fused(value, layer.kernels[output, channel, y, x], total)
            assert found[output, 0, column] == np.float32(total + layer.biases[output])


@pytest.mark.parametrize("at_a_time", [12, 24, 10**6])
def test_cutting_changes_nothing(monkeypatch: pytest.MonkeyPatch, at_a_time: int):
    layer, maps = convolution(RNG, 3, 24), maps_of(1, 3, 9, 13)
    expected = layers.convolve(maps, layer, products.ReferenceOrder())
    monkeypatch.setattr(layers, "_WINDOWS_AT_A_TIME", at_a_time)
    found = layers.convolve(maps, layer, products.ReferenceOrder())
    np.testing.assert_array_equal(found, expected)


def test_rectifiers():
    layer, maps = rectifier(RNG, 5), maps_of(2, 5, 3, 4)
    maps[0, 0, 0] = [0.0, -0.0, 1e-45, -1e-45]
    found = layers.rectify(maps, layer)
    for index, value in np.ndenumerate(maps):
        expected = value if value >= 0 else np.float32(value * layer.slopes[index[1]])
        assert found[index] == expected


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Pooling(2, 2, 2, 2), (8, 9)),
        (Pooling(3, 3, 2, 2), (22, 22)),
        (Pooling(3, 3, 2, 2), (10, 11)),
        (Pooling(3, 2, 3, 1), (7, 8)),
        (Pooling(4, 5, 1, 3), (9, 9)),
    ],
    ids=str,
)
def test_poolings(layer: Pooling, shape: tuple[int, int]):
    maps = maps_of(2, 3, *shape) - 5  # all negative: nothing outside may count
    found = layers.pool(maps, layer)
    assert found.shape[2] == round((shape[0] - layer.height) / layer.step_y + 1e-6) + 1
    assert found.shape[3] == round((shape[1] - layer.width) / layer.step_x + 1e-6) + 1
    for k, c, y, x in np.ndindex(found.shape):
        top, left = y * layer.step_y, x * layer.step_x
        window = maps[k, c, top : top + layer.height, left : left + layer.width]
        assert found[k, c, y, x] == window.max()


@pytest.mark.parametrize("how", PRODUCTS, ids=["rounded-once", "reference"])
def test_connections_of_pixels(how: products.Products):
    layer, maps = connection(RNG, 25, 6), maps_of(2, 25, 4, 5)
    found = layers.connect(maps, layer, how, numbers=False)
    sums = np.einsum("kchw,co->kohw", maps.astype(np.float64), layer.weights.astype(np.float64))
    expected = sums.astype(np.float32) + layer.biases[:, None, None]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("how", PRODUCTS, ids=["rounded-once", "reference"])
@pytest.mark.parametrize("outputs", [6, 99, 100, 130])
def test_connections_of_all_pixels(how: products.Products, outputs: int):
    layer, maps = connection(RNG, 30 * 12, outputs), maps_of(3, 30, 3, 4)
    found = layers.connect(maps, layer, how, numbers=False)
    assert found.shape == (3, outputs, 1, 1)
    for here, there in zip(found, maps, strict=True):
        by_columns = np.concatenate([each.T.ravel() for each in there]).astype(np.float64)
        expected = by_columns @ layer.weights.astype(np.float64) + layer.biases
        np.testing.assert_allclose(here[:, 0, 0], expected, rtol=0, atol=3e-6)
        if outputs < 100 or isinstance(how, products.RoundedOnce):
            np.testing.assert_array_equal(here[:, 0, 0], expected.astype(np.float32))


def test_numbers_are_never_taken_for_pixels():
    layer, numbers = connection(RNG, 104, 6), maps_of(2, 104, 1, 1)
    as_pixels = layers.connect(numbers, layer, PRODUCTS[1], numbers=False)
    as_numbers = layers.connect(numbers, layer, PRODUCTS[1], numbers=True)
    exact = numbers[:, :, 0, 0].astype(np.float64) @ layer.weights.astype(np.float64)
    np.testing.assert_array_equal(as_numbers[:, :, 0, 0], (exact + layer.biases).astype(np.float32))
    np.testing.assert_array_equal(as_pixels[:, :, 0, 0], exact.astype(np.float32) + layer.biases)
    assert not np.array_equal(as_pixels, as_numbers)


def test_large_connections_are_added_to_their_biases_group_by_group():
    layer = connection(RNG, 330, 101)
    numbers = maps_of(1, 330)
    found = products.ReferenceOrder().connected(numbers, layer.weights, layer.biases)[0]
    for output in (0, 57, 100):
        total = layer.biases[output]
        for terms in (range(168), range(168, 330)):
            group = np.float32(0)
            for t in terms:
                group = fused(numbers[0, t], layer.weights[t, output], group)
            total = np.float32(total + group)
        assert found[output] == total


def test_no_pictures_are_none():
    layer = Connection(np.ones((4, 100), np.float32), np.ones(100, np.float32))
    for how in PRODUCTS:
        assert how.connected(np.empty((0, 4), np.float32), layer.weights, layer.biases).shape == (
            0,
            100,
        )
