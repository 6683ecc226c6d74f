from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyclnf.formats.pts import PtsFileError, read_pts, write_pts


def test_counted_from_one(tmp_path: Path):
    path = tmp_path / "face.pts"
    write_pts(path, np.array([(0, 0), (9.5, 19.25)]), decimals=2)
    assert path.read_text() == "version: 1\nn_points: 2\n{\n1.00 1.00\n10.50 20.25\n}\n"
    assert read_pts(path).tolist() == [[0, 0], [9.5, 19.25]]


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(0, 80), st.just(2)),
        elements=st.floats(-1e4, 1e4, width=32),
    )
)
def test_what_is_written_can_be_read(tmp_path_factory: pytest.TempPathFactory, points):
    path = tmp_path_factory.mktemp("pts") / "face.pts"
    write_pts(path, points, decimals=9)
    assert read_pts(path).shape == points.shape
    np.testing.assert_allclose(read_pts(path), points, atol=1e-9)


def test_as_others_write_them(tmp_path: Path):
    path = tmp_path / "face.pts"
    path.write_bytes(b"\xef\xbb\xbfversion:1\r\nn_points:  1\r\n\r\n {\r\n 2 3.5e0 \r\n}\r\n\r\n")
    assert read_pts(path).tolist() == [[1, 2.5]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected a line 'n_points: N'"),
        ("version: 1\n{\n}\n", "expected a line 'n_points: N'"),
        ("n_points: 1\n", "a line '{'"),
        ("n_points: -1\n{\n}\n", "line 1: no number of points"),
        ("n_points: 9999999999\n{\n}\n", "line 1: no number of points"),
        ("n_points: 2\n{\n1 2\n}\n", "expected 2 points and then '}', found 1"),
        ("n_points: 1\n{\n1 2\n3 4\n}\n", "expected 1 points and then '}', found 2"),
        ("n_points: 2\n{\n1 2\n", "found 1 lines and no '}'"),
        ("n_points: 999999999\n{\n1 2\n}\n", "expected 999999999 points"),
        ("n_points: 1\n{\n1 two\n}\n", "line 3: expected two numbers"),
        ("n_points: 1\n{\n1 2 3\n}\n", "line 3: expected two numbers"),
        ("n_points: 1\n{\n1 nan\n}\n", "line 3: expected two numbers"),
    ],
)
def test_damaged_files(text: str, problem: str, tmp_path: Path):
    path = tmp_path / "face.pts"
    path.write_text(text)
    with pytest.raises(PtsFileError) as caught:
        read_pts(path)
    assert str(path) in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_unreadable_files(content: bytes | None, tmp_path: Path):
    path = tmp_path / "face.pts"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PtsFileError, match="cannot be read"):
        read_pts(path)


@pytest.mark.parametrize("landmarks", [np.zeros((3, 3)), np.zeros(4), np.full((1, 2), np.nan)])
def test_bad_landmarks(landmarks, tmp_path: Path):
    with pytest.raises(ValueError, match="landmarks: expected finite"):
        write_pts(tmp_path / "face.pts", landmarks)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("decimals", [-1, 18])
def test_bad_decimals(decimals: int, tmp_path: Path):
    with pytest.raises(ValueError, match="decimals: must be from 0 to 17"):
        write_pts(tmp_path / "face.pts", np.zeros((1, 2)), decimals)
