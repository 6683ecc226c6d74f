from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

import pyclnf
from openface_bridge.fixtures import Embedded, Face
from pyclnf.cli import main
from pyclnf.formats.video_file import VideoFile

from .conftest import StubEngine

DONE, SKIPPED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    with closing(VideoFile(path, 10)) as video:
        for value in (10, 60, 110):
            video.write(np.full((48, 64, 3), value, np.uint8))
    return path


def test_a_video(engine: StubEngine, clip: Path, tmp_path: Path, capsys):
    out = tmp_path / "out"
    wanted = ["--csv", "--json", "--draw", "--out-dir", str(out)]
    assert main(["video", str(clip), *wanted]) == DONE
    said = capsys.readouterr()
    assert said.out == f"3 frames, 3 with a face, written to {out / 'clip'}.*\n"
    assert said.err == ""
    rows = rows_of(out / "clip.csv")
    assert [row["frame"] for row in rows] == ["1", "1", "2", "2", "3", "3"]
    assert [row["timestamp"] for row in rows[::2]] == ["0.000", "0.100", "0.200"]
    assert [row["success"] for row in rows[:2]] == ["1", "0"]
    document = json.loads((out / "clip.json").read_text("utf-8"))
    assert len(document["frames"]) == 3
    assert document["source"] == str(clip)
    drawn = cv2.VideoCapture(str(out / "clip.avi"))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    drawn.release()


@pytest.mark.parametrize("option", ["-f", "-fdir"])
def test_openfaces_options(engine: StubEngine, clip: Path, tmp_path: Path, option: str):
    source = clip
    if option == "-fdir":
        source = tmp_path / "frames"
        source.mkdir()
        cv2.imwrite(str(source / "a.png"), np.zeros((8, 8), np.uint8))
    out = tmp_path / "out"
    assert main(["video", option, str(source), "-out_dir", str(out), "-of", "result"]) == DONE
    assert [path.name for path in out.iterdir()] == ["result.csv"]


def test_unreadable_frames_are_told_and_skipped(engine: StubEngine, tmp_path: Path, capsys):
    folder = tmp_path / "frames"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        cv2.imwrite(str(folder / name), np.zeros((8, 8), np.uint8))
    (folder / "b.png").write_bytes(b"")
    assert main(["video", str(folder), "--out-dir", str(tmp_path / "out")]) == SKIPPED
    assert "b.png: not a picture that OpenCV can decode; frame 2 is" in capsys.readouterr().err
    assert [row["frame"] for row in rows_of(tmp_path / "out" / "frames.csv")[::2]] == ["1", "3"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "expected one video, folder or camera, got none"),
        (["clip.avi", "-fdir", "."], "got clip.avi and ."),
        (["nowhere.avi"], "there is no such video file or folder of pictures"),
        (["clip.avi", "--draw", "--out-dir", "."], "--draw would overwrite"),
        (["clip.avi", "--precision", "99"], "precision: must be from 0 to 17"),
    ],
)
def test_what_cannot_be_done(
    engine: StubEngine, clip: Path, arguments: list[str], problem: str, capsys, monkeypatch
):
    monkeypatch.chdir(clip.parent)
    before = clip.read_bytes()
    assert main(["video", *arguments]) == UNUSABLE
    assert problem in capsys.readouterr().err
    assert clip.read_bytes() == before
    assert engine.seen == []


RUN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from pyclnf.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to consoles, not to processes")
def test_after_ctrl_c_all_is_complete_to_the_last_frame(
    fixtures: Embedded, face: Face, tmp_path: Path
):
    folder, out = tmp_path / "frames", tmp_path / "out"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number:04}.png").symlink_to(face.picture)
    box = ",".join(map(str, face.box))
    arguments = ["--model", str(fixtures.model), "--backend", "numpy", "--bbox", box]
    wanted = ["--csv", "--json", "--draw", "--out-dir", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "video", str(folder), *arguments, *wanted],
        env={**os.environ, "PYTHONPATH": str(Path(pyclnf.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for_lines(process, out / "frames.csv", 4)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == INTERRUPTED, stderr
    assert "stopping after this picture" in stderr
    rows = rows_of(out / "frames.csv")
    assert 3 <= len(rows) < 3000
    told = f"{len(rows)} frames, {len(rows)} with a face, written to {out / 'frames'}.*\n"
    assert stdout == told
    assert [int(row["frame"]) for row in rows] == list(range(1, len(rows) + 1))
    assert all(None not in row and None not in row.values() for row in rows)
    document = json.loads((out / "frames.json").read_text("utf-8"))
    assert len(document["frames"]) == len(rows)
    drawn = cv2.VideoCapture(str(out / "frames.avi"))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == len(rows)
    drawn.release()


def wait_for_lines(process: subprocess.Popen[str], path: Path, n_lines: int) -> None:
    """Wait until a file has some lines."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if path.is_file() and path.read_bytes().count(b"\n") >= n_lines:
            return
        time.sleep(0.01)
    raise AssertionError(f"no {n_lines} lines in {path}")


def test_a_face_is_followed(fixtures: Embedded, face: Face, models: Path, tmp_path: Path):
    frames = tmp_path / "frames"
    frames.mkdir()
    pixels = cv2.imread(str(face.picture))
    assert pixels is not None
    for number in range(3):
        moved = np.roll(pixels, 2 * number, axis=1)
        assert cv2.imwrite(str(frames / f"{number}.png"), moved)
    box = ",".join(map(str, face.box))
    given = ["--model", str(fixtures.model), "--backend", "numpy", "--bbox", box, "--template"]
    assert main(["video", str(frames), *given, "--out-dir", str(tmp_path)]) == DONE
    rows = rows_of(tmp_path / "frames.csv")
    assert [(row["frame"], row["face_id"], row["success"]) for row in rows] == [
        ("1", "0", "1"), ("2", "0", "1"), ("3", "0", "1"),
    ]  # fmt: skip
    steps = np.diff([float(row["p_tx"]) for row in rows])
    assert np.abs(steps - 2).max() < 1


def test_a_video_without_a_face_is_drawn_too(
    fixtures: Embedded, clip: Path, models: Path, tmp_path: Path
):
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    (boxes / "clip.txt").write_text("")
    given = ["--model", str(fixtures.model), "--backend", "numpy", "--bbox-dir", str(boxes)]
    wanted = ["--csv", "--draw", "--out-dir", str(tmp_path / "out")]
    assert main(["video", str(clip), *given, *wanted]) == DONE
    rows = rows_of(tmp_path / "out" / "clip.csv")
    assert [(row["success"], row["x_0"]) for row in rows] == [("0", "nan")] * 3
    drawn = cv2.VideoCapture(str(tmp_path / "out" / "clip.avi"))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    drawn.release()


@pytest.mark.parametrize("number", ["0", "-1", "two"])
def test_numbers_of_faces(number: str, capsys):
    with pytest.raises(SystemExit):
        main(["video", "0", "--faces", number])
    assert f"expected a positive number, got '{number}'" in capsys.readouterr().err
