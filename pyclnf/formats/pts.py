"""``.pts`` files: landmarks as annotations of the 300-W kind, counted from 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pyclnf.typing import AnyArray, Float64Array

__all__ = ["PtsFileError", "read_pts", "write_pts"]

_LARGEST_FILE = 2**24  # bytes
_MOST_DECIMALS = 17
_MOST_DIGITS = 9


class PtsFileError(ValueError):
    """A ``.pts`` file that is missing or holds something else; says where."""


def write_pts(path: Path, landmarks: AnyArray, decimals: int = 3) -> None:
    """Write landmarks.

    Parameters
    ----------
    path : Path
    landmarks : (n, 2) array
        x, y in px; (0, 0) is the centre of the top left pixel, (1, 1) in the file.
    decimals : int
        From 0 to 17.

    Raises
    ------
    ValueError
        Naming the argument, if the landmarks are not finite (n, 2) or the decimals out of range.
    """
    points = np.asarray(landmarks, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"landmarks: expected finite (n, 2), got {points.shape}: {points!r:.80}")
    if not 0 <= decimals <= _MOST_DECIMALS:
        raise ValueError(f"decimals: must be from 0 to {_MOST_DECIMALS}, got {decimals}")
    lines = [f"{x:.{decimals}f} {y:.{decimals}f}" for x, y in points + 1]
    head = ("version: 1", f"n_points: {len(points)}", "{")
    path.write_text("\n".join((*head, *lines, "}", "")), "ascii")


def read_pts(path: Path) -> Float64Array:
    """Read landmarks: (n, 2) float64, px, (0, 0) being the centre of the top left pixel.

    Raises
    ------
    PtsFileError
        Naming the line, if the file is missing, damaged or of another kind.
    """
    lines = _lines(path)
    n_points, start = _head(path, lines)
    end = start + n_points
    closed = [index for index, line in enumerate(lines[start:]) if line.strip() == "}"]
    if closed[:1] != [n_points]:
        found = closed[0] if closed else f"{len(lines) - start} lines and no '}}'"
        raise PtsFileError(f"{path}: expected {n_points} points and then '}}', found {found}")
    points = [_point(path, number, lines[number]) for number in range(start, end)]
    return np.array(points, np.float64).reshape(-1, 2) - 1


def _lines(path: Path) -> list[str]:
    """Return the lines of a file of moderate size."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise PtsFileError(f"{path}: is larger than {_LARGEST_FILE} bytes")
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PtsFileError(f"{path}: cannot be read: {error}") from error


def _head(path: Path, lines: list[str]) -> tuple[int, int]:
    """Return how many points there are and on which line they start."""
    n_points = None
    for number, line in enumerate(lines):
        keyword, _, value = line.partition(":")
        if line.strip() == "{":
            if n_points is None:
                break
            return n_points, number + 1
        if keyword.strip() == "n_points":
            digits = value.strip()
            if not (digits.isascii() and digits.isdigit()) or len(digits) > _MOST_DIGITS:
                raise PtsFileError(f"{path}, line {number + 1}: no number of points: {line!r:.80}")
            n_points = int(digits)
    raise PtsFileError(f"{path}: expected a line 'n_points: N' and a line '{{'")


def _point(path: Path, index: int, line: str) -> tuple[float, float]:
    """Return x and y as they stand on a line."""
    try:
        x, y = map(float, line.split())
    except ValueError:
        x = y = float("nan")
    if not np.isfinite((x, y)).all():
        raise PtsFileError(f"{path}, line {index + 1}: expected two numbers, found {line!r:.80}")
    return x, y
