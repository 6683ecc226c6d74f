"""Model files are checked before OpenFace sees them; no bridge is needed for that."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from support.expert_files import cen_bytes, small_cen, write_model_of
from support.model_files import (
    ccnf_bytes,
    small_ccnf,
    write_lines,
    write_small_model,
)
from support.networks import write_face_detector
from support.validators import add_validator, small_validator, validator_bytes

from openface_bridge.model_files import check_detector, check_model, files_of_model
from pyclnf import ModelFileError

VALIDATOR = validator_bytes(small_validator())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "model")


def add_line(manifest: Path, line: str) -> None:
    manifest.write_text(f"{manifest.read_text('utf-8')}\n{line}", "utf-8")


def test_a_sound_model_passes(model: Path) -> None:
    add_validator(model, small_validator())
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
        VALIDATOR[:-1],
        VALIDATOR + b"0",
        validator_bytes(small_validator(n_landmarks=11)),
        struct.pack("<i", 1) + VALIDATOR[4:],
    ],
    ids=["empty", "short", "long", "landmarks", "type"],
)
def test_damaged_validators(model: Path, content: bytes) -> None:
    (model.parent / "validator.txt").write_bytes(content)
    add_line(model, "DetectionValidator validator.txt")
    with pytest.raises(ModelFileError, match=r"validator\.txt"):
        check_model(model)


def test_face_detectors(tmp_path: Path) -> None:
    manifest = write_face_detector(tmp_path)
    check_detector(manifest)
    network = tmp_path / "output.dat"
    network.write_bytes(network.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match=r"output\.dat"):
        check_detector(manifest)
    network.unlink()
    with pytest.raises(ModelFileError, match=r"output\.dat"):
        check_detector(manifest)
    write_lines(manifest, ["PNet proposal.dat", "RNet refinement.dat"])
    with pytest.raises(ModelFileError, match="a line ONet"):
        check_detector(manifest)


def test_face_detectors_that_openface_would_misread(tmp_path: Path) -> None:
    manifest = write_face_detector(tmp_path)
    write_lines(manifest, ["PNet .\\proposal.dat", "RNet refinement.dat", "ONet output.dat"])
    with pytest.raises(ModelFileError, match="without backslashes, in line 1"):
        check_detector(manifest)


def test_openfaces_own_files_pass(openface_data: Path) -> None:
    for name in ("main_clnf_general.txt", "main_clnf_wild.txt"):
        check_model(openface_data / "model" / name)
    check_detector(openface_data / "model" / "mtcnn_detector" / "MTCNN_detector.txt")
