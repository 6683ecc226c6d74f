"""Bounds-checked reading of OpenFace's text matrices.

A matrix is its number of rows, its number of columns, its OpenCV type code and its values in
row-major order, separated by any white space. Comments, whole lines that start with ``#``, may
stand before a matrix but not inside one.
"""

from __future__ import annotations

import math
import re
from array import array
from itertools import islice
from pathlib import Path

import numpy as np

from pyclnf.model.errors import ModelFileError
from pyclnf.model.files import read_bytes
from pyclnf.typing import Float64Array

_LINE_END = re.compile(rb"[\r\n]")
_TOKEN = re.compile(rb"\S+")
_BLANK = re.compile(rb"\s")
_INTEGER = re.compile(rb"[+-]?[0-9]{1,10}")
_TYPES = (4, 5, 6)
_AT_ONCE = 4096  # bytes, about 400 numbers
_LONGEST_NUMBER = 400  # "%f" prints the largest float64 with 317 characters


class TextMatrixReader:
    """A cursor over the bytes of one text file.

    Parameters
    ----------
    path
        Name of the file for error messages.
    data
        Its whole content; line ends may be LF or CR LF, and the last one may be missing.

    Attributes
    ----------
    path : pathlib.Path
    data : bytes
    offset : int
        Position of the next byte to be read.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.data = data
        self.offset = 0

    @classmethod
    def open(cls, path: Path) -> TextMatrixReader:
        """Return a reader at the start of the file at `path`."""
        return cls(path, read_bytes(path))

    def error(self, expected: str, found: str, offset: int | None = None) -> ModelFileError:
        """Return (not raise) an error at `offset`, or at the cursor if that is None."""
        return ModelFileError(self.path, expected, found, self.offset if offset is None else offset)

    def skip_comments(self) -> int:
        """Move the cursor over blanks and comment lines and return its new position."""
        while token := _TOKEN.search(self.data, self.offset):
            self.offset = token.start()
            if not token[0].startswith(b"#"):
                return self.offset
            line_end = _LINE_END.search(self.data, self.offset)
            self.offset = line_end.end() if line_end else len(self.data)
        self.offset = len(self.data)
        return self.offset

    def integer(self, what: str, minimum: int = -(2**31), maximum: int = 2**31 - 1) -> int:
        """Read one integer, e.g. one of a matrix header's.

        Raises
        ------
        ModelFileError
            If there is none, or the value is not within `minimum` and `maximum`.
        """
        expected = f"{what}, an integer from {minimum} to {maximum}"
        token = _TOKEN.search(self.data, self.offset)
        if token is None:
            raise self.error(expected, "the end of the file", len(self.data))
        if not _INTEGER.fullmatch(token[0]) or not minimum <= int(token[0]) <= maximum:
            raise self.error(expected, _shown(token[0]), token.start())
        self.offset = token.end()
        return int(token[0])

    def number(self, what: str) -> float:
        """Read one number.

        Raises
        ------
        ModelFileError
            If there is none, or it is not finite.
        """
        token = _TOKEN.search(self.data, self.offset)
        if token is None:
            raise self.error(f"{what}, a number", "the end of the file", len(self.data))
        value = self._number(what, token)
        self.offset = token.end()
        return value

    def matrix(
        self,
        what: str,
        shape: tuple[int | None, int | None] = (None, None),
        types: tuple[int, ...] = _TYPES,
        *,
        comments: bool = True,
    ) -> Float64Array:
        """Read the next matrix.

        Parameters
        ----------
        what
            Its name for error messages.
        shape
            Rows and columns demanded; None allows any number.
        types
            The OpenCV type codes that it may have.
        comments
            Whether comments may stand before it.

        Returns
        -------
        ndarray of float64, shape (rows, columns)
            The values as printed, whichever type code the header has.

        Raises
        ------
        ModelFileError
            If the header is not three integers, the type code is not one of `types`, the shape is
            another one, or the values are too few, not numbers, or not finite.
        """
        start = self.skip_comments() if comments else self.offset
        rows, columns = (self.integer(f"number of {side} of {what}", 0) for side in _SIDES)
        self.integer(f"OpenCV type of {what}", min(types), max(types))
        for size, wanted, side in zip((rows, columns), shape, _SIDES, strict=True):
            if wanted not in (None, size):
                raise self.error(f"{wanted} {side} of {what}", str(size), start)
        return self._values(what, rows * columns).reshape(rows, columns)

    def finish(self) -> None:
        """Check that only blanks and comments are left.

        Raises
        ------
        ModelFileError
            If anything else is left.
        """
        if self.skip_comments() != len(self.data):
            found = _TOKEN.search(self.data, self.offset)
            raise self.error("the end of the file", _shown(found[0]) if found else "more")

    def _values(self, what: str, count: int) -> Float64Array:
        # A value needs a blank and a digit, so a hostile header is recognised before any work.
        if 2 * count > len(self.data) - self.offset:
            raise self.error(f"{count} values of {what}", "too few bytes to the end")
        values = array("d")
        while len(values) < count and self._numbers(values, count):
            pass
        for token in islice(_TOKEN.finditer(self.data, self.offset), count - len(values)):
            values.append(self._number(what, token))
            self.offset = token.end()
        if len(values) < count:
            found = f"the end of the file after {len(values)}"
            raise self.error(f"{count} values of {what}", found, len(self.data))
        return np.array(values, dtype=np.float64)

    def _numbers(self, values: array[float], count: int) -> bool:
        """Read many sound numbers at once, up to `count` in all; False, and none, if it cannot.

        Three times as fast as one by one, which is left to say where a number is wrong.
        """
        blank = _BLANK.search(self.data, self.offset + _AT_ONCE)
        part = self.data[self.offset : blank.start() if blank else None]
        tokens = part.split(None, count - len(values))
        rest = tokens.pop() if len(tokens) > count - len(values) else b""
        if not tokens or b"_" in part or max(map(len, tokens)) > _LONGEST_NUMBER:
            return False
        try:
            numbers = array("d", map(float, tokens))
        except ValueError:
            return False
        if not np.isfinite(numbers).all():
            return False
        values.extend(numbers)
        self.offset += len(part) - len(rest)
        return True

    def _number(self, what: str, token: re.Match[bytes]) -> float:
        text = token[0]
        try:
            # Python alone takes 1_000 for a number.
            if b"_" in text or len(text) > _LONGEST_NUMBER:
                raise ValueError
            value = float(text)
            if not math.isfinite(value):
                raise ValueError
        except ValueError:
            raise self.error(f"a finite number in {what}", _shown(text), token.start()) from None
        return value


_SIDES = ("rows", "columns")


def _shown(token: bytes) -> str:
    return repr(token[:32]).removeprefix("b")
