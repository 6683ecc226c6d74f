"""Pictures in, grey values out.

Grey conversion is this project's own, in integers, so that landmarks do not depend on the image
library that is installed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from os import PathLike
from typing import Any

import numpy as np

from pyclnf.arguments import real_numbers, shown
from pyclnf.typing import AnyArray, ByteArray, Float32Array

__all__ = [
    "check_box",
    "check_picture",
    "check_pixels",
    "eight_bit_of",
    "is_on_device",
    "picture_size",
    "to_eight_bit",
    "to_grey",
]

_LUMA_BITS = 15
_BGR_WEIGHTS = np.array((3735, 19235, 9798), np.float32)
"""ITU-R BT.601 luma weights 0.114, 0.587, 0.299 in units of 2**-15."""

_PIXELS_AT_A_TIME = 1 << 16
"""Bounds the wider copies made of large pictures."""

_LARGEST_BOX = 1e6


def to_grey(image: AnyArray) -> ByteArray:
    """Convert a picture to grey values 0 … 255.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        Grey, or colour in the order blue, green, red. uint8 is taken as it is; uint16 is divided
        by 256 and rounded to 8 bits; floating point must lie within [0, 1], is multiplied by 255
        and rounded to 8 bits.

    Returns
    -------
    (H, W) uint8
        Colours are weighted by ITU-R BT.601 and rounded half up, in integers.

    Raises
    ------
    ValueError
        Naming ``image``, if it is empty, has another rank, channel count or dtype, floating
        point values that are not finite or not within [0, 1], or lies in a GPU's memory.
    """
    pixels = check_picture(image)
    grey = np.empty(pixels.shape[:2], np.uint8)
    for rows in _some_rows(pixels):
        grey[rows] = _grey_of(eight_bit_of(pixels[rows]))
    return grey


def to_eight_bit(image: AnyArray) -> ByteArray:
    """Convert a picture to values 0 … 255; takes and refuses what :func:`to_grey` does.

    Returns
    -------
    (H, W) or (H, W, 3) uint8
        The picture itself if it is of that dtype.
    """
    pixels = check_picture(image)
    if pixels.dtype == np.uint8:
        return pixels
    converted = np.empty(pixels.shape, np.uint8)
    for rows in _some_rows(pixels):
        converted[rows] = eight_bit_of(pixels[rows])
    return converted


def check_box(bbox: object, image_shape: tuple[int, ...]) -> Float32Array:
    """Check a face box against a picture.

    Parameters
    ----------
    bbox : sequence of four numbers
        x, y, width, height in px; may stick out of the picture.
    image_shape : tuple of int
        Height and width first.

    Returns
    -------
    (4,) float32

    Raises
    ------
    ValueError
        Naming ``bbox``, if it is not four finite numbers, has no area, is absurdly large, or does
        not overlap the picture.
    """
    box = real_numbers("bbox", bbox, "four numbers x, y, width, height")
    if box.shape != (4,):
        raise ValueError(f"bbox: expected four numbers x, y, width, height, got shape {box.shape}")
    if not np.isfinite(box).all():
        raise ValueError(f"bbox: x, y, width, height must be finite, got {box.tolist()}")
    if np.abs(box).max() > _LARGEST_BOX:
        raise ValueError(f"bbox: no coordinate may exceed {_LARGEST_BOX:g} px, got {box.tolist()}")
    rounded = box.astype(np.float32)
    x, y, width, height = (float(v) for v in rounded)
    if width <= 0 or height <= 0:
        raise ValueError(f"bbox: width and height must be positive, got {width:g} and {height:g}")
    rows, columns = image_shape[:2]
    if x >= columns or y >= rows or x + width <= 0 or y + height <= 0:
        raise ValueError(
            f"bbox: {box.tolist()} lies wholly outside the picture, which is {columns} x {rows} px"
        )
    return rounded


def check_picture(image: AnyArray) -> AnyArray:
    """Return a picture as an array that can be converted, or raise a ValueError."""
    if is_on_device(image) and not isinstance(image, np.ndarray):
        raise ValueError(
            "image: lies in a GPU's memory, and this backend takes pictures of the host only; "
            "copy it there, or choose backend 'cuda'"
        )
    picture_size(image)
    pixels = np.asarray(image)
    _check_values(pixels)
    return pixels


def check_pixels(pixels: Any) -> None:
    """Raise a ValueError unless an array, of NumPy or like it, is a picture."""
    picture_size(pixels)
    _check_values(pixels)


def picture_size(image: Any) -> tuple[int, int]:
    """Return the height and width of a picture, or raise a ValueError if no picture is so shaped.

    Its values may lie anywhere, and are not looked at.
    """
    if image is None or isinstance(image, str | PathLike):
        raise ValueError(
            f"image: expected an array, got {shown(image)}; read the picture first, and see that "
            f"this succeeded (OpenCV's imread returns None if not)"
        )
    try:
        shape = np.shape(image)
    except (TypeError, ValueError) as error:  # rows of different lengths
        raise ValueError(f"image: expected an array, got {shown(image)}") from error
    if len(shape) not in (2, 3) or shape[2:] not in ((), (3,)):
        got = shown(image) if shape == () else shape
        raise ValueError(
            f"image: expected shape (H, W) or (H, W, 3) in blue, green, red order, got {got}"
        )
    if 0 in shape:
        raise ValueError(f"image: is empty, shape {shape}")
    return shape[0], shape[1]


def is_on_device(image: object) -> bool:
    """Tell whether a picture is an array in a GPU's memory."""
    return hasattr(image, "__cuda_array_interface__")


def eight_bit_of(pixels: Any, xp: Any = np) -> Any:
    """Bring checked pixels of any accepted dtype to uint8; arrays of the namespace `xp`."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return xp.minimum(xp.rint(pixels / 256.0), 255).astype(np.uint8)
    return xp.rint(pixels * 255.0).astype(np.uint8)


def _some_rows(pixels: AnyArray) -> Iterator[slice]:
    """Cut a picture into rows few enough to be copied."""
    count = max(1, _PIXELS_AT_A_TIME // pixels.shape[1])
    return (slice(first, first + count) for first in range(0, len(pixels), count))


def _check_values(pixels: AnyArray) -> None:
    """Raise a ValueError unless a picture's dtype and values can be converted."""
    if pixels.dtype in (np.uint8, np.uint16):
        return
    if not np.issubdtype(pixels.dtype, np.floating):
        raise ValueError(
            f"image: dtype must be uint8, uint16 or floating point, got {pixels.dtype}"
        )
    lowest, highest = float(pixels.min()), float(pixels.max())
    if math.isnan(lowest) or math.isnan(highest):
        raise ValueError("image: holds values that are not a number")
    if not (lowest >= 0.0 and highest <= 1.0):
        raise ValueError(
            f"image: floating point values must lie within [0, 1], found {lowest:g} "
            f"to {highest:g}; divide by the white level, or convert to uint8"
        )


def _grey_of(pixels: ByteArray) -> ByteArray:
    """Weigh the colours of (h, W, 3) pixels; grey ones, (h, W), are left alone."""
    if pixels.ndim == 2:
        return pixels
    # Whole numbers below 2**24: exact in float32, however they are added.
    luma = pixels.astype(np.float32) @ _BGR_WEIGHTS
    luma += np.float32(1 << (_LUMA_BITS - 1))
    luma *= np.float32(2.0**-_LUMA_BITS)
    grey: ByteArray = luma.astype(np.uint8)
    return grey
