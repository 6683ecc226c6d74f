"""Writing OpenFace's CSV files, frame by frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from pyclnf.formats.csv_layout import CsvLayout
from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame

__all__ = ["CsvFile"]


class CsvFile:
    """A CSV file that holds whole frames at any moment.

    Parameters
    ----------
    path : Path
        Written anew; its header at once.
    layout : CsvLayout
    """

    def __init__(self, path: Path, layout: CsvLayout) -> None:
        self._layout = layout
        self._file = path.open("w", encoding="ascii", newline="")
        self._put([layout.header])

    def write(self, frame: Frame, faces: Iterable[FaceResult]) -> None:
        """Append the faces of a frame, all at once."""
        self._put([self._layout.row(frame, face) for face in faces])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _put(self, rows: list[list[str]]) -> None:
        """Write rows, and let whoever reads the file see them."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._file.write(text.getvalue())
        self._file.flush()
