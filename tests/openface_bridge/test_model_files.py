"""Model files are checked before OpenFace sees them; no bridge is needed for that."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.expert_files import cen_bytes, small_cen, write_model_of
from support.model_files import (
    binary_matrix,
    ccnf_bytes,
    small_ccnf,
    write_lines,
    write_small_model,
)

from openface_bridge.model_files import check_detector, check_model, files_of_model
from pyclnf import ModelFileError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "model")


def validator_bytes(n_landmarks: int, *, triangle: int = 2, kernel: int = 3) -> bytes:
    """Return a validator of one view and one triangle."""
    convolution = struct.pack("<3if", 0, 1, 1, 0.5)
    layers = [
        convolution + binary_matrix(np.ones((kernel, kernel)), "f"),
        struct.pack("<i", 1),
        struct.pack("<i", 2) + binary_matrix([[0.0]], "f") + binary_matrix([[1.0, 2.0]], "f"),
        struct.pack("<i", 3),
        struct.pack("<i", 4),
    ]
    warp = [
        struct.pack("<idd", 4, 0.0, 0.0),
        binary_matrix(np.zeros((2 * n_landmarks, 1)), "d"),
        binary_matrix([[0, 1, triangle]], "i"),
        binary_matrix([[0, -1], [0, 0]], "i"),
        binary_matrix([[1, 0], [1, 1]], "i"),
        binary_matrix(np.zeros((1, 3)), "d"),
        binary_matrix(np.zeros((1, 3)), "d"),
    ]
    images = [binary_matrix(np.zeros((2, 2)), "d"), binary_matrix(np.ones((2, 2)), "d")]
    head = struct.pack("<2i", 3, 1) + binary_matrix(np.zeros((3, 1)), "d")
    return b"".join([head, *images, struct.pack("<i", len(layers)), *layers, *warp])


def add_line(manifest: Path, line: str) -> None:
    manifest.write_text(f"{manifest.read_text('utf-8')}\n{line}", "utf-8")


def test_a_sound_model_passes(model: Path) -> None:
    (model.parent / "validator.txt").write_bytes(validator_bytes(12))
    add_line(model, "DetectionValidator validator.txt")
    part = write_small_model(model.parent / "part", n_landmarks=8)
    add_line(model, "LandmarkDetector_part part/main.txt inner 0 0 3 7")
    check_model(model)
    files = files_of_model(model)
    assert part in files
    assert len(files) == 2 * 5 + 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("LandmarkDetector_part part/main.txt inner 0 0 3 8", "pairs of part 'inner'"),
        ("LandmarkDetector_part part/main.txt inner 12 0", "pairs of part 'inner'"),
        ("LandmarkDetector_part part/main.txt inner 0 0 ", "single blanks"),
        ("LandmarkDetector_part  part/main.txt inner 0 0", "single blanks"),
        ("LandmarkDetector_part part\\main.txt inner 0 0", "without backslashes"),
        ("LandmarkDetector_part main.txt inner 0 0", "no line LandmarkDetector_part in a part"),
    ],
)
def test_parts_that_openface_would_misread(model: Path, line: str, message: str) -> None:
    write_small_model(model.parent / "part", n_landmarks=8)
    add_line(model, line)
    with pytest.raises(ModelFileError, match=message):
        check_model(model)


def test_experts_need_betas_for_the_last_files_components(model: Path) -> None:
    many = small_ccnf(0.35, n_betas=3)
    (model.parent / "patch_experts" / "ccnf_0.35.txt").write_bytes(ccnf_bytes(many))
    with pytest.raises(ModelFileError, match="a beta for each of the 3 sigma components"):
        check_model(model)


@pytest.mark.parametrize("kind", ["SVR", "CEN"])
def test_models_of_other_experts_pass(tmp_path: Path, kind: str) -> None:
    check_model(write_model_of(kind, tmp_path))


def test_several_kinds_of_experts_are_refused(model: Path) -> None:
    write_model_of("SVR", model.parent / "svr")
    add_line(model.parent / "clnf.txt", "PatchesIntensity svr/svr_0.25.txt")
    with pytest.raises(ModelFileError, match="patch experts of one kind"):
        check_model(model)


def test_frontal_pairs_have_layers_for_one(tmp_path: Path) -> None:
    main = write_model_of("CEN", tmp_path)
    patches = small_cen(0.25)
    first, second, third, *others = patches.experts[0]
    rows = ((first, second, third, third, *others[1:]), *patches.experts[1:])
    (tmp_path / "cen_0.25.dat").write_bytes(cen_bytes(replace(patches, experts=rows)))
    with pytest.raises(ModelFileError, match="layers of either landmark 2 or 3"):
        check_model(main)


def test_landmarks_mirror_each_other_in_pairs(tmp_path: Path) -> None:
    main = write_model_of("CEN", tmp_path)
    patches = small_cen(0.35)
    mirrored = patches.mirrored_landmarks.copy()
    mirrored[10] = 0
    changed = replace(patches, mirrored_landmarks=mirrored)
    (tmp_path / "cen_0.35.dat").write_bytes(cen_bytes(changed))
    with pytest.raises(ModelFileError, match=r"landmark 0 mirrored by 10, .* found 1"):
        check_model(main)


@pytest.mark.parametrize("text", ["0.5 " * 5, "a " * 6])
def test_early_termination_files_are_checked(model: Path, text: str) -> None:
    (model.parent / "early.txt").write_text(text, "utf-8")
    add_line(model.parent / "clnf.txt", "EarlyTermination early.txt")
    with pytest.raises(ModelFileError, match="early"):
        check_model(model)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        validator_bytes(12)[:-1],
        validator_bytes(12) + b"0",
        validator_bytes(11),
        validator_bytes(12, triangle=12),
        validator_bytes(12, kernel=0),
        struct.pack("<i", 1) + validator_bytes(12)[4:],
    ],
    ids=["empty", "short", "long", "landmarks", "triangle", "kernel", "type"],
)
def test_damaged_validators(model: Path, content: bytes) -> None:
    (model.parent / "validator.txt").write_bytes(content)
    add_line(model, "DetectionValidator validator.txt")
    with pytest.raises(ModelFileError, match=r"validator\.txt"):
        check_model(model)


def network_bytes() -> bytes:
    """Return a face detector's network with a layer of each kind."""
    return b"".join(
        [
            struct.pack("<4i2f", 4, 0, 1, 2, 0.0, 0.0),
            *(binary_matrix(np.ones((3, 3)), "f") for _ in range(2)),
            struct.pack("<5i", 1, 2, 2, 2, 2),
            struct.pack("<i", 2) + binary_matrix([[0.0]], "f") + binary_matrix([[1.0]], "f"),
            struct.pack("<i", 3) + binary_matrix([[0.1]], "f"),
        ]
    )


def test_face_detectors(tmp_path: Path) -> None:
    lines = [f"{name} {name}.dat" for name in ("PNet", "RNet", "ONet")]
    manifest = write_lines(tmp_path / "detector.txt", lines)
    for name in ("PNet", "RNet", "ONet"):
        (tmp_path / f"{name}.dat").write_bytes(network_bytes())
    check_detector(manifest)
    (tmp_path / "ONet.dat").write_bytes(network_bytes()[:-1])
    with pytest.raises(ModelFileError, match=r"ONet\.dat"):
        check_detector(manifest)
    (tmp_path / "ONet.dat").unlink()
    with pytest.raises(ModelFileError, match=r"ONet\.dat"):
        check_detector(manifest)
    write_lines(manifest, lines[:2])
    with pytest.raises(ModelFileError, match="a line ONet"):
        check_detector(manifest)


def test_openfaces_own_files_pass(openface_data: Path) -> None:
    for name in ("main_clnf_general.txt", "main_clnf_wild.txt"):
        check_model(openface_data / "model" / name)
    check_detector(openface_data / "model" / "mtcnn_detector" / "MTCNN_detector.txt")
