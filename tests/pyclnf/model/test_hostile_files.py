"""Damaged files of every kind give a `ModelFileError` or a sound object, cheaply."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.expert_files import cen_bytes, small_cen, small_svr, svr_text
from support.model_files import ccnf_bytes, pdm_text, small_ccnf, small_pdm
from support.networks import connection, convolution, network_bytes, rectifier
from support.validators import small_validator, validator_bytes

from pyclnf.model import (
    CCNFPatchExperts,
    CENPatchExperts,
    ModelFileError,
    PointDistributionModelData,
    SVRPatchExperts,
    ValidatorData,
    read_ccnf,
    read_cen,
    read_early_termination,
    read_manifest,
    read_pdm,
    read_svr,
    read_validator,
)
from pyclnf.model.face_detector_file import face_detector_files
from pyclnf.model.network_file import Layer, Pooling, read_network

CCNF = ccnf_bytes(small_ccnf(0.5, 1, 3, 2, windows=(3, 2), n_betas=2, n_neurons=2, support=3))
CEN = cen_bytes(small_cen(0.5, 1, 3, neurons=(2,), activations=(2, 0), support=2))
SVR = svr_text(small_svr(0.5, 1, 3, 2, support=2)).encode()
EARLY = b"1 1.5 0 -.25 -0.5 2e-1"
PDM = pdm_text(small_pdm(1, n_landmarks=3, n_modes=2)).encode()
RNG = np.random.default_rng(0)
NETWORK = network_bytes(
    [convolution(RNG, 3, 2), rectifier(RNG, 2), Pooling(2, 2, 2, 2), connection(RNG, 8, 6)]
)
VALIDATOR = validator_bytes(small_validator(n_landmarks=4, angles=(0,), classes=2, side=7))
MANIFEST = b"LandmarkDetector main.txt\r\nLandmarkDetector_part main.txt eye 1 2\r\nPDM main.txt\n"
MANIFEST += b"PatchesCCNF main.txt"

FACE_DETECTOR = b"PNet main.txt\r\nRNet main.txt\nONet main.txt"

EXTREMES = [0, -1, 1, 2, 5, 6, 255, 256, 2**16, 2**31 - 1, -(2**31)]
Change = Callable[[bytearray], None]
Found = TypeVar("Found")


def byte_changes(length: int) -> st.SearchStrategy[Change]:
    def change(position: int, value: int) -> Change:
        return lambda data: data.__setitem__(position % max(len(data), 1), value) if data else None

    return st.builds(change, st.integers(0, length - 1), st.integers(0, 255))


def word_changes(length: int) -> st.SearchStrategy[Change]:
    def change(position: int, value: int) -> Change:
        def apply(data: bytearray) -> None:
            if len(data) >= position + 4:
                struct.pack_into("<i", data, position, value)

        return apply

    return st.builds(change, st.integers(0, length - 4), st.sampled_from(EXTREMES))


def insertions(length: int) -> st.SearchStrategy[Change]:
    def change(position: int, text: bytes) -> Change:
        return lambda data: data.__setitem__(slice(position, position), text)

    texts = [b"#", b" ", b"\n", b"-", b"9", b"nan", b"\0", b"\\", b"2147483647 2147483647 6 "]
    return st.builds(change, st.integers(0, length), st.sampled_from(texts))


def cuts(length: int) -> st.SearchStrategy[Change]:
    def change(start: int, size: int) -> Change:
        return lambda data: data.__delitem__(slice(start, start + size))

    sizes = st.one_of(st.integers(1, 16), st.just(length))
    return st.builds(change, st.integers(0, length), sizes)


def damaged(original: bytes) -> st.SearchStrategy[bytes]:
    kinds = [make(len(original)) for make in (byte_changes, word_changes, insertions, cuts)]

    def apply(changes: list[Change]) -> bytes:
        data = bytearray(original)
        for change in changes:
            change(data)
        return bytes(data)

    return st.lists(st.one_of(*kinds), max_size=3).map(apply)


fuzz = settings(derandomize=True, max_examples=150, deadline=None, database=None)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "main.txt"


def read_within_bounds(read: Callable[[Path], Found], path: Path, data: bytes) -> Found | None:
    """Return what was read, None for a ModelFileError; fail if that took much memory."""
    path.write_bytes(data)
    found, message = None, None
    tracemalloc.start()
    try:
        found = read(path)
    except ModelFileError as error:
        message = str(error)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 12 * len(data) + 200_000
    assert found is not None or message
    return found


def assert_sound_ccnf(patches: CCNFPatchExperts) -> None:
    assert patches.scale > 0
    assert patches.view_centers.shape == (patches.n_views, 3)
    assert patches.visibility.shape == (patches.n_views, patches.n_landmarks)
    for size, components in patches.sigma_components.items():
        assert components.shape[1:] == (size**2, size**2)
        assert np.isfinite(components).all()
    for experts, visible in zip(patches.experts, patches.visibility, strict=True):
        assert [expert is not None for expert in experts] == visible.tolist()
        for expert in filter(None, experts):
            n_neurons = len(expert.alphas)
            assert expert.weights.shape == (n_neurons, expert.height, expert.width)
            assert len(expert.norms) == len(expert.biases) == n_neurons > 0
            for array in (expert.weights, expert.norms, expert.biases, expert.betas):
                assert np.isfinite(array).all()


def assert_sound_pdm(pdm: PointDistributionModelData) -> None:
    assert pdm.components.shape == (3 * pdm.n_landmarks, pdm.n_modes)
    assert pdm.n_landmarks > 0 < pdm.n_modes
    assert (pdm.eigenvalues > 0).all()
    for array in (pdm.mean_shape, pdm.components, pdm.eigenvalues):
        assert np.isfinite(array).all()


def assert_sound_cen(patches: CENPatchExperts) -> None:
    n_views, n = patches.visibility.shape
    assert set(patches.mirrored_landmarks.tolist()) <= set(range(n))
    assert set(patches.mirrored_views.tolist()) <= set(range(n_views))
    assert [len(row) for row in patches.experts] == [n] * n_views
    for expert in (expert for row in patches.experts for expert in row):
        inputs = 1 + expert.width * expert.height
        for layer in expert.layers:
            assert layer.weights.shape == (len(layer.biases), inputs)
            assert np.isfinite(layer.weights).all()
            assert np.isfinite(layer.biases).all()
            inputs = len(layer.biases)
        assert inputs == 1 or not expert.layers


def assert_sound_svr(patches: SVRPatchExperts) -> None:
    for row, visible in zip(patches.experts, patches.visibility, strict=True):
        assert [expert is not None for expert in row] == visible.tolist()
        for expert in filter(None, row):
            assert expert.modalities
            for modality in expert.modalities:
                assert modality.kind in (0, 1)
                assert modality.weights.shape == (expert.height, expert.width)
                assert np.isfinite(modality.weights).all()


@fuzz
@given(data=damaged(CEN))
def test_damaged_cen(path: Path, data: bytes):
    patches = read_within_bounds(read_cen, path, data)
    if patches is not None:
        assert_sound_cen(patches)


@fuzz
@given(data=damaged(SVR))
def test_damaged_svr(path: Path, data: bytes):
    patches = read_within_bounds(read_svr, path, data)
    if patches is not None:
        assert_sound_svr(patches)


@fuzz
@given(data=damaged(EARLY))
def test_damaged_early_termination(path: Path, data: bytes):
    found = read_within_bounds(lambda path: read_early_termination(path, 2), path, data)
    assert found is None or np.isfinite(found.cutoffs).all()


def test_every_word_of_a_cen_file(path: Path):
    for position in range(0, len(CEN) - 3, 4):
        for value in (2**31 - 1, -1):
            data = bytearray(CEN)
            struct.pack_into("<i", data, position, value)
            patches = read_within_bounds(read_cen, path, bytes(data))
            if patches is not None:
                assert_sound_cen(patches)


@fuzz
@given(data=damaged(CCNF))
def test_damaged_ccnf(path: Path, data: bytes):
    patches = read_within_bounds(read_ccnf, path, data)
    if patches is not None:
        assert_sound_ccnf(patches)


@fuzz
@given(data=damaged(PDM))
def test_damaged_pdm(path: Path, data: bytes):
    pdm = read_within_bounds(read_pdm, path, data)
    if pdm is not None:
        assert_sound_pdm(pdm)


def read_small_network(path: Path) -> tuple[Layer, ...]:
    return read_network(path, 6, 6)


@fuzz
@given(data=damaged(NETWORK))
def test_damaged_network(path: Path, data: bytes):
    layers = read_within_bounds(read_small_network, path, data)
    if layers is not None:
        assert 0 < len(layers) <= 64


@pytest.mark.parametrize("value", [2**31 - 1, -1], ids=["largest", "negative"])
def test_every_word_of_a_network(value: int, path: Path):
    for position in range(0, len(NETWORK) - 3, 4):
        data = bytearray(NETWORK)
        struct.pack_into("<i", data, position, value)
        read_within_bounds(read_small_network, path, bytes(data))


@fuzz
@given(data=damaged(FACE_DETECTOR))
def test_damaged_face_detector(path: Path, data: bytes):
    files = read_within_bounds(face_detector_files, path, data)
    if files is not None:
        assert len(files) == 4


def assert_sound_validator(data: ValidatorData) -> None:
    for view in data.views:
        assert view.mean.size == view.deviation.size == view.warp.mask.sum() > 0
        assert (view.deviation > 0).all()
        assert (view.warp.triangle_of_pixel[view.warp.mask] >= 0).all()
        assert view.warp.triangle_of_pixel.max() < len(view.warp.triangles)
        assert view.warp.triangles.max() < view.warp.n_landmarks == data.n_landmarks


@fuzz
@given(data=damaged(VALIDATOR))
def test_damaged_validator(path: Path, data: bytes):
    validator = read_within_bounds(read_validator, path, data)
    if validator is not None:
        assert_sound_validator(validator)


@fuzz
@given(data=damaged(MANIFEST))
def test_damaged_manifest(path: Path, data: bytes):
    # The file is its own detector's manifest, its own PDM and so on: one file is all there is.
    manifest = read_within_bounds(read_manifest, path, data)
    if manifest is not None:
        assert manifest.detector.pdm.is_file()


@pytest.mark.parametrize(
    "read",
    [
        read_ccnf,
        read_cen,
        read_svr,
        read_pdm,
        read_manifest,
        read_validator,
        read_small_network,
    ],
)
@fuzz
@given(data=st.binary(max_size=200))
def test_noise(read: Callable, path: Path, data: bytes):
    assert read_within_bounds(read, path, data) is None


@pytest.mark.parametrize("value", [2**31 - 1, -1], ids=["largest", "negative"])
def test_every_word_of_a_ccnf_file(value: int, path: Path):
    # By a loop, not by chance: each size, type and tag of the format, and each number made NaN.
    for position in range(0, len(CCNF) - 3, 4):
        data = bytearray(CCNF)
        struct.pack_into("<i", data, position, value)
        patches = read_within_bounds(read_ccnf, path, bytes(data))
        if patches is not None:
            assert_sound_ccnf(patches)


@pytest.mark.parametrize("value", [2**31 - 1, -1], ids=["largest", "negative"])
def test_every_word_of_a_validator(value: int, path: Path):
    for position in range(0, len(VALIDATOR) - 3, 4):
        data = bytearray(VALIDATOR)
        struct.pack_into("<i", data, position, value)
        validator = read_within_bounds(read_validator, path, bytes(data))
        if validator is not None:
            assert_sound_validator(validator)


@pytest.mark.parametrize("line", [b"# comment\n", b"\n", b"0 ", b"0 0 6\n", b"1 1 6 0\n", b"9"])
def test_a_long_text_file(line: bytes, path: Path):
    assert read_within_bounds(read_pdm, path, 20_000 * line) is None


def test_many_small_matrices_in_a_text_file(path: Path):
    header = b"3 1 6 1 2 3 3 20000 6 "
    assert read_within_bounds(read_pdm, path, header + 60_000 * b"0 " + b"1 20000 6 ") is None
