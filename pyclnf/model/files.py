"""Reading a whole model file, with the operating system's failures made into one error."""

from __future__ import annotations

from pathlib import Path

from pyclnf.model.errors import ModelFileError
from pyclnf.reasons import reason_of

MAX_MODEL_BYTES = 2**30
"""Largest file read (OpenFace's are below 60 MB); also keeps every size inside a C int."""

_WHERE_MODELS_COME_FROM = (
    "Model files are not part of pyclnf: check the path, or get the missing file from an "
    "OpenFace installation (some of its models are separate downloads)"
)


def is_file(path: Path) -> bool:
    """Return whether there is a regular file, for any name that a damaged manifest may hold."""
    try:
        return path.is_file()
    except OSError:  # An over-long name.
        return False


def read_bytes(path: Path, limit: int = MAX_MODEL_BYTES) -> bytes:
    """Return the content of a regular file of at most `limit` bytes.

    Raises
    ------
    ModelFileError
        If there is no such regular file, it cannot be read, or it is larger than `limit`.
    """
    if not is_file(path):  # So neither a pipe nor a device, which might never end.
        raise ModelFileError(path, "a file", "none", advice=_WHERE_MODELS_COME_FROM)
    try:
        size = path.stat().st_size
        if size > limit:
            raise ModelFileError(path, f"a file of at most {limit} bytes", f"{size} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(path, "a readable file", reason_of(error)) from error
