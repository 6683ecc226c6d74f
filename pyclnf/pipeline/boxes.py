"""Where faces are, told by the user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pyclnf.arguments import file_path, real_numbers, shown
from pyclnf.detection import BoxFileError, read_box_lines
from pyclnf.pipeline.engine import FindBoxes
from pyclnf.pipeline.frame import Frame
from pyclnf.typing import Float32Array

__all__ = ["boxes_of_folder", "same_boxes"]


def same_boxes(boxes: Sequence[Sequence[float]]) -> FindBoxes:
    """Return the same boxes for every picture: x, y, width, height in px each."""
    expected = "boxes, (k, 4)"
    with np.errstate(over="ignore"):  # whoever fits refuses what is not finite
        found = real_numbers("boxes", boxes, expected).astype(np.float32)
    if found.size and found.shape[1:] != (4,):
        raise ValueError(f"boxes: expected {expected}, got {shown(boxes)}")
    return lambda frame: found.reshape(-1, 4)


def boxes_of_folder(folder: Path, report: Callable[[str], None]) -> FindBoxes:
    """Return what each picture's box file says, see :func:`pyclnf.detection.read_box_lines`.

    Where a file is missing or damaged, `report` is told, and no face is looked for.
    """
    place = file_path("folder", folder)

    def find(frame: Frame) -> Float32Array:
        try:
            return read_box_lines(place / f"{frame.name}.txt")
        except BoxFileError as error:
            report(f"{error}; no face is looked for in {frame.name}")
            return np.empty((0, 4), np.float32)

    return find
