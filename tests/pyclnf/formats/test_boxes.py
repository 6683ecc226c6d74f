from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pyclnf.formats.boxes import BoxFileError, read_boxes, write_boxes


def test_written_and_read(tmp_path: Path):
    path = tmp_path / "face.txt"
    boxes = np.array([(1.1, 2.2, 30.3, 40.4), (-5, 6, 70, 80)], np.float32)
    write_boxes(path, boxes)
    assert path.read_text().splitlines()[1] == "-5.0 6.0 65.0 86.0"
    assert np.array_equal(read_boxes(path), boxes)


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_no_face(text: str, tmp_path: Path):
    path = tmp_path / "face.txt"
    path.write_text(text)
    assert read_boxes(path).shape == (0, 4)


@pytest.mark.parametrize("line", ["1 2 3", "1 2 3 4 5", "1 2 one 4", "1 2 nan 4", "5 5 1 9"])
def test_bad_lines(line: str, tmp_path: Path):
    path = tmp_path / "face.txt"
    path.write_text(f"1 2 3 4\n{line}\n")
    with pytest.raises(BoxFileError, match=r"face\.txt, line 2: expected min_x"):
        read_boxes(path)


def test_no_file(tmp_path: Path):
    with pytest.raises(BoxFileError, match=r"face\.txt: no boxes can be read"):
        read_boxes(tmp_path / "face.txt")
