"""Bounds-checked reading of OpenFace's binary files: little-endian, packed, no padding."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pyclnf.model.errors import ModelFileError
from pyclnf.model.files import read_bytes
from pyclnf.typing import AnyArray, BoolArray, Float32Array

Scalar = TypeVar("Scalar", np.int32, np.float32, np.float64)

OPENCV_TYPES: dict[type[np.generic], int] = {np.int32: 4, np.float32: 5, np.float64: 6}
"""OpenCV's type code of each element type that occurs in model files."""

_INT32 = struct.Struct("<i")
_FLOAT64 = struct.Struct("<d")
_MATRIX_HEADER = struct.Struct("<3i")


class BinaryReader:
    """A cursor over the bytes of one file.

    Every size found in the file is compared, as a Python integer, with the bytes that are left
    before anything is allocated; so no file can make it allocate much more than its own size.

    Parameters
    ----------
    path
        Name of the file for error messages.
    data
        Its whole content.

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
    def open(cls, path: Path) -> BinaryReader:
        """Return a reader at the start of the file at `path`."""
        return cls(path, read_bytes(path))

    @property
    def remaining(self) -> int:
        """Number of bytes not read yet."""
        return len(self.data) - self.offset

    def error(self, expected: str, found: str, offset: int | None = None) -> ModelFileError:
        """Return (not raise) an error at `offset`, or at the cursor if that is None."""
        return ModelFileError(self.path, expected, found, self.offset if offset is None else offset)

    def take(self, n_bytes: int, what: str) -> int:
        """Move the cursor over `n_bytes` and return where it was.

        Raises
        ------
        ModelFileError
            If the file has fewer bytes left.
        """
        if n_bytes > self.remaining:
            raise self.error(f"{what} ({n_bytes} bytes)", f"{self.remaining} bytes to the end")
        start = self.offset
        self.offset += n_bytes
        return start

    def int32(self, what: str, minimum: int = -(2**31), maximum: int = 2**31 - 1) -> int:
        """Read one int32.

        Raises
        ------
        ModelFileError
            If the file ends before, or the value is not within `minimum` and `maximum`.
        """
        start = self.take(4, f"int32 {what}")
        value: int = _INT32.unpack_from(self.data, start)[0]
        if not minimum <= value <= maximum:
            raise self.error(f"{what} from {minimum} to {maximum}", str(value), start)
        return value

    def float64(self, what: str) -> float:
        """Read one float64.

        Raises
        ------
        ModelFileError
            If the file ends before, or the value is not finite.
        """
        start = self.take(8, f"float64 {what}")
        value: float = _FLOAT64.unpack_from(self.data, start)[0]
        if not math.isfinite(value):
            raise self.error(f"finite {what}", str(value), start)
        return value

    def matrix(
        self,
        what: str,
        dtype: type[Scalar],
        shape: tuple[int | None, int | None] = (None, None),
    ) -> npt.NDArray[Scalar]:
        """Read one matrix: int32 rows, columns and OpenCV type, then row-major values.

        Parameters
        ----------
        what
            Its name for error messages.
        dtype
            ``np.int32``, ``np.float32`` or ``np.float64``; the file must hold this type.
        shape
            Rows and columns demanded; None allows any number.

        Returns
        -------
        ndarray, shape (rows, columns)
            A native, aligned, writable copy.

        Raises
        ------
        ModelFileError
            If the file ends before, the type or the shape is another one, or a value is not
            finite.
        """
        start = self.take(_MATRIX_HEADER.size, f"header of {what}")
        rows, columns, code = _MATRIX_HEADER.unpack_from(self.data, start)
        if code != OPENCV_TYPES[dtype]:
            raise self.error(f"{what} of OpenCV type {OPENCV_TYPES[dtype]}", str(code), start + 8)
        if min(rows, columns) < 0 or not _fits((rows, columns), shape):
            wanted = " x ".join("any" if size is None else str(size) for size in shape)
            raise self.error(f"{what} of {wanted} values", f"{rows} x {columns}", start)
        values = self.records(what, np.dtype(dtype).newbyteorder("<"), rows * columns)
        check_finite(self, what, values)
        return values.reshape(rows, columns).astype(dtype)

    def real_matrix(
        self, what: str, shape: tuple[int | None, int | None] = (None, None)
    ) -> Float32Array:
        """Read one matrix of float32, or of float64, rounded to float32.

        Parameters and errors are those of :meth:`matrix`; values must be finite in float32.

        Returns
        -------
        ndarray of float32, shape (rows, columns)
        """
        start = self.offset
        if self.data[start + 8 : start + 12] != _INT32.pack(OPENCV_TYPES[np.float64]):
            return self.matrix(what, np.float32, shape)
        values = self.matrix(what, np.float64, shape)
        with np.errstate(over="ignore", under="ignore"):
            rounded = values.astype(np.float32)
        if not np.isfinite(rounded).all():
            extremes = f"values from {values.min():g} to {values.max():g}"
            raise self.error(f"finite float32 values of {what}", extremes, start)
        return rounded

    def records(self, what: str, dtype: np.dtype[Any], count: int) -> AnyArray:
        """Return the next `count` items of `dtype`, in place.

        Returns
        -------
        ndarray, shape (count,)
            A read-only view of the file's bytes; it may be unaligned and foreign-endian, so copy
            what is to be kept.

        Raises
        ------
        ModelFileError
            If the file has fewer bytes left.
        """
        start = self.take(count * dtype.itemsize, f"{count} items of {what}")
        # A view of no bytes at the very end of the buffer is one that frombuffer refuses.
        return np.frombuffer(self.data, dtype, count, start) if count else np.empty(0, dtype)

    def finish(self) -> None:
        """Check that everything was read.

        Raises
        ------
        ModelFileError
            If bytes are left.
        """
        if self.remaining:
            raise self.error("the end of the file", f"{self.remaining} more bytes (oversized)")


def check_finite(reader: BinaryReader, what: str, values: AnyArray) -> None:
    """Check values that are a view of the reader's bytes.

    Raises
    ------
    ModelFileError
        At the first of the `values` that is not finite.
    """
    finite = np.isfinite(values)
    if not finite.all():
        offset = offset_of(reader, values, ~finite)
        raise reader.error(f"finite values of {what}", str(values[~finite][0]), offset)


def offset_of(reader: BinaryReader, view: AnyArray, chosen: BoolArray) -> int:
    """Return the byte offset in the file of the first chosen element of a view of its bytes."""
    whole = np.frombuffer(reader.data, np.uint8)
    first = np.argwhere(chosen)[0].tolist()
    within = sum(index * stride for index, stride in zip(first, view.strides, strict=True))
    return int(view.ctypes.data - whole.ctypes.data + within)


def _fits(actual: Sequence[int], wanted: Sequence[int | None]) -> bool:
    return all(want in (None, size) for size, want in zip(actual, wanted, strict=True))
