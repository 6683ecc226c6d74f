"""Lines of a keyword and what belongs to it: how OpenFace's text files name the other files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyclnf.model.errors import ModelFileError
from pyclnf.model.files import is_file, read_bytes

_LARGEST_MANIFEST = 2**16  # bytes; so that a patch file given by mistake is refused at once
_UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its place and its words."""

    source: Path
    number: int
    offset: int
    words: tuple[str, ...]

    def error(self, expected: str, found: str, advice: str = "") -> ModelFileError:
        """Return (not raise) an error at this line."""
        # Shown by repr: a word may be anything, not only what can be printed.
        place = f"in line {self.number} ({' '.join(self.words[:2])[:80]!r})"
        return ModelFileError(self.source, f"{expected} {place}", found, self.offset, advice)

    def file(self) -> Path:
        """Return the existing file that the line names."""
        if len(self.words) < 2:
            raise self.error("a file name", "none")
        target = self.source.parent / self.words[1].replace("\\", "/")
        if not is_file(target):
            advice = "Copy the model's whole folder; some OpenFace models are separate downloads"
            raise self.error("the name of an existing file", f"no file {str(target)!r}", advice)
        return target


class KeywordFile:
    """The lines of a file that have a word, by their first word.

    Parameters
    ----------
    path : Path
    usual_name : str
        What such files are called, for whoever gives another one.
    """

    def __init__(self, path: Path, usual_name: str) -> None:
        self._path = path
        self._usual_name = usual_name
        self._lines = list(_read_lines(path))

    def all(self, keyword: str) -> list[Line]:
        """Return the lines of a keyword."""
        return [line for line in self._lines if line.words[0] == keyword]

    def several(self, keyword: str) -> tuple[Path, ...]:
        """Return the files that the lines of a keyword name."""
        return tuple(line.file() for line in self.all(keyword))

    def optional(self, keyword: str) -> Path | None:
        """Return the file that the only line of a keyword names, None if there is no such line."""
        lines = self.all(keyword)
        if len(lines) > 1:
            raise lines[1].error(f"one line {keyword}", "another")
        return lines[0].file() if lines else None

    def one(self, keyword: str) -> Path:
        """Return the file that the line of a keyword names."""
        file = self.optional(keyword)
        if file is None:
            advice = f"A model is loaded by its {self._usual_name}; is this another file?"
            raise ModelFileError(self._path, f"a line {keyword}", "none", advice=advice)
        return file


def _read_lines(path: Path) -> Iterator[Line]:
    content = read_bytes(path, _LARGEST_MANIFEST)
    offset = len(_UTF8_MARK) if content.startswith(_UTF8_MARK) else 0
    for number, line in enumerate(content[offset:].splitlines(keepends=True), start=1):
        # Windows' own file system codec would refuse bytes that are not UTF-8.
        words = tuple(word.decode("utf-8", "surrogateescape") for word in line.split())
        if words:
            yield Line(path, number, offset, words)
        offset += len(line)
