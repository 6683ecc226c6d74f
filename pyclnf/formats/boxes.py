"""OpenFace's files of boxes: ``STEM.txt`` of a picture, with lines ``min_x min_y max_x max_y``.

:func:`pyclnf.detection.read_box_lines` reads them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pyclnf.typing import Float32Array

__all__ = ["write_boxes"]


def write_boxes(path: Path, boxes: Float32Array) -> None:
    """Write boxes.

    Parameters
    ----------
    path : Path
    boxes : (k, 4) float32
        x, y, width, height in px.
    """
    corners = np.asarray(boxes, np.float64).reshape(-1, 4).copy()
    corners[:, 2:] += corners[:, :2]
    path.write_text("".join(f"{' '.join(map(repr, line))}\n" for line in corners.tolist()), "ascii")
