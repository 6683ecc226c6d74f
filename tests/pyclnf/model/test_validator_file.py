from __future__ import annotations

import dataclasses
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.validators import layer_bytes, small_validator, validator_bytes

from pyclnf.model import ModelFileError, read_validator
from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.validator_file import ValidatorData
from pyclnf.model.validator_network import Activation, Kind, Layer

SMALL = small_validator()
HEAD = 8 + 3 * (12 + 24)
"""Bytes before the first view: type, number of views, orientations."""


def read(content: bytes, tmp_path: Path) -> ValidatorData:
    path = tmp_path / "validator.txt"
    path.write_bytes(content)
    return read_validator(path)


def assert_same(first: Any, second: Any) -> None:
    """Compare data classes, arrays and tuples of them."""
    assert type(first) is type(second)
    if dataclasses.is_dataclass(first):
        for field in dataclasses.fields(first):
            assert_same(getattr(first, field.name), getattr(second, field.name))
    elif isinstance(first, tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    elif isinstance(first, np.ndarray):
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)
    else:
        assert first == second


def test_round_trip(tmp_path: Path):
    found = read(validator_bytes(SMALL), tmp_path)
    assert_same(found, SMALL)
    assert found.n_landmarks == 12


def test_arrays_are_read_only(tmp_path: Path):
    data = read(validator_bytes(SMALL), tmp_path)
    view, warp = data.views[0], data.views[0].warp
    arrays: list[Any] = [data.orientations, view.mean, view.deviation, warp.alpha, warp.beta]
    arrays += [warp.mask, warp.triangles, warp.triangle_of_pixel]
    for layer in view.layers:
        if isinstance(layer, Convolution):
            arrays += [layer.kernels, layer.biases]
        elif isinstance(layer, Connection):
            arrays += [layer.weights, layer.biases]
    assert not any(array.flags.writeable for array in arrays)


def test_kernels_of_the_first_map_come_first(tmp_path: Path):
    written = LAYERS[3]
    assert isinstance(written, Convolution)
    content = layer_bytes(written)
    matrices = 12 + 4 * len(written.biases)  # behind kind, numbers of maps and kernels, biases
    record = 12 + 4 * 2 * 3
    for m, k in [(0, 0), (0, 1), (1, 0), (2, 8)]:
        at = matrices + (9 * m + k) * record + 12
        kernel = np.frombuffer(content, "<f4", 6, at).reshape(2, 3)
        np.testing.assert_array_equal(kernel, written.kernels[k, m])
    assert_same(read(validator_bytes(SMALL), tmp_path).views[0].layers[3], written)


def with_layers(layers: tuple[Layer, ...]) -> bytes:
    """Return a validator's file whose first view has other layers."""
    first = dataclasses.replace(SMALL.views[0], layers=layers)
    return validator_bytes(dataclasses.replace(SMALL, views=(first, *SMALL.views[1:])))


def offset_of_layer(layers: tuple[Layer, ...], index: int) -> int:
    pixels = SMALL.views[0].mean.size
    before = b"".join(map(layer_bytes, layers[:index]))
    return HEAD + 2 * (12 + 8 * pixels) + 4 + len(before)


LAYERS = SMALL.views[0].layers
POOLING, RECTIFIER = Activation(Kind.POOLING), Activation(Kind.RECTIFIER)


def convolution(n_maps: int, height: int, width: int) -> Convolution:
    return Convolution(np.ones((2, n_maps, height, width), np.float32), np.ones(2, np.float32))


def connected(inputs: int, outputs: int) -> Connection:
    return Connection(np.ones((inputs, outputs), np.float32), np.ones(outputs, np.float32))


@pytest.mark.parametrize(
    ("layers", "index", "expected"),
    [
        ((convolution(2, 3, 3), *LAYERS[1:]), 0, "2 maps of at least 3 x 3"),
        ((convolution(1, 40, 3), *LAYERS[1:]), 0, "1 maps of at least 40 x 3"),
        ((*LAYERS[:3], convolution(4, 2, 2), *LAYERS[4:]), 3, "4 maps of at least 2 x 2"),
        ((POOLING,) * 6 + LAYERS, 5, "maps of at least 2 x 2 for a pooling layer"),
        ((*LAYERS, convolution(1, 1, 1)), 9, "1 maps of at least 1 x 1"),
        ((*LAYERS, POOLING), 9, "pooling layer"),
        ((*LAYERS[:6], connected(5, 8), *LAYERS[7:]), 6, "5 inputs of a fully connected layer"),
        ((*LAYERS[:8], connected(9, 7)), 8, "9 inputs of a fully connected layer"),
        ((*LAYERS, connected(7, 7)), 9, "at most two fully connected layers"),
        ((connected(1, 8), *LAYERS), 0, "several maps of several pixels"),
        (LAYERS[:8], 7, "two fully connected layers at the end"),
        (LAYERS[:1], 0, "two fully connected layers at the end"),
    ],
)
def test_layers_that_do_not_fit(
    layers: tuple[Layer, ...], index: int, expected: str, tmp_path: Path
):
    with pytest.raises(ModelFileError, match=re.escape(expected)) as caught:
        read(with_layers(layers), tmp_path)
    assert caught.value.offset == offset_of_layer(layers, index)


def test_activations_may_follow_the_last_connection(tmp_path: Path):
    data = read(with_layers((*LAYERS, RECTIFIER, Activation(Kind.SIGMOID))), tmp_path)
    assert len(data.views[0].layers) == 11


def changed(**changes: Any) -> bytes:
    """Return a validator's file whose first view, or its warp, has other arrays."""
    view = SMALL.views[0]
    of_warp = {name: changes.pop(name) for name in list(changes) if hasattr(view.warp, name)}
    warp = dataclasses.replace(view.warp, **of_warp)
    first = dataclasses.replace(view, warp=warp, **changes)
    return validator_bytes(dataclasses.replace(SMALL, views=(first, *SMALL.views[1:])))


def with_value(array: Any, value: float) -> Any:
    copy = array.copy()
    copy.flat[copy.size // 2] = value
    return copy


VIEW, WARP = SMALL.views[0], SMALL.views[0].warp


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (changed(deviation=with_value(VIEW.deviation, 0)), "standard deviations above 0"),
        (changed(deviation=with_value(VIEW.deviation, -1)), "standard deviations above 0"),
        (changed(mean=with_value(VIEW.mean, np.nan)), "finite values of mean picture"),
        (changed(mean=VIEW.mean[:-1], deviation=VIEW.deviation[:-1]), "mean picture of"),
        (changed(mean=VIEW.mean.astype(np.float64) * 1e300), "finite float32 values"),
        (changed(triangles=with_value(WARP.triangles, 12)), "landmarks of triangles from 0 to 11"),
        (changed(triangles=with_value(WARP.triangles, -1)), "landmarks of triangles from 0 to 11"),
        (changed(triangle_of_pixel=with_value(WARP.triangle_of_pixel, 999)), "triangles of pixels"),
        (changed(triangle_of_pixel=with_value(WARP.triangle_of_pixel, -1)), "lie in triangles"),
        (changed(mask=WARP.mask * np.int32(2)), "pixel mask from 0 to 1"),
        (changed(alpha=WARP.alpha[1:]), "alpha of triangles of"),
        (changed(beta=with_value(WARP.beta, np.inf)), "finite values of beta"),
        (changed(left=np.nan), "finite least x"),
        (changed(n_landmarks=13), "reference shape of 26 x 1"),
    ],
)
def test_numbers_that_make_no_sense(content: bytes, expected: str, tmp_path: Path):
    with pytest.raises(ModelFileError, match=expected):
        read(content, tmp_path)


@pytest.mark.parametrize(
    ("offset", "value", "expected"),
    [
        (0, 2, "validator type from 3 to 3"),
        (4, 0, "number of views from 1"),
        (4, 2**31 - 1, "number of views from 1"),
        (8, 4, "orientation of 3 x 1"),
        (offset_of_layer(LAYERS, 0) - 4, 0, "number of layers from 1"),
        (offset_of_layer(LAYERS, 0), 5, "kind of layer from 0 to 4"),
        (offset_of_layer(LAYERS, 0) + 4, 0, "number of input maps from 1"),
        (offset_of_layer(LAYERS, 0) + 8, -1, "number of kernels from 1 to 4096"),
        (offset_of_layer(LAYERS, 0) + 8, 4096, "biases"),
    ],
)
def test_words_that_make_no_sense(offset: int, value: int, expected: str, tmp_path: Path):
    content = bytearray(validator_bytes(SMALL))
    struct.pack_into("<i", content, offset, value)
    with pytest.raises(ModelFileError, match=expected):
        read(bytes(content), tmp_path)


def test_cut_short_anywhere(tmp_path: Path):
    content = validator_bytes(small_validator(n_landmarks=4, angles=(0.0,)))
    rng = np.random.default_rng(0)
    for length in (*range(0, 400, 3), *rng.integers(400, len(content), 200)):
        with pytest.raises(ModelFileError):
            read(content[:length], tmp_path)


def test_oversized(tmp_path: Path):
    with pytest.raises(ModelFileError, match="1 more bytes"):
        read(validator_bytes(SMALL) + b"\0", tmp_path)


def test_a_picture_too_large_to_compute_with(tmp_path: Path):
    large = np.zeros((257, 2), np.int32)
    with pytest.raises(ModelFileError, match="at most 256 pixels a side"):
        read(changed(triangle_of_pixel=large, mask=large == 0), tmp_path)


def test_convolutions_too_large_to_compute(tmp_path: Path):
    all_in_one = np.zeros((256, 256), np.int32)
    pixels = all_in_one.size
    content = changed(
        triangle_of_pixel=all_in_one,
        mask=all_in_one == 0,
        mean=np.zeros(pixels, np.float32),
        deviation=np.ones(pixels, np.float32),
        layers=(convolution(1, 128, 128), *LAYERS[1:]),
    )
    with pytest.raises(ModelFileError, match="at most 16777216 products per kernel"):
        read(content, tmp_path)


def test_real_file(openface_data: Path):
    data = read_validator(openface_data / "model/detection_validation/validator_cnn.txt")
    assert data.orientations[:, 1].tolist() == [0, -20, -45, -70, 20, 45, 70]
    assert data.n_landmarks == 68
    for view in data.views:
        kinds = [type(layer).__name__[0] for layer in view.layers]
        assert "".join(kinds) == "CAACAACAC"
        assert isinstance(view.layers[-1], Connection)
        assert view.layers[-1].weights.shape == (50, 30)
