"""Which files are written about a picture or a sequence, and writing them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pyclnf
from pyclnf.formats.csv_file import CsvFile
from pyclnf.formats.csv_layout import BLOCKS, CsvLayout
from pyclnf.formats.drawing import draw_faces
from pyclnf.formats.json_file import JsonFile
from pyclnf.formats.pts import write_pts
from pyclnf.formats.video_file import VideoFile
from pyclnf.pipeline.engine import Engine
from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame
from pyclnf.typing import ByteArray

__all__ = ["Outputs", "SequenceFiles", "make_folder", "outputs_of", "refuse_clashes", "stem_of"]

_PTS_DECIMALS = 3


@dataclass(frozen=True)
class Outputs:
    """What is written, and where.

    Attributes
    ----------
    folder : Path
    layout : CsvLayout or None
        None if no CSV is written.
    pts, json, draw, of_sequence : bool
    precision : int or None
        Decimals of ``.pts``; 3 if None.
    about : mapping
        What JSON says about all faces.
    """

    folder: Path
    layout: CsvLayout | None
    pts: bool
    json: bool
    draw: bool
    of_sequence: bool
    precision: int | None
    about: Mapping[str, Any]

    def write_picture(self, stem: str, source: Path, frame: Frame, faces: list[FaceResult]) -> None:
        """Write the files of a picture, each complete or not at all."""
        if self.layout is not None:
            with (
                _complete(self.folder / f"{stem}.csv") as path,
                closing(CsvFile(path, self.layout)) as csv,
            ):
                csv.write(frame, faces)
        if self.json:
            about = {**self.about, "source": str(source)}
            with (
                _complete(self.folder / f"{stem}.json") as path,
                closing(JsonFile(path, about)) as json,
            ):
                json.write(frame, faces)
        if self.pts:
            self._write_pts(stem, faces)
        if self.draw:
            with _complete(self.folder / f"{stem}.jpg") as path:
                path.write_bytes(_jpeg(draw_faces(frame.pixels, faces)))

    @contextmanager
    def sequence(self, stem: str, source: str, rate: float) -> Iterator[SequenceFiles]:
        """Open the files of a sequence; they hold whole frames at any moment."""
        with ExitStack() as stack:
            csv = json = video = None
            if self.layout is not None:
                csv = CsvFile(self.folder / f"{stem}.csv", self.layout)
                stack.callback(csv.close)
            if self.json:
                json = JsonFile(self.folder / f"{stem}.json", {**self.about, "source": source})
                stack.callback(json.close)
            if self.draw:
                video = VideoFile(self.folder / f"{stem}.avi", rate)
                stack.callback(video.close)
            yield SequenceFiles(csv, json, video)

    def refuse_overwriting(self, stems: Sequence[str], sources: Sequence[Path]) -> None:
        """Raise unless every input gets files of its own, and none is an input itself.

        Raises
        ------
        ValueError
        """
        refuse_clashes(stems, sources, self.folder)
        ending = ".avi" if self.of_sequence else ".jpg"
        inputs = {source.resolve() for source in sources}
        for stem in stems if self.draw else ():
            drawn = (self.folder / f"{stem}{ending}").resolve()
            if drawn in inputs:
                raise ValueError(f"--draw would overwrite {drawn}; choose another --out-dir")

    def _write_pts(self, stem: str, faces: list[FaceResult]) -> None:
        """Write the landmarks of each face that has some, named as OpenFace 1 named them.

        One face is numbered, too: so no two pictures' files have the same name.
        """
        decimals = _PTS_DECIMALS if self.precision is None else self.precision
        for face in faces:
            if np.isfinite(face.landmarks).all():
                with _complete(self.folder / f"{stem}_det_{face.face_id}.pts") as path:
                    write_pts(path, face.landmarks, decimals)


@dataclass(frozen=True)
class SequenceFiles:
    """The open files of a sequence."""

    csv: CsvFile | None
    json: JsonFile | None
    video: VideoFile | None

    def write(self, frame: Frame, faces: list[FaceResult]) -> None:
        """Append a frame."""
        if self.csv is not None:
            self.csv.write(frame, faces)
        if self.json is not None:
            self.json.write(frame, faces)
        if self.video is not None:
            self.video.write(draw_faces(frame.pixels, faces))


def refuse_clashes(stems: Sequence[str], sources: Sequence[Path], folder: Path) -> None:
    """Raise a ValueError if two inputs would be written to the same files."""
    seen: dict[str, Path] = {}
    for stem, source in zip(stems, sources, strict=True):
        other = seen.setdefault(stem, source)
        if other is not source:
            raise ValueError(
                f"{other} and {source} would both be written to {folder / stem}.*; process them "
                f"one by one, each with a folder or a name of its own"
            )


def make_folder(folder: Path) -> None:
    """Make the folder that files are written to.

    Raises
    ------
    ValueError
        If that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"--out-dir: {folder} cannot be made: {error.strerror}; name a folder that you may "
            f"write to"
        ) from error


def outputs_of(options: argparse.Namespace, engine: Engine, *, sequence: bool) -> Outputs:
    """Return what options ask for; makes the folder.

    Raises
    ------
    ValueError
        If the precision is out of range, or the folder cannot be made.
    """
    pts = not sequence and options.pts
    something = pts or options.json or options.draw
    csv = options.csv or options.blocks or not something
    layout = _layout(options, engine, sequence=sequence) if csv else None
    folder = options.out_dir / Path(options.out_name or "").parent
    make_folder(folder)
    about = {
        "software": {"name": "pyclnf", "version": pyclnf.__version__},
        **engine.about,
    }
    return Outputs(
        folder=folder,
        layout=layout,
        pts=pts,
        json=options.json,
        draw=options.draw,
        of_sequence=sequence,
        precision=options.precision,
        about=about,
    )


def stem_of(options: argparse.Namespace, usual: str) -> str:
    """Return what files are called: as asked, without an ending, or as usual."""
    return usual if options.out_name is None else Path(options.out_name).stem


def _layout(options: argparse.Namespace, engine: Engine, *, sequence: bool) -> CsvLayout:
    """Return the layout of the CSV."""
    asked = frozenset(options.blocks or BLOCKS)
    return CsvLayout(engine.n_landmarks, engine.n_modes, asked, sequence, options.precision)


@contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes the file when all is written."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _jpeg(pixels: ByteArray) -> bytes:
    """Encode a picture.

    Raises
    ------
    OSError
        If OpenCV cannot; a JPEG file's sides are at most 65,535 px.
    """
    import cv2

    try:
        done, encoded = cv2.imencode(".jpg", pixels)
    except cv2.error:  # of OpenCV 4.10; later ones say so by what they return
        done = False
    if not done:
        height, width = pixels.shape[:2]
        raise OSError(f"--draw: OpenCV cannot make a JPEG file of {width} x {height} px")
    return encoded.tobytes()
