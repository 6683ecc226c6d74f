"""Networks and face detectors, read from files that the tests write themselves."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.model_files import binary_matrix
from support.networks import (
    connection,
    convolution,
    layer_bytes,
    network_bytes,
    output_layers,
    proposal_layers,
    rectifier,
    refinement_layers,
    write_face_detector,
)

from pyclnf import ModelFileError
from pyclnf.model.face_detector_file import face_detector_files, read_face_detector
from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.network_file import (
    Layer,
    Pooling,
    Rectifier,
    pooled_length,
    read_network,
)

NETWORKS = {"PNet": proposal_layers, "RNet": refinement_layers, "ONet": output_layers}
SIZES = {"PNet": 12, "RNet": 24, "ONet": 48}


def arrays(layer: Layer) -> list[np.ndarray]:
    return [
        np.asarray(getattr(layer, name))
        for name in ("kernels", "biases", "weights", "slopes")
        if hasattr(layer, name)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "network.dat"


def read(path: Path, layers: Any, size: int = 12, outputs: int = 6, step: int | None = None) -> Any:
    path.write_bytes(layers if isinstance(layers, bytes) else network_bytes(layers))
    return read_network(path, size, outputs, step)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_was_written_is_read(path: Path, name: str):
    written = NETWORKS[name]()
    found = read(path, written, SIZES[name])
    assert [type(layer) for layer in found] == [type(layer) for layer in written]
    for here, there in zip(found, written, strict=True):
        if isinstance(here, Pooling):
            assert here == there
        for mine, given in zip(arrays(here), arrays(there), strict=True):
            np.testing.assert_array_equal(mine, given)
            assert mine.dtype == np.float32
            assert not mine.flags.writeable


def test_kernels_are_stored_input_by_input(path: Path):
    kernels = np.arange(3 * 2 * 2 * 2, dtype=np.float32).reshape(3, 2, 2, 2)
    data = struct.pack("<4i2f", 1, 0, 3, 2, 0.5, -0.5)
    data += b"".join(binary_matrix(kernel, "f") for kernel in kernels.reshape(-1, 2, 2))
    (layer,) = read(path, data, 2, 2)
    np.testing.assert_array_equal(layer.kernels[1, 2], kernels[2, 1])
    np.testing.assert_array_equal(layer.biases, [0.5, -0.5])


@pytest.mark.parametrize(
    ("length", "window", "step", "expected"),
    [
        *((22, 3, 2, 11), (9, 3, 2, 4), (10, 2, 2, 5), (11, 2, 2, 6), (21, 3, 2, 10), (8, 2, 2, 4)),
        *((7, 3, 3, 2), (8, 3, 3, 3), (5, 5, 2, 1)),
    ],
)
def test_how_many_windows_a_pooling_has(length: int, window: int, step: int, expected: int):
    assert pooled_length(length, window, step) == expected
    assert (expected - 1) * step < length  # none lies outside


RNG = np.random.default_rng(0)
CONVOLUTION = convolution(RNG, 3, 4)
SLOPES = rectifier(RNG, 4)
HEAD = connection(RNG, 4 * 10 * 10, 6)


def wrong_layers() -> dict[str, tuple[Any, str]]:
    short = Rectifier(SLOPES.slopes[:3])
    narrow = Connection(HEAD.weights[:-1], HEAD.biases)
    uneven = bytearray(layer_bytes(CONVOLUTION))
    struct.pack_into("<2i", uneven, 12 + 16 + 48, 1, 9)  # the second kernel
    infinite = Connection(np.full_like(HEAD.weights, np.inf), HEAD.biases)
    nan_bias = Convolution(CONVOLUTION.kernels, np.full(4, np.nan, np.float32))
    return {
        "other maps": ([convolution(RNG, 4, 4)], "3 maps of 12 x 12, found one of 4 maps"),
        "too large kernels": ([convolution(RNG, 3, 2, 13, 3)], "kernels that fit into 3 maps"),
        "kernels of two sizes": (struct.pack("<i", 1) + bytes(uneven), "kernel of 3 x 3 values"),
        "too many kernels": (struct.pack("<4i", 1, 0, 3, 321), "number of kernels from 1 to 320"),
        "no kernels": (struct.pack("<4i", 1, 0, 3, 0), "number of kernels from 1 to 320"),
        "other slopes": ([CONVOLUTION, short], "slopes of 4 x 1 values, found 3 x 1"),
        "other weights": ([CONVOLUTION, narrow], "weights of 4 maps of 10 x 10"),
        "infinite weight": ([CONVOLUTION, infinite], "finite values of weights"),
        "bias that is no number": ([nan_bias], "finite values of biases"),
        "gaps": ([Pooling(2, 2, 3, 2)], "leave no gaps"),
        "too wide a pooling": ([Pooling(13, 2, 2, 2)], "windows that fit into 3 maps"),
        "no step": ([Pooling(2, 2, 0, 2)], "step in x from 1"),
        "unknown kind": (struct.pack("<2i", 1, 4), "kind of layer from 0 to 3"),
        "no layers": (struct.pack("<i", 0), "number of layers from 1"),
        "too many layers": (struct.pack("<i", 2**31 - 1), "number of layers from 1 to 64"),
        "too large an end": ([CONVOLUTION], "at least 6 numbers for 12 x 12 px"),
        "too few numbers": ([connection(RNG, 3 * 144, 5)], "at least 6 numbers"),
        "more bytes": (network_bytes([CONVOLUTION, HEAD]) + b"0", "the end of the file"),
    }


@pytest.mark.parametrize("kind", wrong_layers())
def test_layers_that_do_not_fit(path: Path, kind: str):
    layers, message = wrong_layers()[kind]
    with pytest.raises(ModelFileError, match=message) as caught:
        read(path, layers)
    assert caught.value.path == path
    assert caught.value.offset is not None


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([CONVOLUTION, HEAD], "connects all pixels"),
        ([convolution(RNG, 3, 6, 12, 12)], "does not"),
        ([Pooling(2, 2, 2, 2), Pooling(6, 6, 6, 6), connection(RNG, 3, 6)], "does not"),
    ],
)
def test_networks_that_cannot_move_over_a_picture(path: Path, layers: Any, found: str):
    assert len(read(path, layers)) == len(layers)
    with pytest.raises(ModelFileError, match=f"in steps of 2 px, found {found}"):
        read(path, layers, step=2)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_shorter_file_is_refused(path: Path, name: str):
    data = network_bytes(NETWORKS[name]())
    cuts = sorted({*range(0, 64), *range(64, len(data), 997), len(data) - 1})
    for cut in cuts:
        with pytest.raises(ModelFileError):
            read(path, data[:cut], SIZES[name])


def test_face_detectors(tmp_path: Path):
    manifest = write_face_detector(tmp_path)
    data = read_face_detector(manifest)
    assert [len(data.proposal), len(data.refinement), len(data.output)] == [8, 11, 12]
    names = [path.name for path in face_detector_files(manifest)]
    assert names == ["MTCNN_detector.txt", "proposal.dat", "refinement.dat", "output.dat"]


def test_manifests_may_have_windows_line_ends_and_any_order(tmp_path: Path):
    manifest = write_face_detector(tmp_path / "detector")
    lines = ["\ufeffONet output.dat", "", "PNet proposal.dat", "RNet .\\refinement.dat"]
    manifest.write_bytes("\r\n".join(lines).encode())
    assert len(read_face_detector(str(manifest)).proposal) == 8


PROPOSAL, REFINEMENT = "PNet proposal.dat", "RNet refinement.dat"
OUTPUT = "ONet output.dat"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([PROPOSAL, REFINEMENT], "a line ONet, found none. A model .* MTCNN_detector.txt"),
        ([PROPOSAL, REFINEMENT, "ONet other.dat"], "the name of an existing file in line 3"),
        (["PNet", REFINEMENT, OUTPUT], "a file name in line 1"),
        ([PROPOSAL, PROPOSAL], "one line PNet in line 2"),
        (["PNet refinement.dat", REFINEMENT, OUTPUT], "refinement.dat"),
        (["PNet output.dat", "RNet proposal.dat", "ONet refinement.dat"], "output.dat"),
        ([], "a line PNet"),
    ],
)
def test_damaged_manifests(tmp_path: Path, lines: list[str], message: str):
    manifest = write_face_detector(tmp_path)
    manifest.write_text("\n".join(lines), "utf-8")
    with pytest.raises(ModelFileError, match=message):
        read_face_detector(manifest)


def test_missing_files(tmp_path: Path):
    with pytest.raises(ModelFileError, match="expected a file, found none"):
        read_face_detector(tmp_path / "MTCNN_detector.txt")
    with pytest.raises(ModelFileError, match="expected a file, found none"):
        read_face_detector(tmp_path)


def test_openfaces_own_networks(openface_data: Path):
    data = read_face_detector(openface_data / "model" / "mtcnn_detector" / "MTCNN_detector.txt")
    outputs = [network[-1] for network in (data.proposal, data.refinement, data.output)]
    assert [len(layer.biases) for layer in outputs if isinstance(layer, Connection)] == [6, 6, 16]
