"""OpenFace's files of boxes: ``STEM.txt`` of a picture, with lines ``min_x min_y max_x max_y``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pyclnf.typing import Float32Array

__all__ = ["BoxFileError", "read_boxes", "write_boxes"]


class BoxFileError(ValueError):
    """A file of boxes that is missing or holds something else; says where."""


def write_boxes(path: Path, boxes: Float32Array) -> None:
    """Write boxes.

    Parameters
    ----------
    path : Path
    boxes : (k, 4) float32
        x, y, width, height in px.
    """
    corners = np.asarray(boxes, np.float64).reshape(-1, 4).copy()
    corners[:, 2:] += corners[:, :2]
    path.write_text("".join(f"{' '.join(map(repr, line))}\n" for line in corners.tolist()), "ascii")


def read_boxes(path: Path) -> Float32Array:
    """Read boxes: (k, 4) float32, x, y, width, height in px; empty lines count for nothing.

    Raises
    ------
    BoxFileError
        Naming the line, if the file is missing, or a line is no box.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BoxFileError(f"{path}: no boxes can be read: {error}") from error
    boxes = [_box(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    return np.array(boxes, np.float32).reshape(-1, 4)


def _box(path: Path, number: int, line: str) -> tuple[float, ...]:
    """Return the box of one line."""
    try:
        left, top, right, bottom = map(float, line.split())
    except ValueError:
        left = top = right = bottom = float("nan")
    box = (left, top, right - left, bottom - top)
    if not np.isfinite(box).all() or box[2] <= 0 or box[3] <= 0:
        raise BoxFileError(
            f"{path}, line {number}: expected min_x min_y max_x max_y, found {line!r:.80}"
        )
    return box
