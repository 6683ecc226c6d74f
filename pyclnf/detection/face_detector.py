"""Face detectors of any kind: what is expected of one, and whether it keeps to it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from pyclnf.arguments import function, real_numbers
from pyclnf.image import check_box, picture_size
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["FaceDetector", "find_boxes"]


class FaceDetector(Protocol):
    """Anything that can be called with a picture and returns the boxes of faces in it.

    A function will do, as will :class:`pyclnf.detection.MTCNN`.
    """

    def __call__(self, image: AnyArray, /) -> npt.ArrayLike:
        """Return boxes, (k, 4): x, y, width, height in px.

        Boxes are expected to lie around the landmarks: from the brows to the chin, not the whole
        head. ``image`` is the user's own, (H, W) or (H, W, 3) in blue, green, red order.
        """
        ...


def find_boxes(detector: FaceDetector, image: AnyArray) -> Float32Array:
    """Return the boxes that a detector finds in a picture, checked.

    Parameters
    ----------
    detector : FaceDetector
    image : (H, W) or (H, W, 3) array

    Returns
    -------
    (k, 4) float32
        x, y, width, height in px, in the detector's own order.

    Raises
    ------
    ValueError
        Naming ``image``, if it has not the shape of a picture; or ``detector``, if it cannot be
        called, or returns anything but four finite numbers per face, or a box without area or
        outside the picture.
    """
    function("detector", detector, "a picture")
    size = picture_size(image)
    boxes = real_numbers("detector", detector(image), "it to return boxes, (k, 4)")
    if boxes.size == 0 and boxes.ndim in (1, 2):
        return np.empty((0, 4), np.float32)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"detector: expected it to return boxes, (k, 4), got {boxes.shape}")
    return np.stack([_checked(box, i, size) for i, box in enumerate(boxes)])


def _checked(box: AnyArray, index: int, size: tuple[int, int]) -> Float32Array:
    """Return one box, or raise a ValueError that says which it is."""
    try:
        return check_box(box, size)
    except ValueError as error:
        raise ValueError(f"detector: returned for face {index} a bad {error}") from error
