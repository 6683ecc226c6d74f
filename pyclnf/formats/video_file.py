"""Writing videos with faces drawn on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pyclnf.typing import ByteArray

if TYPE_CHECKING:
    import cv2

__all__ = ["VideoFile"]

_CODEC = "MJPG"  # OpenCV writes it by itself, wherever it runs


class VideoFile:
    """A video, opened with its first frame; ``.avi``.

    Parameters
    ----------
    path : Path
    rate : float
        Frames per second.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self._path = path
        self._rate = rate
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def write(self, pixels: ByteArray) -> None:
        """Append a frame (H, W, 3), scaled to the first one's size if it has another.

        Raises
        ------
        OSError
            If the video cannot be written.
        """
        import cv2

        if self._writer is None:
            self._size = (pixels.shape[1], pixels.shape[0])
            code = cv2.VideoWriter.fourcc(*_CODEC)
            self._writer = cv2.VideoWriter(str(self._path), code, self._rate, self._size)
            if not self._writer.isOpened():
                raise OSError(f"{self._path}: OpenCV cannot write a video there")
        if pixels.shape[1::-1] != self._size:
            pixels = np.asarray(cv2.resize(pixels, self._size), np.uint8)
        self._writer.write(pixels)

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.release()
