"""Where fits start: files of boxes and head poses, and OpenFace's own detector.

A box file is JSON, by FACE, the stem of a picture's file name: ``[x, y, width, height]`` in px, or
``{"box": [x, y, width, height], "rotation": [rx, ry, rz]}`` with Euler angles in radians. Numbers
are taken as float32, as OpenFace does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.native import native
from openface_bridge.pictures import read_picture
from openface_bridge.starts import Start
from openface_bridge.trace import TraceError
from pyclnf.reasons import reason_of

__all__ = ["detect_starts", "read_starts", "write_starts"]

Array = npt.NDArray[Any]


def read_starts(path: Path) -> dict[str, Start]:
    """Read a box file, by face.

    Raises
    ------
    TraceError
        If there is no such file, or it holds something else.
    """
    try:
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TraceError(f"{path}: not a readable box file: {reason_of(error)}") from error
    if not isinstance(stored, dict):
        raise TraceError(f'{path}: expected {{"FACE": [x, y, width, height], …}}')
    return {str(face): _start(path, face, entry) for face, entry in stored.items()}


def write_starts(path: Path, starts: Mapping[str, Start]) -> None:
    """Write a box file, with as many digits as give the same float32 numbers again."""
    stored = {face: _entry(start) for face, start in starts.items()}
    path.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n", "utf-8")


def detect_starts(detector: Path, pictures: Mapping[str, Path]) -> dict[str, Start]:
    """Return the box of the widest face in each picture, as OpenFace's own programs choose.

    Pictures in which OpenFace's MTCNN detector finds no face are left out.
    """
    faces = native().FaceDetector(str(detector))
    found = {}
    for face, picture in pictures.items():
        boxes, _ = faces.detect(read_picture(picture))
        if len(boxes):
            found[face] = Start(boxes[boxes[:, 2].argmax()])
    return found


def _entry(start: Start) -> Any:
    """Return what a box file says about a face: a list if it starts upright."""
    box = [float(str(value)) for value in start.box]
    if not start.rotation.any():
        return box
    return {"box": box, "rotation": [float(str(value)) for value in start.rotation]}


def _start(path: Path, face: object, entry: object) -> Start:
    """Return one entry of a file, checked."""
    if not isinstance(entry, dict):
        return Start(_numbers(path, f"the box of {face!r}", entry, 4))
    if "box" not in entry or not entry.keys() <= {"box", "rotation"}:
        raise TraceError(f"{path}: {face!r} must have a 'box' and may have a 'rotation'")
    box = _numbers(path, f"the box of {face!r}", entry["box"], 4)
    rotation = _numbers(path, f"the rotation of {face!r}", entry.get("rotation", (0, 0, 0)), 3)
    if np.abs(rotation).max() > np.float32(math.pi):
        raise TraceError(f"{path}: the rotation of {face!r} must be in radians, from -π to π")
    return Start(box, rotation)


def _numbers(path: Path, what: str, given: object, count: int) -> Array:
    """Return finite float32 numbers."""
    try:
        numbers = np.asarray(given, np.float32)
    except (TypeError, ValueError):
        numbers = np.zeros(0, np.float32)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise TraceError(f"{path}: {what} must be {count} finite numbers, is {given!r}")
    return numbers
