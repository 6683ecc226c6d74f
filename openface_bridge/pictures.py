"""Pictures on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import TraceError

__all__ = ["encode_jpeg", "find_picture", "read_picture"]

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


def find_picture(folder: Path, stem: str) -> Path:
    """Return the picture of a face.

    Raises
    ------
    TraceError
        If there is none of that name.
    """
    for suffix in _SUFFIXES:
        path = folder / f"{stem}{suffix}"
        if path.is_file():
            return path
    raise TraceError(f"{folder}: holds no picture {stem} ({', '.join(_SUFFIXES)})")


def read_picture(path: Path) -> npt.NDArray[Any]:
    """Read a picture as (H, W, 3) blue, green, red.

    Raises
    ------
    TraceError
        If it cannot be decoded.
    """
    import cv2

    # Decoded from bytes: OpenCV's own file reading fails silently on some path names.
    encoded = np.frombuffer(path.read_bytes(), np.uint8)
    pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if pixels is None:
        raise TraceError(f"{path}: not a picture that OpenCV can decode")
    return pixels


def encode_jpeg(pixels: npt.NDArray[Any], quality: int = 85) -> bytes:
    """Encode a picture as JPEG."""
    import cv2

    _, encoded = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return encoded.tobytes()
