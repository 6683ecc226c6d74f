"""Pictures on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pyclnf.arguments import file_path
from pyclnf.reasons import reason_of
from pyclnf.typing import ByteArray

__all__ = ["PictureError", "find_pictures", "read_picture"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


class PictureError(ValueError):
    """A picture, a folder of pictures or a video that cannot be read; says which and why."""


def find_pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder by name.

    Raises
    ------
    PictureError
        If it is no folder, or holds none.
    """
    place = file_path("folder", folder)
    if not place.is_dir():
        raise PictureError(f"{folder}: there is no such folder")
    found = sorted(path for path in place.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not found:
        raise PictureError(f"{folder}: holds no picture ({', '.join(_SUFFIXES)})")
    return found


def read_picture(path: Path) -> ByteArray:
    """Read a picture: (H, W, 3) uint8, blue, green, red.

    Raises
    ------
    PictureError
        If it cannot be read or decoded.
    """
    import cv2

    try:
        # Decoded from bytes: OpenCV's own file reading fails silently on some path names.
        encoded = np.frombuffer(file_path("path", path).read_bytes(), np.uint8)
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {reason_of(error)}") from error
    try:
        pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    except cv2.error as error:  # a picture beyond OpenCV's limits of size
        raise PictureError(f"{path}: OpenCV cannot decode it: {error.err}") from error
    if pixels is None:
        raise PictureError(f"{path}: not a picture that OpenCV can decode")
    return np.asarray(pixels, np.uint8)
