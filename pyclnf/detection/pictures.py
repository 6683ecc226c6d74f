"""What the networks look at: scaled pictures and square parts of them.

Planes are (3, H, W) uint8, red, green, blue.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pyclnf.model.face_detector_file import PROPOSAL_SIZE
from pyclnf.typing import ByteArray, Float32Array, IntArray

__all__ = ["Level", "Picture", "Square", "levels", "normalised", "squares", "to_planes"]

_PYRAMID_FACTOR = Fraction(0.709)
"""From one level to the next: half of the area. Its powers are exact, then rounded."""


@dataclass(frozen=True, slots=True)
class Level:
    """A scaled picture.

    Attributes
    ----------
    scale : float
    height, width : int
    """

    scale: float
    height: int
    width: int


def levels(height: int, width: int, smallest_face: int) -> Iterator[Level]:
    """Yield the levels of a picture's pyramid, the largest first.

    None if the picture's shorter side is below the smallest face.
    """
    power = Fraction(1)
    while min(height, width) * power >= smallest_face:
        scale = (PROPOSAL_SIZE / smallest_face) * float(power)
        yield Level(scale, math.ceil(height * scale), math.ceil(width * scale))
        power *= _PYRAMID_FACTOR


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A whole picture, as a source to scale."""

    planes: ByteArray

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.planes.shape[1], self.planes.shape[2]

    def pixels(self, rows: IntArray, columns: IntArray) -> Float32Array:
        """Return the pixels of some rows and columns, (3, r, c)."""
        return self.planes[:, rows[:, None], columns].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Square:
    """A part of a picture, as a source to scale; black where it sticks out.

    Attributes
    ----------
    planes : (3, H, W) uint8
    left, upper, side : int
        px.
    """

    planes: ByteArray
    left: int
    upper: int
    side: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.side, self.side

    def pixels(self, rows: IntArray, columns: IntArray) -> Float32Array:
        """Return the pixels of some rows and columns, (3, r, c)."""
        _, height, width = self.planes.shape
        y, x = rows + self.upper, columns + self.left
        inside = ((y >= 0) & (y < height))[:, None] & (x >= 0) & (x < width)
        nearest = self.planes[:, np.clip(y, 0, height - 1)[:, None], np.clip(x, 0, width - 1)]
        return np.where(inside, nearest, 0).astype(np.float32)


def squares(boxes: Float32Array) -> IntArray:
    """Return the left, upper and side of the squares that networks look at, (k, 3).

    *Quirk:* they start one px further left and up than the boxes, and are one px longer.

    Parameters
    ----------
    boxes : (k, 4) float32
        Squares of whole px.
    """
    whole = boxes[:, :3].astype(np.intp)
    return whole + np.array([-1, -1, 1], np.intp)


def to_planes(image: ByteArray) -> ByteArray:
    """Return the planes of a picture, (H, W) grey or (H, W, 3) blue, green, red."""
    if image.ndim == 2:
        return np.ascontiguousarray(np.broadcast_to(image, (3, *image.shape)))
    return np.ascontiguousarray(image[:, :, ::-1].transpose(2, 0, 1))


def normalised(values: Float32Array) -> Float32Array:
    """Return grey values 0 … 255 as networks take them, about -1 … 1."""
    return values * np.float32(2.0**-7) - np.float32(127.5 * 2.0**-7)
