"""Faces drawn on a picture: landmarks, box, and the axes of the head."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pyclnf.image import to_grey
from pyclnf.pipeline.face import FaceResult
from pyclnf.rotation import euler_to_matrix
from pyclnf.typing import AnyArray, ByteArray, Float32Array

__all__ = ["draw_faces"]

Colour = tuple[int, int, int]

_SHIFT = 4  # bits of a pixel's fraction that OpenCV draws with
_FURTHEST = 1e5  # px; beyond that OpenCV's own integers end
_LANDMARK: Colour = (0, 0, 255)
_RIM: Colour = (255, 255, 255)
_BOX: Colour = (0, 200, 0)
_FAILED: Colour = (160, 160, 160)
_AXES: tuple[Colour, ...] = ((0, 0, 255), (0, 255, 0), (255, 0, 0))
"""Blue, green, red of x (to the right), y (down), z (away)."""


def draw_faces(pixels: AnyArray, faces: Iterable[FaceResult]) -> ByteArray:
    """Draw faces on a copy of a picture.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) array
        As :func:`pyclnf.image.to_grey` takes it; colours of 8 bits are kept.
    faces : iterable of FaceResult
        What failed is drawn in grey, without landmarks or box that are not finite.

    Returns
    -------
    (H, W, 3) uint8
        Blue, green, red.
    """
    canvas = _canvas(pixels)
    for face in faces:
        if not np.isfinite(face.box).all():
            continue  # nobody knows where it is
        extent = min(float(face.box[2:].max()), _FURTHEST)
        _draw_box(canvas, face, _thickness(extent))
        if np.isfinite(face.landmarks).all():
            _draw_axes(canvas, face, _thickness(extent))
            _draw_landmarks(canvas, face, max(1.0, extent / 90))
    return canvas


def _canvas(pixels: AnyArray) -> ByteArray:
    """Return a copy in colour, 8 bits."""
    if pixels.dtype == np.uint8 and pixels.ndim == 3:
        return np.ascontiguousarray(pixels).copy()
    return np.repeat(to_grey(pixels)[:, :, None], 3, axis=2)


def _thickness(extent: float) -> int:
    """Return the width of lines of a face of some size."""
    return max(1, round(extent / 120))


def _draw_box(canvas: ByteArray, face: FaceResult, thickness: int) -> None:
    """Draw the box where the search began."""
    import cv2

    x, y, width, height = face.box
    first, last = _fixed(np.array([(x, y), (x + width, y + height)]))
    colour = _BOX if face.success else _FAILED
    cv2.rectangle(canvas, first, last, colour, thickness, cv2.LINE_AA, _SHIFT)


def _draw_landmarks(canvas: ByteArray, face: FaceResult, radius: float) -> None:
    """Draw a dot with a rim on each landmark."""
    import cv2

    inside, outside = (round(size * 2**_SHIFT) for size in (radius, radius + 1))
    colour = _LANDMARK if face.success else _FAILED
    for centre in _fixed(face.landmarks):
        cv2.circle(canvas, centre, outside, _RIM, cv2.FILLED, cv2.LINE_AA, _SHIFT)
        cv2.circle(canvas, centre, inside, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _draw_axes(canvas: ByteArray, face: FaceResult, thickness: int) -> None:
    """Draw the head's axes as the fit's own weak perspective sees them."""
    import cv2

    middle = face.landmarks.mean(axis=0)
    for tip, colour in zip(_axes(face, middle), _AXES, strict=True):
        start, end = _fixed(np.stack((middle, tip)))
        cv2.line(canvas, start, end, colour, thickness, cv2.LINE_AA, _SHIFT)


def _axes(face: FaceResult, middle: Float32Array) -> list[npt.NDArray[np.float32]]:
    """Return where the ends of the axes lie, half a box long."""
    rotation = euler_to_matrix(face.params_global[1:4])
    length = float(face.box[2:].mean()) / 2
    return [middle + length * rotation[:2, axis] for axis in range(3)]


def _fixed(points: npt.NDArray[np.floating]) -> list[tuple[int, int]]:
    """Return points in OpenCV's fixed point numbers, within what they can hold."""
    near = np.clip(points, -_FURTHEST, _FURTHEST)
    return [(round(float(x) * 2**_SHIFT), round(float(y) * 2**_SHIFT)) for x, y in near]
