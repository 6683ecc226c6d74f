from __future__ import annotations

from pathlib import Path

import numpy as np

from pyclnf.detection import read_box_lines
from pyclnf.formats.boxes import write_boxes


def test_written_and_read(tmp_path: Path):
    path = tmp_path / "face.txt"
    boxes = np.array([(1.1, 2.2, 30.3, 40.4), (-5, 6, 70, 80)], np.float32)
    write_boxes(path, boxes)
    assert path.read_text().splitlines()[1] == "-5.0 6.0 65.0 86.0"
    assert np.array_equal(read_box_lines(path), boxes)


def test_no_face(tmp_path: Path):
    path = tmp_path / "face.txt"
    write_boxes(path, np.empty((0, 4), np.float32))
    assert read_box_lines(path).shape == (0, 4)
