"""A saved program in a folder of its own that proves what it holds.

``program.mlpackage``, and a list of its files' checksums that ``sha256sum -c`` understands, headed
by the key of what the program is made of. On macOS what Core ML compiles of it is put beside it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

__all__ = ["PACKAGE", "DamagedPackageError", "checked_package", "list_files", "move_in"]

PACKAGE = "program.mlpackage"
_SUMS = "SHA256SUMS"


class DamagedPackageError(ValueError):
    """A folder does not hold the program that it should; its message says why."""


def list_files(entry: Path, key: bytes) -> None:
    """Write the checksums of the program in a folder."""
    (entry / _SUMS).write_text(_sums(entry, key), "utf-8")


def checked_package(entry: Path, key: bytes) -> Path:
    """Return the program in a folder.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    OSError
        If it cannot be read.
    DamagedPackageError
        If it is not that program, whole.
    """
    if not entry.exists():
        raise FileNotFoundError(entry)
    listed = entry / _SUMS
    if not listed.is_file():
        raise DamagedPackageError("its checksums are missing")
    if listed.read_bytes() != _sums(entry, key).encode():
        raise DamagedPackageError("a file is missing, changed or not listed")
    return entry / PACKAGE


def move_in(made: Path, entry: Path) -> None:
    """Put a folder's content to another place, all at once; what is there goes.

    Raises
    ------
    OSError
        If that cannot be done; nothing is left behind.
    """
    entry.parent.mkdir(parents=True, exist_ok=True)
    mark = f"{entry.name}.{os.getpid()}.{os.urandom(4).hex()}"
    partial, retired = entry.with_name(f"{mark}.tmp"), entry.with_name(f"{mark}.old.tmp")
    try:
        shutil.copytree(made, partial)
        with suppress(FileNotFoundError):
            entry.rename(retired)
        partial.rename(entry)
    finally:
        _remove(partial)
        _remove(retired)


def _sums(entry: Path, key: bytes) -> str:
    """Return the text that lists a program's files."""
    files = sorted(path for path in (entry / PACKAGE).rglob("*") if path.is_file())
    lines = [f"{_sha256(path)}  {path.relative_to(entry).as_posix()}\n" for path in files]
    return f"# {key.hex()}\n" + "".join(lines)


def _sha256(path: Path) -> str:
    """Return a file's checksum."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _remove(path: Path) -> None:
    """Remove a folder or a file, if there is one."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
