"""The one exception raised for model files that cannot be read."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path


class ModelFileError(ValueError):
    """A model file is missing, damaged, or not of the expected kind.

    Parameters
    ----------
    path
        The file at fault.
    expected
        What should have been there, e.g. ``"int32 number of views of at least 1"``.
    found
        What was there instead; empty when there is nothing to say.
    offset
        Byte offset of the fault from the start of the file, or None where no single place is
        at fault (a missing file, a missing keyword).
    advice
        What the user can do about it, as a sentence; may be empty.

    Attributes
    ----------
    path : pathlib.Path
    expected : str
    found : str
    offset : int or None
    advice : str
    """

    def __init__(
        self,
        path: str | PathLike[str],
        expected: str,
        found: str = "",
        offset: int | None = None,
        advice: str = "",
    ) -> None:
        # All arguments go to args, so that the exception survives pickling between processes.
        super().__init__(fspath(path), expected, found, offset, advice)
        self.path = Path(path)
        self.expected = expected
        self.found = found
        self.offset = offset
        self.advice = advice

    def __str__(self) -> str:
        place = "" if self.offset is None else f", byte {self.offset}"
        found = f", found {self.found}" if self.found else ""
        advice = f". {self.advice}" if self.advice else ""
        return f"{self.path}{place}: expected {self.expected}{found}{advice}"
