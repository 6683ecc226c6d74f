"""A reference that was recorded: a folder of records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from openface_bridge.faces.record import FaceRecord, read_record
from openface_bridge.reference import Case

__all__ = ["RecordedFaces", "file_name"]

_FILE_NAME = re.compile(r"face_(.+)_(whole|sequence)\.npz")


def file_name(case: Case) -> str:
    """Return the name of a case's file."""
    return f"face_{case.face}_{case.setting}.npz"


class RecordedFaces:
    """Records ``face_FACE_whole.npz`` and ``face_FACE_sequence.npz`` in a folder; maybe none.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        matches = (_FILE_NAME.fullmatch(path.name) for path in sorted(folder.glob("face_*.npz")))
        self._files = {Case(found[1], found[2]): folder / found[0] for found in matches if found}

    @property
    def description(self) -> str:
        """Where the records are."""
        return f"recorded faces in {self._folder.name}/"

    def cases(self) -> Sequence[Case]:
        """Return the recorded faces, then the sequences, by name."""
        return sorted(self._files, key=lambda case: (case.setting != "whole", case.face))

    def record(self, case: Case) -> FaceRecord:
        """Read a record."""
        return read_record(self._files[case])
