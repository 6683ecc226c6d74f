"""Convolutional layers of every level against :mod:`pyclnf.validation.convolution`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyclnf.model.layers import Convolution
from pyclnf.typing import Float32Array
from pyclnf.validation.convolution import in_reference_order

SIZES = [
    # maps, kernels, kernel's height and width, map's height and width
    (1, 1, 1, 1, 1, 1),
    (1, 10, 3, 4, 9, 8),
    (2, 5, 4, 4, 4, 4),
    (3, 7, 2, 5, 7, 7),
    (1, 16, 3, 3, 8, 9),
    (2, 33, 3, 2, 17, 15),
    (10, 10, 6, 6, 11, 9),
    (10, 12, 9, 9, 10, 40),
]


def random_case(size: tuple[int, ...]) -> tuple[Convolution, Float32Array]:
    maps, kernels, h, w, height, width = size
    rng = np.random.default_rng(size)
    layer = Convolution(
        rng.normal(0, 1, (kernels, maps, h, w)).astype(np.float32),
        rng.normal(0, 1, kernels).astype(np.float32),
    )
    return layer, rng.normal(0, 1, (maps, height, width)).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_bits(level_name: str, size: tuple[int, ...]):
    from pyclnf.kernels.convolving import compiled

    layer, maps = random_case(size)
    found = compiled(layer, level_name)(maps)
    assert found.tobytes() == in_reference_order(layer)(maps).tobytes()


def test_maps_in_any_layout(level_name: str):
    from pyclnf.kernels.convolving import compiled

    layer, maps = random_case(SIZES[3])
    expected = in_reference_order(layer)(maps)
    convolve = compiled(layer, level_name)
    for same in (np.asfortranarray(maps), np.repeat(maps, 2, axis=2)[:, :, ::2]):
        np.testing.assert_array_equal(convolve(same), expected)


def test_maps_of_another_size(level_name: str):
    from pyclnf.kernels.convolving import compiled

    layer, maps = random_case(SIZES[3])
    convolve = compiled(layer, level_name)
    for height in (7, 5, 3, 7):
        part = np.ascontiguousarray(maps[:, :height])
        np.testing.assert_array_equal(convolve(part), in_reference_order(layer)(part))


def arguments(**changes: Any) -> dict[str, Any]:
    sound: dict[str, Any] = {
        "places": np.zeros(3, np.int32),
        "weights": np.zeros((4, 2), np.float32),
        "groups": np.array([[0, 4]], np.int32),
        "even_odd": np.zeros((0, 2), np.int32),
        "windows": 5,
    }
    return sound | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"places": np.zeros(4, np.int32)},
        {"places": np.array([0, -1, 2], np.int32)},
        {"weights": np.zeros((4, 0), np.float32)},
        {"weights": np.zeros((1, 2), np.float32), "places": np.zeros(0, np.int32)},
        {"groups": np.array([[0, 3]], np.int32)},
        {"groups": np.array([[0, 2], [3, 4]], np.int32)},
        {"groups": np.zeros((0, 2), np.int32)},
        {"even_odd": np.array([[5, 0]], np.int32)},
        {"even_odd": np.array([[0, 2]], np.int32)},
        {"even_odd": np.array([[-1, 0]], np.int32)},
        {"even_odd": np.zeros((0, 3), np.int32)},
        {"windows": 0},
    ],
)
def test_layers_that_do_not_fit(level: int, changes: dict[str, Any]):
    from pyclnf.kernels import _kernels

    _kernels.Convolution(level, **arguments())
    with pytest.raises(ValueError, match="expected"):
        _kernels.Convolution(level, **arguments(**changes))


@pytest.mark.parametrize(
    ("maps", "outputs"), [((-1,), (2, 0)), ((0,), (3, 0)), ((0,), (2, 1)), ((0,), (2, -1))]
)
def test_maps_that_do_not_fit(level: int, maps: tuple[int], outputs: tuple[int, int]):
    from pyclnf.kernels import _kernels

    kernel = _kernels.Convolution(level, **arguments())
    given = np.zeros(kernel.map_floats + maps[0], np.float32)
    _kernels.convolve(
        kernel, np.zeros(kernel.map_floats, np.float32), np.zeros((2, kernel.pitch), np.float32)
    )
    with pytest.raises(ValueError, match="expected"):
        _kernels.convolve(
            kernel, given, np.zeros((outputs[0], kernel.pitch + outputs[1]), np.float32)
        )
