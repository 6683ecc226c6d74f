"""Sequences made of one picture: a window that moves over it, so that the face moves in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import TraceError

__all__ = ["MOVES", "frames_of", "room_of"]

Array = npt.NDArray[Any]

MOVES = ((20, 20), (25, 18), (36, 14), (39, 27), (30, 33))
"""Left and upper border of the window in each frame, px: walks of 5 to 14 px, a jolt among them."""
_ROOM = 40


def room_of(picture: Array) -> tuple[int, int]:
    """Return rows and columns of the window.

    Raises
    ------
    TraceError
        If the picture is too small to move in.
    """
    rows, columns = picture.shape[0] - _ROOM, picture.shape[1] - _ROOM
    if min(rows, columns) < 1:
        raise TraceError(f"a picture of {picture.shape[1]} x {picture.shape[0]} px is too small")
    return rows, columns


def frames_of(picture: Array, moves: Array, size: Array) -> list[Array]:
    """Return the frames of a sequence.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    moves : (k, 2) integers
        Left and upper border of the window, px.
    size : (2,) integers
        Its rows and columns.

    Raises
    ------
    TraceError
        If the window leaves the picture.
    """
    rows, columns = (int(side) for side in size)
    frames = []
    for left, upper in np.asarray(moves).tolist():
        frame = picture[max(upper, 0) : upper + rows, max(left, 0) : left + columns]
        if frame.shape[:2] != (rows, columns):
            raise TraceError(f"a window at {left}, {upper} leaves the picture")
        frames.append(np.ascontiguousarray(frame))
    return frames
