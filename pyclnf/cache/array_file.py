"""One float32 array in a file that proves what it holds.

64 bytes, little-endian: a magic number, the array's key, its size in bytes, its CRC-32, zeros, and
the CRC-32 of all before; then the array as it lies in memory. Nothing in the file says how
much is read: the reader knows the shape and asks for a file of exactly that size.

The CRC finds damage. It does not keep out who may write to the folder, and no checksum could; but
whatever the values are, no size or index is ever made of them.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from pyclnf.typing import Float32Array

__all__ = ["KEY_BYTES", "DamagedArrayError", "read_array", "write_array"]

KEY_BYTES = 32
_MAGIC = b"pyclnf\x00\x01"
_HEADER = struct.Struct(f"<8s{KEY_BYTES}sQI8x")
_CHECKSUM = struct.Struct("<I")
_HEADER_BYTES = _HEADER.size + _CHECKSUM.size


class DamagedArrayError(ValueError):
    """A file does not hold the array that it should; its message says why."""


def read_array(path: Path, key: bytes, shape: tuple[int, ...]) -> Float32Array:
    """Read an array that :func:`write_array` has written.

    Parameters
    ----------
    path : Path
    key : bytes
        The key that it was written with.
    shape : tuple of int

    Returns
    -------
    float32 array
        Read into memory and only then checked: a mapped file could change, or vanish, under a fit.

    Raises
    ------
    FileNotFoundError
        If there is none.
    OSError
        If it cannot be read.
    DamagedArrayError
        If it is not a file, or not that array's.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # So neither a folder nor a pipe, which might never end.
        raise DamagedArrayError("not a file")
    array = np.empty(shape, np.float32)
    if found.st_size != _HEADER_BYTES + array.nbytes:
        expected = _HEADER_BYTES + array.nbytes
        raise DamagedArrayError(f"expected {expected} bytes, found {found.st_size}")
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        read = file.readinto(array.data.cast("B"))
    if len(header) + read != found.st_size:
        raise DamagedArrayError("it was cut while it was read")
    if header != _header(key, array):
        raise DamagedArrayError("a checksum is wrong")
    return array


def write_array(path: Path, key: bytes, array: Float32Array) -> None:
    """Write an array, all at once: readers see nothing or the whole.

    Raises
    ------
    OSError
        If that cannot be done; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(_header(key, array))
            file.write(array.data.cast("B"))
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _header(key: bytes, array: Float32Array) -> bytes:
    """Return what stands before an array."""
    header = _HEADER.pack(_MAGIC, key, array.nbytes, zlib.crc32(array.data.cast("B")))
    return header + _CHECKSUM.pack(zlib.crc32(header))
