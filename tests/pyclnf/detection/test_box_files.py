"""Boxes from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclnf.detection import BoxFileError, read_box_lines, read_box_table, read_boxes


@pytest.mark.parametrize(
    "text",
    [
        "10 20.5 40 60\n-1 -2 3 4\n",
        "\n10 20.5 40 60\r\n\r\n -1\t-2 3  4",
        "\ufeff1e1 20.5 40 60\n-1 -2 3 4\n",
    ],
)
def test_openfaces_files_have_corners(tmp_path: Path, text: str):
    path = tmp_path / "face.txt"
    path.write_text(text, "utf-8")
    boxes = read_box_lines(path)
    assert boxes.dtype == np.float32
    assert boxes.tolist() == [[10, 20.5, 30, 39.5], [-1, -2, 4, 6]]


def test_an_empty_file_has_no_boxes(tmp_path: Path):
    path = tmp_path / "face.txt"
    path.write_text("\n\n", "utf-8")
    assert read_box_lines(path).shape == (0, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3 4\n1 2 3", "line 2: expected min_x min_y max_x max_y, found"),
        ("1 2 3 4 5", "line 1: expected min_x"),
        ("1,2,3,4", "line 1: expected min_x"),
        ("\n1 2 3 x", "line 2: expected four finite numbers"),
        ("1 2 3 nan", "line 1: expected four finite numbers"),
        ("1 2 inf 4", "line 1: expected four finite numbers"),
        ("1 2 1e39 4", "line 1: expected four finite numbers"),
        ("5 2 5 4", "line 1: a box must have an area, is 0 x 2 px"),
        ("5 2 4 4", "line 1: a box must have an area, is -1 x 2 px"),
    ],
)
def test_damaged_lines(tmp_path: Path, text: str, message: str):
    path = tmp_path / "face.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(BoxFileError, match=message) as caught:
        read_box_lines(path)
    assert str(caught.value).startswith(str(path))
    assert caught.value.path == path


def test_a_table_of_many_pictures(tmp_path: Path):
    path = tmp_path / "boxes.json"
    stored = {"a": [1, 2, 3, 4.5], "b": {"box": [5, 6, 7, 8], "rotation": [0, 0.5, 0]}}
    path.write_text(json.dumps(stored), "utf-8")
    table = read_box_table(path)
    assert {stem: box.tolist() for stem, box in table.items()} == {
        "a": [1, 2, 3, 4.5],
        "b": [5, 6, 7, 8],
    }
    assert table["a"].dtype == np.float32


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([], "expected {"),
        ({"a": [1, 2, 3]}, r"'a': expected \[x, y, width, height\]"),
        ({"a": "1 2 3 4"}, r"'a': expected \[x"),
        ({"a": {"rotation": [0, 0, 0]}}, "'a': expected .*found None"),
        ({"a": [1, 2, 3, "4"]}, "'a': expected four finite numbers"),
        ({"a": [1, 2, 3, None]}, "'a': expected four finite numbers"),
        ({"a": [1, 2, 3, float("nan")]}, "'a': expected four finite numbers"),
        ({"a": [1, 2, 3, 10**400]}, "'a': expected four finite numbers"),
        ({"a": [1, 2, 0, 4]}, "'a': a box must have an area"),
    ],
)
def test_damaged_tables(tmp_path: Path, stored: Any, message: str):
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(BoxFileError, match=message):
        read_box_table(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff\xfe{}", b"NaN"])
def test_what_is_no_table(tmp_path: Path, content: bytes):
    path = tmp_path / "boxes.json"
    path.write_bytes(content)
    with pytest.raises(BoxFileError, match=r"boxes\.json"):
        read_box_table(path)


def test_boxes_of_a_picture(tmp_path: Path):
    lines, table = tmp_path / "face.txt", tmp_path / "boxes.JSON"
    lines.write_text("1 2 4 6", "utf-8")
    table.write_text('{"face": [5, 6, 7, 8]}', "utf-8")
    for source in (tmp_path, lines, str(lines)):
        assert read_boxes(source, "pictures/face.jpg").tolist() == [[1, 2, 3, 4]]
    assert read_boxes(table, "pictures/face.png").tolist() == [[5, 6, 7, 8]]
    with pytest.raises(BoxFileError, match="has no box of 'other'"):
        read_boxes(table, "other.png")
    with pytest.raises(BoxFileError, match=r"other\.txt: there is no such file"):
        read_boxes(tmp_path, "other.png")


def test_missing_files(tmp_path: Path):
    for read in (read_box_lines, read_box_table):
        with pytest.raises(BoxFileError, match="there is no such file"):
            read(tmp_path / "boxes")
        with pytest.raises(BoxFileError, match="there is no such file"):
            read(tmp_path)


@given(content=st.binary(max_size=60))
def test_anything_is_boxes_or_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    path = tmp_path_factory.getbasetemp() / "anything.txt"
    path.write_bytes(content)
    try:
        boxes = read_box_lines(path)
    except BoxFileError:
        return
    assert boxes.shape[1:] == (4,)
    assert np.isfinite(boxes).all()
