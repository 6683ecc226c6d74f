"""Sequences made of one picture: a window that moves over it, so that the face moves in it.

Light may change from frame to frame, so that the face does not look the same either.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import TraceError

__all__ = ["LIGHTS", "MOVES", "frames_of", "room_of"]

Array = npt.NDArray[Any]

MOVES = ((20, 20), (25, 18), (36, 14), (39, 27), (30, 33))
"""Left and upper border of the window in each frame, px: walks of 5 to 14 px, a jolt among them."""
LIGHTS = (-224, -112, 0, 112, 224)
"""Light from the left, or if positive from the right: how much brighter each frame is at that
border than in the middle, and how much darker at the other, in 256ths."""
_ROOM = 40
_EVENLY = 256


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


def frames_of(
    picture: Array, moves: Array, size: Array, lights: Array | None = None
) -> list[Array]:
    """Return the frames of a sequence.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    moves : (k, 2) integers
        Left and upper border of the window, px.
    size : (2,) integers
        Its rows and columns.
    lights : (k,) integers, optional
        Of each frame, as in :data:`LIGHTS`; even light if not given.

    Raises
    ------
    TraceError
        If the window leaves the picture, or there is no light for each frame.
    """
    if lights is not None and len(lights) != len(moves):
        raise TraceError(f"{len(lights)} lights are not one for each of {len(moves)} frames")
    rows, columns = (int(side) for side in size)
    frames = []
    for left, upper in np.asarray(moves).tolist():
        frame = picture[max(upper, 0) : upper + rows, max(left, 0) : left + columns]
        if frame.shape[:2] != (rows, columns):
            raise TraceError(f"a window at {left}, {upper} leaves the picture")
        frames.append(np.ascontiguousarray(frame))
    if lights is None:
        return frames
    return [_lit(*each) for each in zip(frames, np.asarray(lights).tolist(), strict=True)]


def _lit(frame: Array, light: int) -> Array:
    """Return a frame in light from one side; whole numbers, the same on every machine."""
    last = frame.shape[1] - 1
    from_middle = 2 * np.arange(last + 1) - last
    brightness = np.maximum(_EVENLY + light * from_middle // max(last, 1), 0)
    lit = frame.astype(np.int64) * brightness[:, None] // _EVENLY
    return np.asarray(np.minimum(lit, 255).astype(np.uint8))
