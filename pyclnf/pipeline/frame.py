"""A picture by itself or of a sequence."""

from __future__ import annotations

from dataclasses import dataclass

from pyclnf.typing import AnyArray

__all__ = ["Frame"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture.

    Attributes
    ----------
    name : str
        The stem of its file's name; of a video, the video's.
    pixels : (H, W, 3) uint8
        Blue, green, red.
    number : int
        In a sequence, from 1.
    timestamp : float
        Seconds from the beginning of a sequence; 0 where nothing tells the time.
    """

    name: str
    pixels: AnyArray
    number: int = 1
    timestamp: float = 0.0
