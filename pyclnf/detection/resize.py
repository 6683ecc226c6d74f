"""Scaling pictures as the reference's image library does; this project's own, in float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pyclnf.typing import Float32Array, IntArray

__all__ = ["Neighbours", "Source", "neighbours", "resize"]


class Source(Protocol):
    """A picture that tells its pixels."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        ...

    def pixels(self, rows: IntArray, columns: IntArray) -> Float32Array:
        """Return the pixels of some rows and columns: (r,), (c,) -> (3, r, c) float32."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The two pixels of a row or column between which each pixel of a scaled one lies.

    Attributes
    ----------
    first, second : (n,) intp
    weight : (n,) float32
        Of the second; the first has 1 - weight.
    """

    first: IntArray
    second: IntArray
    weight: Float32Array

    @property
    def weight_of_first(self) -> Float32Array:
        """1 - weight, rounded."""
        return np.float32(1) - self.weight


def neighbours(length: int, new_length: int, *, keep_weights: bool) -> Neighbours:
    """Return where the centres of `new_length` pixels lie among those of `length`.

    Parameters
    ----------
    length, new_length : int
    keep_weights : bool
        Beyond the first and last pixel, blend these with themselves, which may round. Otherwise
        they are taken as they are.
    """
    scale = 1.0 / (new_length / length)
    position = ((np.arange(new_length) + 0.5) * scale - 0.5).astype(np.float32)
    before = np.floor(position)
    first = before.astype(np.intp)
    weight = position - before
    if not keep_weights:
        weight[(first < 0) | (first >= length - 1)] = 0
    return Neighbours(np.clip(first, 0, length - 1), np.clip(first + 1, 0, length - 1), weight)


def resize(source: Source, height: int, width: int) -> Float32Array:
    """Scale a picture to a size: (3, height, width) float32.

    Bilinear between the four nearest pixels, without smoothing before. Of 8-bit pictures, that is
    also what the reference's own way to exactly half the size gives.

    *Quirk:* weights beyond the borders are kept in columns, not in rows.
    """
    rows, columns = source.shape
    down = neighbours(rows, height, keep_weights=True)
    along = neighbours(columns, width, keep_weights=False)
    blended = _blend_along(source, down.first, along) * down.weight_of_first[:, None]
    blended += _blend_along(source, down.second, along) * down.weight[:, None]
    return blended


def _blend_along(source: Source, rows: IntArray, along: Neighbours) -> Float32Array:
    """Interpolate along some rows."""
    blended = source.pixels(rows, along.first) * along.weight_of_first
    blended += source.pixels(rows, along.second) * along.weight
    return blended
