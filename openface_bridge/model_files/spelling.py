"""How the text files that name the other files of a model are written."""

from __future__ import annotations

from pathlib import Path

from pyclnf.model import ModelFileError

__all__ = ["check_spelling"]


def check_spelling(manifest: Path) -> None:
    """Raise unless OpenFace splits a manifest's lines as we do.

    It does not know backslashes or byte order marks, keeps one blank more or less in a path, and
    after a blank at a line's end reads a pair of landmark numbers that is not there.
    """
    for number, line in enumerate(manifest.read_bytes().splitlines(), start=1):
        words = line.split()
        if words and (
            b" ".join(words) != line or b"\\" in line or line.startswith(b"\xef\xbb\xbf")
        ):
            raise ModelFileError(
                manifest,
                f"words separated by single blanks, without backslashes, in line {number}",
                repr(line[:80]),
                advice="OpenFace itself would misread this line",
            )
