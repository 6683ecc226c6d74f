"""Boxes of faces from files, of two kinds.

- OpenFace's: ``STEM.txt`` for a picture ``STEM.jpg``, a line ``min_x min_y max_x max_y`` per face.
- One JSON file for many pictures, ``{"STEM": [x, y, width, height], …}``, or
  ``{"STEM": {"box": [x, y, width, height], …}, …}``: a face per picture.

All numbers are px, and taken as float32.
"""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from pyclnf.arguments import file_path
from pyclnf.typing import Float32Array

__all__ = ["BoxFileError", "read_box_lines", "read_box_table", "read_boxes"]

_LARGEST_FILE = 2**26  # bytes
_TOO_LARGE = 1e30  # px; well within float32, with differences and sums


class BoxFileError(ValueError):
    """A file of boxes that is missing, or holds something else.

    Parameters
    ----------
    path : path
    problem : str
        What was expected, what was found, and where.
    """

    def __init__(self, path: str | PathLike[str], problem: str) -> None:
        super().__init__(fspath(path), problem)
        self.path = Path(path)
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


def read_boxes(source: str | PathLike[str], picture: str | PathLike[str]) -> Float32Array:
    """Return the boxes of the faces in a picture.

    Parameters
    ----------
    source : path
        A folder of OpenFace's text files, one such file, or a JSON file.
    picture : path
        The picture's own file, of which only the name counts.

    Returns
    -------
    (k, 4) float32
        x, y, width, height in px.

    Raises
    ------
    BoxFileError
        If the file is missing or damaged, or the JSON file does not know the picture.
    """
    path, stem = file_path("source", source), file_path("picture", picture).stem
    if path.is_dir():
        return read_box_lines(path / f"{stem}.txt")
    if path.suffix.lower() != ".json":
        return read_box_lines(path)
    table = read_box_table(path)
    if stem not in table:
        raise BoxFileError(path, f"has no box of {stem!r}")
    return table[stem][None]


def read_box_lines(path: str | PathLike[str]) -> Float32Array:
    """Read OpenFace's text file of a picture; empty lines count for nothing.

    Returns
    -------
    (k, 4) float32
        x, y, width, height in px.

    Raises
    ------
    BoxFileError
        Naming the line, if it is missing or damaged.
    """
    boxes = [
        _box_of_corners(path, number, line.split())
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if line.strip()
    ]
    return np.array(boxes, np.float32).reshape(-1, 4)


def read_box_table(path: str | PathLike[str]) -> dict[str, Float32Array]:
    """Read a JSON file: boxes (4,) float32, x, y, width, height in px, by the stem of the picture.

    Raises
    ------
    BoxFileError
        Naming the entry, if it is missing or damaged.
    """
    import json  # costs more than it is worth where nobody asks

    text = _text(path)
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BoxFileError(path, f"is no JSON file: {error}") from error
    if not isinstance(stored, dict):
        raise BoxFileError(path, 'expected {"STEM": [x, y, width, height], …}')
    return {stem: _box_of_entry(path, stem, entry) for stem, entry in stored.items()}


def _text(path: str | PathLike[str]) -> str:
    """Return what a file of moderate size holds."""
    file = file_path("path", path)
    try:
        if not file.is_file():
            raise BoxFileError(path, "there is no such file")
        if file.stat().st_size > _LARGEST_FILE:
            raise BoxFileError(path, f"is larger than {_LARGEST_FILE} bytes")
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BoxFileError(path, f"cannot be read: {error}") from error


def _box_of_corners(path: str | PathLike[str], number: int, words: list[str]) -> Float32Array:
    """Return the box of a line."""
    place = f"line {number}"
    if len(words) != 4:
        raise BoxFileError(path, f"{place}: expected min_x min_y max_x max_y, found {words[:8]}")
    corners = _numbers(path, place, [_parsed(word) for word in words])
    return _with_area(path, place, np.concatenate([corners[:2], corners[2:] - corners[:2]]))


def _box_of_entry(path: str | PathLike[str], stem: str, entry: Any) -> Float32Array:
    """Return the box of an entry."""
    box = entry.get("box") if isinstance(entry, dict) else entry
    place = f"{stem!r}"
    if not isinstance(box, list) or len(box) != 4:
        raise BoxFileError(path, f"{place}: expected [x, y, width, height], found {box!r:.80}")
    return _with_area(path, place, _numbers(path, place, box))


def _numbers(path: str | PathLike[str], place: str, given: list[Any]) -> Float32Array:
    """Return finite float32 numbers."""
    if all(isinstance(value, int | float) and abs(value) < _TOO_LARGE for value in given):
        return np.array(given, np.float32)
    raise BoxFileError(path, f"{place}: expected four finite numbers, found {given!r:.80}")


def _parsed(word: str) -> float | str:
    """Return the number that a word is, or else the word."""
    try:
        return float(word)
    except ValueError:
        return word


def _with_area(path: str | PathLike[str], place: str, box: Float32Array) -> Float32Array:
    """Return a box that has an area."""
    if not (box[2:] > 0).all():
        raise BoxFileError(path, f"{place}: a box must have an area, is {box[2]:g} x {box[3]:g} px")
    return box
