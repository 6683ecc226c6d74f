from __future__ import annotations

import dataclasses
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.expert_files import cen_bytes, small_cen
from support.model_files import binary_matrix

from pyclnf.model import CENExpert, CENLayer, CENPatchExperts, ModelFileError, read_cen

WRITTEN = small_cen(0.5, 1, 3, neurons=(2,), activations=(2, 0), support=3)
DATA = cen_bytes(WRITTEN)


def read(tmp_path: Path, data: bytes) -> CENPatchExperts:
    path = tmp_path / "cen.dat"
    path.write_bytes(data)
    return read_cen(path)


def with_first(**changes: Any) -> bytes:
    """Return a file whose first expert is another one."""
    first = dataclasses.replace(WRITTEN.experts[0][0], **changes)
    rows = ((first, *WRITTEN.experts[0][1:]), *WRITTEN.experts[1:])
    return cen_bytes(dataclasses.replace(WRITTEN, experts=rows))


def layer(neurons: int, inputs: int, activation: int = 0, value: float = 1.0) -> CENLayer:
    weights = np.full((neurons, inputs), value, np.float32)
    return CENLayer(activation, weights, np.zeros(neurons, np.float32))


def assert_same_expert(found: CENExpert, written: CENExpert) -> None:
    assert (found.width, found.height) == (written.width, written.height)
    assert found.confidence == written.confidence
    for one, other in zip(found.layers, written.layers, strict=True):
        assert one.activation == other.activation
        np.testing.assert_array_equal(one.weights, other.weights, strict=True)
        np.testing.assert_array_equal(one.biases, other.biases, strict=True)
        assert not one.weights.flags.writeable
        assert not one.biases.flags.writeable


@pytest.mark.parametrize("kind", ["f", "d"])
def test_round_trip(kind: str, tmp_path: Path):
    found = read(tmp_path, cen_bytes(WRITTEN, kind))
    assert (found.scale, found.n_landmarks) == (0.5, 3)
    for name in ("view_centers", "visibility", "mirrored_landmarks", "mirrored_views"):
        array = getattr(found, name)
        np.testing.assert_array_equal(array, getattr(WRITTEN, name))
        assert not array.flags.writeable
    for row, written_row in zip(found.experts, WRITTEN.experts, strict=True):
        for expert, written in zip(row, written_row, strict=True):
            assert_same_expert(expert, written)
    assert found.experts[2][0].layers == ()
    assert found.experts[2][0].confidence > 0


def test_biases_may_lie_in_a_row_or_column(tmp_path: Path):
    row = binary_matrix(WRITTEN.experts[0][0].layers[0].biases, "f")
    column = binary_matrix(WRITTEN.experts[0][0].layers[0].biases[:, None], "f")
    assert DATA.count(row) == 1
    assert_same_expert(
        read(tmp_path, DATA.replace(row, column)).experts[0][0], WRITTEN.experts[0][0]
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"layers": (layer(2, 10), layer(1, 3))},
            "of a layer of 1 x 2 values, found 1 x 3",
        ),
        ({"layers": (layer(1, 9),)}, "weights of a layer of 1 x 10 values, found 1 x 9"),
        ({"layers": (layer(2, 10),)}, "1 neuron in the last layer, found 2"),
        ({"layers": (layer(0, 10),)}, "at least 1 bias"),
        ({"layers": (layer(1, 10, 3),)}, "activation of a layer from 0 to 2, found 3"),
        ({"layers": (layer(1, 10, 0, np.nan),)}, "finite values of weights of a layer"),
        ({"confidence": np.inf}, "finite confidence"),
        ({"width": -1}, "width of a support from 0"),
        ({"width": 2**31 - 1, "height": 2**31 - 1}, "weights of a layer of 2 x "),
    ],
)
def test_experts_of_another_form(changes: dict[str, Any], expected: str, tmp_path: Path):
    with pytest.raises(ModelFileError, match=expected) as caught:
        read(tmp_path, with_first(**changes))
    assert caught.value.offset is not None


def test_float64_beyond_float32(tmp_path: Path):
    data = cen_bytes(WRITTEN, "d").replace(
        struct.pack("<d", WRITTEN.experts[0][0].layers[0].weights[0, 0]), struct.pack("<d", 1e39)
    )
    with pytest.raises(ModelFileError, match="finite float32 values of weights of a layer"):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"scale": 0.0}, "scale above 0"),
        (
            {"mirrored_landmarks": np.array([0, 1, 3])},
            "landmarks from 0 to 2, found 0 to 3",
        ),
        ({"mirrored_views": np.array([0, -1, 1])}, "mirrored views from 0 to 2, found -1 to 1"),
        ({"mirrored_views": np.array([0, 1])}, "3 mirrored views in a row or column, found 2 x 1"),
    ],
)
def test_files_of_another_form(changes: dict[str, Any], expected: str, tmp_path: Path):
    with pytest.raises(ModelFileError, match=expected):
        read(tmp_path, cen_bytes(dataclasses.replace(WRITTEN, **changes)))


@pytest.mark.parametrize("length", [0, 8, 100, len(DATA) // 2, len(DATA) - 1])
def test_truncated_files(length: int, tmp_path: Path):
    with pytest.raises(ModelFileError):
        read(tmp_path, DATA[:length])


def test_more_than_there_should_be(tmp_path: Path):
    with pytest.raises(ModelFileError, match="the end of the file"):
        read(tmp_path, DATA + b"\0")
