"""A folder of recordings as a reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.traces import tiny_entries

from openface_bridge.recorded import NOISE_FLOOR_FILE, Recorded
from openface_bridge.reference import Case, Reference
from openface_bridge.trace import Trace, TraceError, write_trace

FACE = Case("face", "default")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one trace."""
    write_trace(tmp_path / "trace_face_default.npz", Trace(tiny_entries()))
    return tmp_path


def write_floor(folder: Path, **arrays: Any) -> None:
    np.savez(folder / NOISE_FLOOR_FILE, **arrays)


def scattered(seed: int, count: int = 4, n: int = 2) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, n, 2)).astype(np.float32)


def test_cases_are_sorted_by_face_and_setting(tmp_path: Path):
    names = ["zoe_wild", "a_b_c_default", "a_weighted", "a_default", "b.c d_wild", "Zoe_default"]
    for name in names:
        (tmp_path / f"trace_{name}.npz").touch()
    reference: Reference = Recorded(tmp_path)
    expected = [
        ("Zoe", "default"), ("a", "default"), ("a", "weighted"), ("a_b_c", "default"),
        ("b.c d", "wild"), ("zoe", "wild"),
    ]  # fmt: skip
    assert [(case.face, case.setting) for case in reference.cases()] == expected


@pytest.mark.parametrize(
    "name",
    [
        "trace_face_default.npz.part", "trace_default.npz", "trace__default.npz",
        "face_default.npz", "trace_face_.npz", "xtrace_face_default.npz",
        "trace_face_default.NPZ", "noise_floor.npz",
    ],
)  # fmt: skip
def test_other_files_are_no_traces(tmp_path: Path, name: str):
    (tmp_path / name).touch()
    with pytest.raises(TraceError, match=re.escape(f"{tmp_path}: holds no files named trace_")):
        Recorded(tmp_path)


def test_missing_folder(tmp_path: Path):
    with pytest.raises(TraceError, match="nowhere: no such folder of traces"):
        Recorded(tmp_path / "nowhere")


def test_file_instead_of_a_folder(folder: Path):
    with pytest.raises(TraceError, match="no such folder of traces"):
        Recorded(folder / "trace_face_default.npz")


def test_traces_are_read_when_asked_for(folder: Path):
    (folder / "trace_other_default.npz").write_bytes(b"damaged")
    reference = Recorded(folder)
    assert reference.trace(FACE).source == str(folder / "trace_face_default.npz")
    with pytest.raises(TraceError, match="trace_other_default"):
        reference.trace(Case("other", "default"))


def test_description_names_the_folder(folder: Path):
    assert Recorded(folder).description == f"recorded traces in {folder.name}/"


# ---- Reruns ----


def test_no_noise_floor(folder: Path):
    assert Recorded(folder).rerun_landmarks(FACE) is None


def test_reruns_of_all_kinds_are_put_together(folder: Path):
    ulp, blas, other = scattered(0, 16), scattered(1, 4), scattered(2)
    arrays = {"face.default.ulp": ulp, "face.wild.ulp": other, "face.default.blas": blas}
    write_floor(folder, blas_kernels=np.array(["Haswell", "Nehalem"]), **arrays)
    reference = Recorded(folder)
    found = reference.rerun_landmarks(FACE)
    np.testing.assert_array_equal(found, np.concatenate((ulp, blas)), strict=True)
    np.testing.assert_array_equal(reference.rerun_landmarks(Case("face", "wild")), other)
    assert reference.rerun_landmarks(Case("face", "weighted")) is None


def test_reruns_of_faces_whose_names_begin_alike(folder: Path):
    first, second = scattered(0), scattered(1, n=3)
    write_floor(folder, **{"face.default.ulp": first, "face.default.wild.ulp": second})
    reference = Recorded(folder)
    np.testing.assert_array_equal(reference.rerun_landmarks(FACE), first)
    found = reference.rerun_landmarks(Case("face.default", "wild"))
    np.testing.assert_array_equal(found, second)


def test_notes_are_not_reruns(folder: Path):
    write_floor(folder, **{"face.default.kernels": np.zeros((2, 2)), "face.default.n": np.array(3)})
    assert Recorded(folder).rerun_landmarks(FACE) is None


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(17)])
def test_damaged_noise_floor(folder: Path, content: bytes):
    (folder / NOISE_FLOOR_FILE).write_bytes(content)
    with pytest.raises(TraceError, match=r"noise_floor\.npz: not a readable"):
        Recorded(folder)


def test_array_file_as_noise_floor(folder: Path):
    with (folder / NOISE_FLOOR_FILE).open("wb") as file:
        np.save(file, scattered(0))
    with pytest.raises(TraceError, match=r"noise_floor\.npz: not a readable"):
        Recorded(folder)


def test_truncated_noise_floor(folder: Path):
    write_floor(folder, **{"face.default.ulp": scattered(0)})
    path = folder / NOISE_FLOOR_FILE
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(TraceError, match=r"noise_floor\.npz"):
        Recorded(folder)


def test_pickled_noise_floor(folder: Path):
    write_floor(folder, **{"face.default.ulp": np.full((2, 2, 2), None)})
    with pytest.raises(TraceError, match=r"noise_floor\.npz"):
        Recorded(folder)


@pytest.mark.parametrize(
    "reruns",
    [
        np.zeros((4, 2, 3), np.float32),
        np.zeros((4, 2, 2), "U2"),
        np.full((4, 2, 2), np.nan, np.float32),
        np.full((4, 2, 2), np.inf),
    ],
    ids=["not x and y", "text", "NaN", "infinite"],
)
def test_reruns_must_be_landmarks(folder: Path, reruns: npt.NDArray[Any]):
    """A rerun that is not finite would make the floor infinite, and let everything pass."""
    write_floor(folder, **{"face.default.ulp": reruns})
    with pytest.raises(TraceError, match=r"'face\.default\.ulp' is no \(k, n, 2\) array"):
        Recorded(folder)


def test_reruns_must_agree_on_the_landmarks(folder: Path):
    write_floor(
        folder, **{"face.default.ulp": scattered(0), "face.default.blas": scattered(0, n=3)}
    )
    with pytest.raises(TraceError, match=r"'face\.default\.blas'"):
        Recorded(folder)
