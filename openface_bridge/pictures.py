"""Pictures on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from openface_bridge.trace import TraceError
from pyclnf.pipeline import pictures

__all__ = ["encode_jpeg", "find_picture", "find_pictures", "read_picture"]

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


def find_pictures(places: Sequence[Path]) -> dict[str, Path]:
    """Return pictures by the stems of their names: files, and all in folders.

    Raises
    ------
    TraceError
        If a place does not exist, or two pictures have one stem.
    """
    found: dict[str, Path] = {}
    for path in (picture for place in places for picture in _pictures_in(place)):
        if found.setdefault(path.stem, path) != path:
            raise TraceError(f"{path} and {found[path.stem]} have the same stem")
    return found


def _pictures_in(place: Path) -> list[Path]:
    """Return the pictures in a folder by name, or the one that a place is itself."""
    if place.is_dir():
        return sorted(path for path in place.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not place.is_file():
        raise TraceError(f"{place}: no such picture or folder of pictures")
    return [place]


def read_picture(path: Path) -> npt.NDArray[Any]:
    """Read a picture as (H, W, 3) blue, green, red.

    Raises
    ------
    TraceError
        If it cannot be read or decoded.
    """
    try:
        return pictures.read_picture(path)
    except pictures.PictureError as error:
        raise TraceError(str(error)) from error


def encode_jpeg(pixels: npt.NDArray[Any], quality: int = 85) -> bytes:
    """Encode a picture as JPEG."""
    import cv2

    _, encoded = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return encoded.tobytes()
