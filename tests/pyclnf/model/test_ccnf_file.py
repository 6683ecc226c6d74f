from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

import numpy as np
import pytest
from support.model_files import binary_matrix, ccnf_bytes, expert_at, expert_bytes, small_ccnf

from pyclnf.model import CCNFExpert, CCNFPatchExperts, ModelFileError, read_ccnf

LARGEST = 2**31 - 1
EXPERT_FIELDS = [field.name for field in dataclasses.fields(CCNFExpert)]


def read(tmp_path: Path, data: bytes) -> CCNFPatchExperts:
    path = tmp_path / "ccnf.txt"
    path.write_bytes(data)
    return read_ccnf(path)


def tiny(**changes) -> CCNFPatchExperts:
    """Four landmarks, two views, 3 x 3 support; `changes` replace fields."""
    patches = small_ccnf(0.5, 1, 4, 2, windows=(3, 2), n_betas=2, n_neurons=2, support=3)
    return dataclasses.replace(patches, **changes)


def with_expert(patches: CCNFPatchExperts, view: int, landmark: int, expert: CCNFExpert | None):
    rows = [list(row) for row in patches.experts]
    rows[view][landmark] = expert
    return dataclasses.replace(patches, experts=tuple(map(tuple, rows)))


def expert_offset(patches: CCNFPatchExperts, landmark: int) -> int:
    """Return the offset of an expert of view 0."""
    experts = [expert for view in patches.experts for expert in view]
    return len(ccnf_bytes(patches)) - sum(len(expert_bytes(e)) for e in experts[landmark:])


def assert_fails(tmp_path: Path, data: bytes, expected: str, offset: int | None = None) -> None:
    with pytest.raises(ModelFileError, match=expected) as caught:
        read(tmp_path, data)
    assert caught.value.path == tmp_path / "ccnf.txt"
    assert caught.value.offset is not None
    if offset is not None:
        assert caught.value.offset == offset


def assert_same(read: CCNFPatchExperts, written: CCNFPatchExperts) -> None:
    assert read.scale == written.scale
    np.testing.assert_array_equal(read.view_centers, written.view_centers)
    np.testing.assert_array_equal(read.visibility, written.visibility)
    assert list(read.sigma_components) == list(written.sigma_components)
    for size, components in read.sigma_components.items():
        np.testing.assert_array_equal(components, written.sigma_components[size], strict=True)
    for ours, theirs in zip(read.experts, written.experts, strict=True):
        for expert, original in zip(ours, theirs, strict=True):
            assert (expert is None) == (original is None)
            for name in EXPERT_FIELDS if expert else ():
                np.testing.assert_array_equal(
                    getattr(expert, name), getattr(original, name), strict=True
                )


@pytest.mark.parametrize("views", [1, 2, 3])
def test_round_trip(views: int, tmp_path: Path):
    written = small_ccnf(0.35, seed=2, n_landmarks=7, views=views, windows=(5, 3))
    found = read(tmp_path, ccnf_bytes(written))
    assert (found.n_views, found.n_landmarks) == (views, 7)
    assert_same(found, written)


def test_experts_of_different_sizes(tmp_path: Path):
    other = small_ccnf(0.5, 5, 1, 1, windows=(3,), n_betas=2, n_neurons=1, support=5)
    wide = dataclasses.replace(
        expert_at(other, 0, 0), width=7, height=2, weights=np.ones((1, 2, 7), np.float32)
    )
    written = with_expert(with_expert(tiny(), 0, 1, expert_at(other, 0, 0)), 1, 0, wide)
    assert_same(read(tmp_path, ccnf_bytes(written)), written)


def test_neuron_types_are_handed_on(tmp_path: Path):
    patches = tiny()
    expert = dataclasses.replace(expert_at(patches, 0, 0), neuron_types=np.array([0, 3], np.int32))
    written = with_expert(patches, 0, 0, expert)
    assert_same(read(tmp_path, ccnf_bytes(written)), written)


def test_window_sizes_without_components(tmp_path: Path):
    written = small_ccnf(1.0, n_landmarks=2, views=1, windows=(15, 255), n_betas=0)
    found = read(tmp_path, ccnf_bytes(written))
    assert_same(found, written)
    assert expert_at(found, 0, 0).betas.shape == (0,)


def test_no_window_sizes(tmp_path: Path):
    written = small_ccnf(1.0, n_landmarks=2, views=1, windows=(), n_betas=0)
    assert_same(read(tmp_path, ccnf_bytes(written)), written)


def test_arrays_are_native_aligned_and_read_only(tmp_path: Path):
    found = read(tmp_path, ccnf_bytes(tiny()))
    expert = expert_at(found, 0, 1)
    arrays = [getattr(expert, name) for name in EXPERT_FIELDS]
    arrays = [array for array in arrays if isinstance(array, np.ndarray)]
    assert len(arrays) == 6
    for array in [*arrays, found.view_centers, found.visibility, *found.sigma_components.values()]:
        assert array.dtype.isnative
        assert array.flags.aligned
        assert array.flags.c_contiguous
        assert not array.flags.writeable
    assert isinstance(expert.confidence, float)


def test_every_truncation_is_noticed(tmp_path: Path):
    data = ccnf_bytes(tiny())
    for length in [*range(0, len(data), 11), len(data) - 1]:
        with pytest.raises(ModelFileError):
            read(tmp_path, data[:length])


def test_oversized(tmp_path: Path):
    data = ccnf_bytes(tiny())
    assert_fails(tmp_path, data + b"\0", "1 more bytes .oversized.", len(data))


@pytest.mark.parametrize("scale", [0.0, -0.25, np.nan, np.inf])
def test_scale(scale: float, tmp_path: Path):
    assert_fails(tmp_path, ccnf_bytes(tiny(scale=scale)), "scale", 0)


@pytest.mark.parametrize("count", [0, -1, -LARGEST - 1])
def test_number_of_views(count: int, tmp_path: Path):
    data = struct.pack("<di", 1.0, count) + ccnf_bytes(tiny())[12:]
    assert_fails(tmp_path, data, "number of views from 1", 8)


def test_view_centers(tmp_path: Path):
    head = struct.pack("<di", 1.0, 1)
    assert_fails(tmp_path, head + binary_matrix([[1.0, 2.0, 3.0]], "d"), "centre of 3 x 1", 12)
    assert_fails(tmp_path, head + binary_matrix([[1.0]] * 3, "f"), "OpenCV type 6", 20)


@pytest.mark.parametrize("second", [[1, 1], [1, 1, 1, 1], [1, 2, 1], [1, -1, 1], []])
def test_visibility(second: list[int], tmp_path: Path):
    data = struct.pack("<di", 1.0, 2) + 2 * binary_matrix(np.zeros((3, 1)), "d")
    data += binary_matrix(np.ones((3, 1)), "i")
    offset = len(data)
    data += binary_matrix(np.array(second).reshape(-1, 1), "i") + bytes(100)
    assert_fails(tmp_path, data, "visibility", offset)


def test_no_landmarks(tmp_path: Path):
    data = struct.pack("<di", 1.0, 1) + binary_matrix(np.zeros((3, 1)), "d")
    assert_fails(tmp_path, data + binary_matrix(np.ones((0, 1)), "i"), "visibility of 0 or 1")


def windows(*words: int) -> bytes:
    """Return a file that ends among its window sizes."""
    data = struct.pack("<di", 1.0, 1) + binary_matrix(np.zeros((3, 1)), "d")
    return data + binary_matrix([[1]], "i") + struct.pack(f"<{len(words)}i", *words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((-1,), "number of window sizes"),
        ((LARGEST,), "number of window sizes"),
        ((1, 0, 0), "window size from 1"),
        ((1, -3, 0), "window size from 1"),
        ((1, LARGEST, 0), "window size from 1"),
        ((2, 3, 0, 3, 0), "each window size once, found 3"),
        ((1, 3, -1), "number of sigma components"),
        ((1, 255, LARGEST), "2147483647 sigma components of 65025 x 65025 values"),
        ((1, 1, LARGEST), "2147483647 sigma components of 1 x 1 values"),
        ((2, 3, 0, 5, 1), "at most 0 sigma components"),
    ],
)
def test_window_sizes(words: tuple[int, ...], expected: str, tmp_path: Path):
    assert_fails(tmp_path, windows(*words), expected)


@pytest.mark.parametrize("header", [(1, 2, 5), (2, 1, 5), (1, 1, 6), (-1, -1, 5)])
def test_sigma_component_header(header: tuple[int, int, int], tmp_path: Path):
    good = binary_matrix([[2.0]], "f")
    data = windows(1, 1, 2) + good + struct.pack("<3if", *header, 2.0)
    assert_fails(tmp_path, data, "of a sigma component, found", len(data) - 16)


def test_sigma_component_not_finite(tmp_path: Path):
    data = windows(1, 1, 2) + binary_matrix([[2.0]], "f") + binary_matrix([[np.inf]], "f")
    assert_fails(tmp_path, data, "finite values of sigma components", len(data) - 4)


@pytest.mark.parametrize(
    ("position", "value", "expected"),
    [
        (0, 4, "patch expert of type 5, found 4"),
        (4, 0, "support of at least 1 x 1, found 0 x 3"),
        (8, -3, "support of at least 1 x 1, found 3 x -3"),
        (4, LARGEST, "patch expert of"),
        (12, -1, "at least 1 neuron .visible., found -1"),
        (12, 0, "at least 1 neuron .visible., found 0"),
        (12, LARGEST, "patch expert of"),
        (16, 3, "neuron's type 2"),
        (48, 4, "neuron's rows 3"),
        (52, -3, "neuron's columns 3"),
        (56, 6, "neuron's matrix_type 5"),
    ],
)
def test_words_of_an_expert(position: int, value: int, expected: str, tmp_path: Path):
    patches = tiny()
    offset = expert_offset(patches, 2)
    data = bytearray(ccnf_bytes(patches))
    struct.pack_into("<i", data, offset + position, value)
    place = offset + position if not expected.startswith(("support", "patch expert of")) else None
    assert_fails(tmp_path, bytes(data), expected, place)


@pytest.mark.parametrize(
    ("position", "code", "expected"),
    [
        (24, "<d", "finite norm"),
        (32, "<d", "finite bias"),
        (40, "<d", "finite alpha"),
        (60 + 4 * 5, "<f", "finite weights"),
        (16 + 2 * 80 + 8, "<d", "finite betas"),
        (16 + 2 * 80 + 16, "<d", "finite confidence"),
    ],
)
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_numbers_of_an_expert(
    position: int, code: str, expected: str, value: float, tmp_path: Path
):
    patches = tiny()
    offset = expert_offset(patches, 2)
    data = bytearray(ccnf_bytes(patches))
    struct.pack_into(code, data, offset + position, value)
    struct.pack_into("<d", data, expert_offset(patches, 3) + 40, np.nan)  # is a later fault
    assert_fails(tmp_path, bytes(data), expected, offset + position)


def test_the_damage_is_named_not_what_it_leads_to(tmp_path: Path):
    patches = tiny()
    data = ccnf_bytes(patches)
    weights = expert_offset(patches, 2) + 60
    shifted = data[:weights] + data[weights + 4 :]  # One weight is missing.
    with pytest.raises(ModelFileError) as caught:
        read(tmp_path, shifted)
    assert (caught.value.offset or 0) < expert_offset(patches, 3)


def test_invisible_landmark_with_neurons(tmp_path: Path):
    patches = tiny()
    data = ccnf_bytes(with_expert(patches, 1, 3, expert_at(patches, 0, 0)))
    assert_fails(tmp_path, data, "0 neurons .invisible landmark., found 2")


def test_visible_landmark_without_neurons(tmp_path: Path):
    data = ccnf_bytes(with_expert(tiny(), 0, 3, None))
    assert_fails(tmp_path, data, "at least 1 neuron .visible., found 0")
