"""Networks of every level against :mod:`pyclnf.detection.networks`, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.networks import (
    connection,
    convolution,
    output_layers,
    proposal_layers,
    rectifier,
    refinement_layers,
)

from pyclnf.detection.networks import run_network
from pyclnf.detection.pictures import Square, normalised
from pyclnf.detection.products import ReferenceOrder
from pyclnf.detection.resize import resize
from pyclnf.detection.suppression import by_score, suppress
from pyclnf.model.network_file import Layer, Pooling

RNG = np.random.default_rng(0)


def planes_of(height: int, width: int) -> np.ndarray:
    return np.random.default_rng([height, width]).integers(0, 256, (3, height, width), np.uint8)


def assert_equal(
    level: int, layers: tuple[Layer, ...], planes: np.ndarray, squares: Any, size: tuple[int, int]
) -> None:
    """Compare what a network makes of parts of a picture: left, upper, side."""
    from pyclnf.detection.prepared import PreparedNetwork

    network = PreparedNetwork(level, layers)
    network._workspace.floats(10**6)[...] = np.nan  # nothing may depend on what is left there
    regions = np.array([[left, upper, side, side] for left, upper, side in squares])
    found = network.look(planes, regions, *size)
    parts = np.stack([resize(Square(planes, *square), *size) for square in squares])
    expected = run_network(layers, normalised(parts), ReferenceOrder())
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.view(np.int32), expected.view(np.int32))


@pytest.mark.parametrize("seed", [0, 1])
def test_whole_networks(level: int, seed: int):
    planes = planes_of(60, 70)
    squares = [(0, 0, 60), (-5, 20, 50), (40, -9, 33), (69, 59, 7), (-30, -30, 200)]
    assert_equal(level, refinement_layers(seed), planes, squares, (24, 24))
    assert_equal(level, output_layers(seed), planes, squares, (48, 48))
    for size in ((12, 12), (12, 40), (31, 17), (33, 58)):
        assert_equal(level, proposal_layers(seed), planes, squares[:1], size)


@pytest.mark.parametrize("outputs", [1, 4, 8, 9, 15, 16, 17, 24, 31, 32, 40])
@pytest.mark.parametrize("size", [(7, 20), (4, 3), (5, 9), (9, 4), (3, 3), (14, 17)], ids=str)
def test_convolutions(level: int, outputs: int, size: tuple[int, int]):
    layers = (convolution(RNG, 3, outputs),)
    assert_equal(level, layers, planes_of(*size), [(0, 0, 9), (1, 1, 5)], size)


@pytest.mark.parametrize(
    "kernel", [(1, 1), (2, 2), (1, 5), (4, 1), (5, 3), (8, 3), (3, 8)], ids=str
)
def test_kernels_of_any_size(level: int, kernel: tuple[int, int]):
    # 3 * 8 and its bias make 25 terms, 3 * 5 and its bias sixteen: in and beyond groups of eight.
    layers = (convolution(RNG, 3, 18, *kernel),)
    assert_equal(level, layers, planes_of(20, 20), [(0, 0, 20)], (12, 15))


def test_more_terms_than_are_summed_together(level: int):
    layers = (convolution(RNG, 3, 40), convolution(RNG, 40, 24), convolution(RNG, 24, 20, 6, 7))
    assert_equal(level, layers, planes_of(30, 30), [(0, 0, 30)], (16, 17))


def test_more_windows_than_are_summed_together(level: int):
    assert_equal(level, (convolution(RNG, 3, 16, 1, 1),), planes_of(9, 9), [(0, 0, 9)], (331, 320))


@pytest.mark.parametrize(
    "pooling",
    [Pooling(2, 2, 2, 2), Pooling(3, 3, 2, 2), Pooling(3, 2, 3, 1), Pooling(4, 5, 1, 3)],
    ids=str,
)
@pytest.mark.parametrize("size", [(8, 8), (9, 10), (11, 7), (5, 4)], ids=str)
def test_poolings(level: int, pooling: Pooling, size: tuple[int, int]):
    layers = (convolution(RNG, 3, 5, 1, 1), rectifier(RNG, 5), pooling)
    assert_equal(level, layers, planes_of(12, 12), [(0, 0, 12)], size)


@pytest.mark.parametrize("outputs", [1, 6, 16, 17, 99, 100, 101, 128, 256, 320])
def test_connections(level: int, outputs: int):
    layers = (connection(RNG, 3 * 5 * 7, outputs), connection(RNG, outputs, 6))
    assert_equal(level, layers, planes_of(12, 12), [(0, 0, 12), (3, 3, 5)], (5, 7))
    assert_equal(level, (connection(RNG, 3, outputs),), planes_of(9, 9), [(0, 0, 9)], (5, 7))


BOXES = st.integers(0, 25).flatmap(
    lambda n: arrays(np.float32, (n, 4), elements=st.integers(-40, 160).map(lambda v: v / 4))
)


@given(boxes=BOXES, most=st.sampled_from([0.0, 0.5, 0.7]), of_smaller=st.booleans())
def test_suppression(boxes: np.ndarray, most: float, of_smaller: bool):
    from pyclnf.kernels import _detection
    from pyclnf.kernels.levels import available_levels, choose_level

    scores = (np.arange(len(boxes)) * 7 % 5).astype(np.float32)
    expected = suppress(boxes, scores, most, of_smaller=of_smaller)
    order = by_score(scores)
    for name in available_levels():
        stays = np.full(len(boxes), 2, np.uint8)
        whole = np.rint(boxes[order]).astype(np.int32)
        _detection.suppress(choose_level(name), whole, most, of_smaller, stays)
        np.testing.assert_array_equal(order[stays == 1], expected)


def arguments() -> dict[str, Any]:
    return {
        "planes": planes_of(9, 9),
        "regions": np.array([[0, 0, 9, 9]]),
        "height": 24,
        "width": 24,
        "outputs": np.empty((1, 6), np.float32),
        "workspace": np.empty(10**6, np.float32),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("planes", np.zeros((2, 9, 9), np.uint8)),
        ("planes", np.zeros((3, 0, 9), np.uint8)),
        ("regions", np.array([[0, 0, 9]])),
        ("regions", np.array([[0, 0, 0, 9]])),
        ("regions", np.array([[1 << 24, 0, 9, 9]])),
        ("regions", np.array([[0, 0, 9, 9]] * 2)),
        ("height", 0),
        ("height", 1 << 24),
        ("width", 5),
        ("outputs", np.empty((1, 5), np.float32)),
        ("workspace", np.empty(100, np.float32)),
        ("workspace", np.empty(10**6 + 1, np.float32)[1:]),
    ],
)
def test_arguments_are_checked(level: int, name: str, value: Any):
    from pyclnf.detection.prepared import PreparedNetwork
    from pyclnf.kernels import _detection

    network = PreparedNetwork(level, refinement_layers())._network
    given = {**arguments(), name: value}
    if name == "workspace" and len(value) > 100 and value.ctypes.data % 8 == 0:
        pytest.skip("this array happens to be aligned")
    with pytest.raises(ValueError, match=r"^expected "):
        _detection.look(network, *given.values())


@pytest.mark.parametrize(
    "layer",
    [
        (6, (3, 8, 1, 1, 1, 1), 100, 0, [[0, 4]]),
        (0, (3, 8, 1, 1, 1, 1), 31, 0, [[0, 4]]),
        (0, (3, 8, 0, 1, 1, 1), 100, 0, [[0, 4]]),
        (0, (3, 8, 1, 1, 1, 1), 100, 0, [[0, 3]]),
        (0, (3, 8, 1, 1, 1, 1), 100, 0, [[1, 4]]),
        (2, (3, 3, 1, 1, 1, 1), 2, 0, []),
        (4, (3, 17, 1, 1, 1, 1), 95, 32, [[0, 3]]),
        (4, (3, 17, 1, 1, 1, 1), 96, 31, [[0, 3]]),
    ],
    ids=str,
)
def test_layers_are_checked(level: int, layer: tuple[Any, ...]):
    from pyclnf.kernels import _detection

    kind, sizes, weights, biases, groups = layer
    arrays = (np.zeros(weights, np.float32), np.zeros(biases, np.float32))
    grouped = np.array(groups, np.int32).reshape(-1, 2)
    with pytest.raises(ValueError, match=r"^expected "):
        _detection.Network(level, [(kind, sizes, *arrays, grouped)])
