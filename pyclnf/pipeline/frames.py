"""Sequences: the frames of a video file, of a folder of pictures, or of a camera."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pyclnf.arguments import file_path
from pyclnf.pipeline.frame import Frame
from pyclnf.pipeline.pictures import PictureError, find_pictures, read_picture

if TYPE_CHECKING:
    import cv2

__all__ = ["CameraFrames", "FolderFrames", "FrameSource", "VideoFrames", "open_frames"]

Report = Callable[[str], None]
"""Told of each frame that cannot be read; the frame is skipped, its number is not used again."""

_ASSUMED_RATE = 30.0  # as OpenFace assumes where a video does not tell
_TERMINAL = b"ansi"  # what FFmpeg calls the codec of text files
_ALMOST_ALL = 0.98  # the number of frames that a video announces is often an estimate


class FrameSource(Protocol):
    """A sequence of frames, to be gone through once.

    Attributes
    ----------
    name : str
        What files about it are called.
    rate : float
        Frames per second.
    total : int or None
        How many frames are announced; None where nobody knows.
    """

    name: str
    rate: float
    total: int | None

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames that can be read."""
        ...


def open_frames(source: str, report: Report) -> FrameSource:
    """Return the frames of what a user names.

    Parameters
    ----------
    source : str
        A video file, a folder of pictures, or the number of a camera.
    report : callable

    Raises
    ------
    PictureError
        If there is no such thing, or OpenCV cannot read it.
    """
    path = file_path("source", source)
    if path.is_dir():
        return FolderFrames(path, report)
    if path.is_file():
        return VideoFrames(path, report)
    if isinstance(source, str) and source.isascii() and source.isdigit():
        return CameraFrames(int(source), report)
    raise PictureError(
        f"{source}: there is no such video file or folder of pictures; a camera is a number"
    )


class FolderFrames:
    """The pictures of a folder, by name; nothing tells their time, so it is 0."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._paths = find_pictures(folder)
        self._report = report
        self.name = folder.resolve().name
        self.rate = _ASSUMED_RATE
        self.total: int | None = len(self._paths)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the pictures, named like their files."""
        for number, path in enumerate(self._paths, start=1):
            frame = self._read(path, number)
            if frame is not None:
                yield frame

    def _read(self, path: Path, number: int) -> Frame | None:
        """Read a picture; None, and a word about it, if that cannot be done."""
        try:
            return Frame(path.stem, read_picture(path), number)
        except PictureError as error:
            self._report(f"{error}; frame {number} is skipped")
            return None


class VideoFrames:
    """The frames of a video file."""

    def __init__(self, path: Path, report: Report) -> None:
        import cv2

        self._path = path
        self._report = report
        self.name = path.stem
        with _capture(str(path)) as capture:
            _refuse_text(capture, path)
            self.rate = _rate(capture)
            announced = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.total = int(announced) if math.isfinite(announced) and announced > 0 else None

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames; their time is what their number and the rate make it."""
        number = 0
        with _capture(str(self._path)) as capture:
            while capture.grab():
                number += 1
                read, pixels = capture.retrieve()
                if read:
                    time_of_frame = (number - 1) / self.rate
                    yield Frame(self.name, np.asarray(pixels), number, time_of_frame)
                else:
                    self._report(f"{self._path}: frame {number} cannot be decoded; it is skipped")
        if number < _ALMOST_ALL * (self.total or 0):
            self._report(f"{self._path}: ends after {number} of the {self.total} frames announced")


class CameraFrames:
    """What a camera sees, until somebody stops it."""

    def __init__(self, index: int, report: Report) -> None:
        self._index = index
        self._report = report
        self.name = time.strftime("webcam_%Y-%m-%d-%H-%M")
        self.total: int | None = None
        with _capture(index) as capture:
            self.rate = _rate(capture)

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames as they come, with the time since the first."""
        with _capture(self._index) as capture:
            start, number = None, 0
            while capture.grab():
                now = time.monotonic()
                start = now if start is None else start
                number += 1
                read, pixels = capture.retrieve()
                if read:
                    yield Frame(self.name, np.asarray(pixels), number, now - start)
        self._report(f"camera {self._index}: gives no more pictures")


@contextmanager
def _capture(source: str | int) -> Iterator[cv2.VideoCapture]:
    """Open a video or a camera, and close it."""
    import cv2

    capture = cv2.VideoCapture(source)
    try:
        if not capture.isOpened():
            what = f"camera {source}" if isinstance(source, int) else source
            raise PictureError(f"{what}: OpenCV cannot read it as a video")
        yield capture
    finally:
        capture.release()


def _refuse_text(capture: cv2.VideoCapture, path: Path) -> None:
    """Raise if it is a text file, of which FFmpeg makes a video of a terminal."""
    import cv2

    codec = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    if codec.to_bytes(4, "little") == _TERMINAL:
        raise PictureError(f"{path}: is a text file, not a video")


def _rate(capture: cv2.VideoCapture) -> float:
    """Return frames per second."""
    import cv2

    rate = capture.get(cv2.CAP_PROP_FPS)
    return rate if math.isfinite(rate) and rate > 0 else _ASSUMED_RATE
