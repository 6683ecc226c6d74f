"""Face boxes: files of them, and OpenFace's own detector.

A box file is JSON, ``{"FACE": [x, y, width, height], …}`` in px; FACE is the stem of a picture's
file name. Numbers are taken as float32, as OpenFace does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.native import native
from openface_bridge.pictures import read_picture
from openface_bridge.trace import TraceError

__all__ = ["detect_boxes", "read_boxes", "write_boxes"]

Array = npt.NDArray[Any]


def read_boxes(path: Path) -> dict[str, Array]:
    """Read a box file: by face, (4,) float32.

    Raises
    ------
    TraceError
        If there is no such file, or it holds something else.
    """
    try:
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TraceError(f"{path}: not a readable box file: {error}") from error
    if not isinstance(stored, dict):
        raise TraceError(f'{path}: expected {{"FACE": [x, y, width, height], …}}')
    return {str(face): _box(path, face, numbers) for face, numbers in stored.items()}


def write_boxes(path: Path, boxes: Mapping[str, Array]) -> None:
    """Write a box file, with as many digits as give the same float32 numbers again."""
    stored = {face: [float(str(value)) for value in box] for face, box in boxes.items()}
    path.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n", "utf-8")


def detect_boxes(detector: Path, pictures: Mapping[str, Path]) -> dict[str, Array]:
    """Return the box of the widest face in each picture, as OpenFace's own programs choose.

    Pictures in which OpenFace's MTCNN detector finds no face are left out.
    """
    faces = native().FaceDetector(str(detector))
    found = {}
    for face, picture in pictures.items():
        boxes, _ = faces.detect(read_picture(picture))
        if len(boxes):
            found[face] = boxes[boxes[:, 2].argmax()]
    return found


def _box(path: Path, face: object, numbers: object) -> Array:
    """Return one box of a file, checked."""
    try:
        box = np.asarray(numbers, np.float32)
    except (TypeError, ValueError):
        box = np.zeros(0, np.float32)
    if box.shape != (4,) or not np.isfinite(box).all():
        raise TraceError(f"{path}: the box of {face!r} must be four finite numbers, is {numbers!r}")
    return box
