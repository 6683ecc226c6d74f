from __future__ import annotations

from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from pyclnf.formats.video_file import VideoFile
from pyclnf.pipeline.frames import open_frames
from pyclnf.pipeline.pictures import PictureError, find_pictures, read_picture


def grey_frame(value: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def write_video(path: Path, n_frames: int = 5, rate: float = 20.0) -> Path:
    with closing(VideoFile(path, rate)) as video:
        for number in range(n_frames):
            video.write(grey_frame(10 + 20 * (number % 10)))
    return path


def write_pictures(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for index, name in enumerate(names):
        cv2.imwrite(str(folder / name), grey_frame(index))
    return folder


def refuse(message: str) -> None:
    raise AssertionError(message)


def test_a_video(tmp_path: Path):
    source = open_frames(str(write_video(tmp_path / "clip.avi")), refuse)
    assert (source.name, source.total) == ("clip", 5)
    assert source.rate == pytest.approx(20)
    frames = list(source)
    assert [frame.number for frame in frames] == [1, 2, 3, 4, 5]
    assert [frame.timestamp for frame in frames] == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    assert [round(frame.pixels.mean(), -1) for frame in frames] == [10, 30, 50, 70, 90]
    assert {frame.name for frame in frames} == {"clip"}


class FakeCapture:
    """A video of four frames that announces more, the second of which cannot be decoded."""

    def __init__(self, source: str | int) -> None:
        self.number = 0
        self.told = {cv2.CAP_PROP_FRAME_COUNT: 50.0, cv2.CAP_PROP_FPS: float("nan")}

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def get(self, what: int) -> float:
        return self.told.get(what, 0.0)

    def grab(self) -> bool:
        self.number += 1
        return self.number <= 4

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        return (False, None) if self.number == 2 else (True, grey_frame(self.number))

    def release(self) -> None:
        self.number = 5


def test_a_damaged_video_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)
    path = tmp_path / "clip.mp4"
    path.touch()
    told: list[str] = []
    source = open_frames(str(path), told.append)
    assert (source.total, source.rate) == (50, 30)
    assert [(frame.number, frame.timestamp) for frame in source] == [(1, 0), (3, 2 / 30), (4, 0.1)]
    assert told == [
        f"{path}: frame 2 cannot be decoded; it is skipped",
        f"{path}: ends after 4 of the 50 frames announced",
    ]


def test_text_is_no_video(tmp_path: Path):
    """FFmpeg takes what is called ``.txt`` for a terminal's screen, and would film it."""
    path = tmp_path / "notes.txt"
    path.write_text("One line.\nAnother one.\n" * 40)
    with pytest.raises(PictureError, match=r"notes\.txt: "):
        open_frames(str(path), refuse)


def test_a_camera(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)
    clock = iter([10.0, 10.5, 11.0, 12.0])
    monkeypatch.setattr("pyclnf.pipeline.frames.time.monotonic", lambda: next(clock))
    told: list[str] = []
    source = open_frames("0", told.append)
    assert (source.total, source.rate) == (None, 30)
    assert source.name.startswith("webcam_2")
    assert [(frame.number, frame.timestamp) for frame in source] == [(1, 0), (3, 1), (4, 2)]
    assert told == ["camera 0: gives no more pictures"]


def test_a_frame_of_another_size_is_scaled(tmp_path: Path):
    path = tmp_path / "clip.avi"
    with closing(VideoFile(path, 10)) as video:
        video.write(grey_frame(10))
        video.write(grey_frame(200, 24, 32))
    assert [frame.pixels.shape for frame in open_frames(str(path), refuse)] == [(48, 64, 3)] * 2


def test_a_video_that_cannot_be_written(tmp_path: Path):
    with (
        closing(VideoFile(tmp_path / "nowhere" / "clip.avi", 10)) as video,
        pytest.raises(OSError, match="cannot write a video there"),
    ):
        video.write(grey_frame(1))


def test_a_folder_in_the_order_of_names(tmp_path: Path):
    folder = write_pictures(tmp_path / "clip", "b.png", "a.JPG", "c.bmp")
    (folder / "notes.txt").touch()
    source = open_frames(str(folder), refuse)
    assert (source.name, source.total) == ("clip", 3)
    frames = list(source)
    assert [(frame.name, frame.number) for frame in frames] == [("a", 1), ("b", 2), ("c", 3)]
    assert {frame.timestamp for frame in frames} == {0}


def test_an_unreadable_picture_of_a_folder_is_skipped(tmp_path: Path):
    folder = write_pictures(tmp_path / "clip", "a.png", "b.png", "c.png")
    (folder / "b.png").write_bytes(b"no picture")
    told: list[str] = []
    frames = list(open_frames(str(folder), told.append))
    assert [frame.number for frame in frames] == [1, 3]
    assert len(told) == 1
    assert told[0].endswith("b.png: not a picture that OpenCV can decode; frame 2 is skipped")


@pytest.mark.parametrize("source", ["nowhere", "nowhere.avi", "-1", ""])
def test_nothing_there(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PictureError):
        open_frames(source, refuse)


def test_no_video(tmp_path: Path):
    path = tmp_path / "clip.avi"
    path.write_text("no video")
    with pytest.raises(PictureError, match=r"clip\.avi: OpenCV cannot read it as a video"):
        open_frames(str(path), refuse)


def test_no_camera():
    with pytest.raises(PictureError, match="camera 997: OpenCV cannot read it"):
        open_frames("997", refuse)


def test_an_empty_folder(tmp_path: Path):
    with pytest.raises(PictureError, match="holds no picture"):
        find_pictures(tmp_path)
    with pytest.raises(PictureError, match="no such folder"):
        find_pictures(tmp_path / "nowhere")


def test_pictures_with_any_name(tmp_path: Path):
    path = tmp_path / "gesicht ö.png"
    path.write_bytes(cv2.imencode(".png", np.full((4, 5), 9, np.uint8))[1].tobytes())
    assert read_picture(path).tolist() == np.full((4, 5, 3), 9).tolist()


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_no_picture(content: bytes | None, tmp_path: Path):
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PictureError, match=r"a\.png: "):
        read_picture(path)
