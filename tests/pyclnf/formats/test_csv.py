from __future__ import annotations

import csv
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from support.face_results import made_up_face

from pyclnf.formats.csv_file import CsvFile
from pyclnf.formats.csv_layout import BLOCKS, CsvLayout
from pyclnf.pipeline.frame import Frame

FRAME = Frame("clip", np.zeros((2, 2, 3), np.uint8), number=7, timestamp=0.2)
POSE = "pose_Tx,pose_Ty,pose_Tz,pose_Rx,pose_Ry,pose_Rz"


def layout(
    *blocks: str, sequence: bool = False, precision: int | None = None, n: int = 3, m: int = 2
) -> CsvLayout:
    return CsvLayout(n, m, frozenset(blocks), sequence, precision)


def test_openfaces_header_of_a_picture():
    numbers = range(68)
    expected = [
        *("face", "confidence", *POSE.split(",")),
        *(f"{axis}_{i}" for axis in "xyXYZ" for i in numbers),
        *("p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty"),
        *(f"p_{i}" for i in range(34)),
    ]
    assert layout(*BLOCKS, n=68, m=34).header == expected


def test_openfaces_header_of_a_sequence():
    header = ",".join(layout("pose", sequence=True).header)
    assert header == f"frame,face_id,timestamp,confidence,success,{POSE}"


@pytest.mark.parametrize("chosen", [(), ("params",), ("params", "landmarks_2d")])
def test_only_the_blocks_asked_for_in_openfaces_order(chosen: tuple[str, ...]):
    names = {
        "landmarks_2d": ["x_0", "y_0"],
        "params": [f"p_{k}" for k in ("scale", "rx", "ry", "rz", "tx", "ty")],
    }
    expected = [name for block in BLOCKS if block in chosen for name in names[block]]
    assert layout(*chosen, n=1, m=0).header == ["face", "confidence", *expected]


def test_openfaces_decimals():
    face = made_up_face(
        n_landmarks=1,
        n_modes=1,
        confidence=0.98765,
        pose=np.array((1.26, -0.04, 300, 0.12345, 0, -1)),
        landmarks_3d=np.array([(1.26, 2.34, 300.06)]),
    )
    row = layout(*BLOCKS, n=1, m=1).row(FRAME, face)
    assert row[:2] == ["0", "0.988"]
    assert row[2:8] == ["1.3", "-0.0", "300.0", "0.123", "0.000", "-1.000"]
    assert row[8:10] == ["0.2", "0.8"]
    assert row[10:13] == ["1.3", "2.3", "300.1"]
    assert row[13:] == ["1.500", "0.100", "-0.200", "0.300", "25.000", "35.000", "-0.500"]


def test_leading_columns_of_a_sequence():
    failed = made_up_face(face_id=2, success=False, confidence=0.98765)
    assert layout(sequence=True).row(FRAME, failed) == ["7", "2", "0.200", "0.99", "0"]


def test_more_decimals():
    row = layout("landmarks_2d", precision=6, sequence=True).row(FRAME, made_up_face())
    assert row[2] == "0.200000"
    assert row[-1] == "40.750000"


def test_what_is_not_known_is_nan():
    face = made_up_face()
    row = layout(*BLOCKS).row(FRAME, face)
    assert len(row) == len(layout(*BLOCKS).header)
    assert row[1] == "nan"
    assert row[2:8] == ["nan"] * 6


@pytest.mark.parametrize("precision", [-1, 18])
def test_precision_out_of_range(precision: int):
    with pytest.raises(ValueError, match="precision: must be from 0 to 17"):
        layout(precision=precision)


def test_unknown_block():
    with pytest.raises(ValueError, match="blocks: there is no 'gaze'"):
        layout("gaze")


def test_a_file_holds_whole_frames_at_any_moment(tmp_path: Path):
    path = tmp_path / "clip.csv"
    chosen = layout("landmarks_2d", sequence=True)
    with closing(CsvFile(path, chosen)) as file:
        assert path.read_text() == ",".join(chosen.header) + "\n"
        file.write(FRAME, [made_up_face(), made_up_face(face_id=1)])
        with path.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert [row["face_id"] for row in rows] == ["0", "1"]
        assert [row["y_2"] for row in rows] == ["40.8", "40.8"]
        file.write(FRAME, [])
    assert len(path.read_text().splitlines()) == 3
