from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support.model_files import pdm_text, small_pdm, text_matrix

from pyclnf.model import ModelFileError, PointDistributionModelData, read_pdm


def read_text(tmp_path: Path, text: str) -> PointDistributionModelData:
    path = tmp_path / "pdm.txt"
    path.write_bytes(text.encode())
    return read_pdm(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_round_trip(end: str, tmp_path: Path):
    written = small_pdm(seed=3, n_landmarks=5, n_modes=2)
    read = read_text(tmp_path, pdm_text(written).rstrip().replace("\n", end))
    assert (read.n_landmarks, read.n_modes) == (5, 2)
    for field in dataclasses.fields(read):
        array = getattr(read, field.name)
        np.testing.assert_array_equal(array, getattr(written, field.name))
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert not array.flags.writeable


def test_values_are_rounded_from_float64(tmp_path: Path):
    # Halfway between two float32; the digits beyond float64 must not decide.
    text = "3 1 6 1.00000005960464477539 2 3\n3 1 6 1 0 0\n1 1 6 1"
    assert read_text(tmp_path, text).mean_shape[0] == np.float32(1.0)


def matrices(mean=(1.0, 2.0, 3.0), components=((1.0,), (0.0,), (0.0,)), eigenvalues=((1.0,),)):
    return [text_matrix(np.array(mean)[:, None]), text_matrix(components), text_matrix(eigenvalues)]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["0 1 6"], "3 rows per landmark in mean shape, found 0"),
        (["4 1 6 1 2 3 4"], "3 rows per landmark in mean shape, found 4"),
        (["1 3 6 1 2 3"], "1 columns of mean shape, found 3"),
        (matrices(components=[[1.0], [0.0]]), "3 rows of components, found 2"),
        ([*matrices()[:1], "3 0 6 1 0 6"], "at least 1 column of components"),
        (matrices(eigenvalues=[[1.0, 2.0]]), "1 columns of eigenvalues, found 2"),
        (matrices(eigenvalues=[[1.0], [2.0]]), "1 rows of eigenvalues, found 2"),
        (matrices(eigenvalues=[[0.0]]), "positive, finite float32 values of eigenvalues"),
        (matrices(eigenvalues=[[-1.0]]), "positive, finite float32 values of eigenvalues"),
        (matrices(eigenvalues=[[1e-60]]), "positive, finite float32 values of eigenvalues"),
        (matrices(eigenvalues=[[1e60]]), "positive, finite float32 values of eigenvalues"),
        (matrices(mean=[1e60, 2.0, 3.0]), "finite float32 values of mean shape"),
        (matrices()[:2], "number of rows of eigenvalues"),
        ([*matrices(), "1"], "the end of the file, found '1'"),
    ],
)
def test_malformed(parts: list[str], expected: str, tmp_path: Path):
    with pytest.raises(ModelFileError, match=expected) as caught:
        read_text(tmp_path, "".join(parts))
    assert caught.value.path == tmp_path / "pdm.txt"
    assert caught.value.offset is not None
