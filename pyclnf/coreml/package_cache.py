"""A folder of programs by key; whatever happens to it, the programs are right."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from pyclnf.cache import CacheWarning
from pyclnf.coreml.package_file import (
    PACKAGE,
    DamagedPackageError,
    checked_package,
    list_files,
    move_in,
)
from pyclnf.reasons import reason_of

__all__ = ["PackageCache"]


class PackageCache:
    """Saved programs, kept in a folder or only as long as this object lives.

    Safe to share between processes, and may be deleted at any time, as the cache of arrays
    (:class:`pyclnf.cache.ArrayCache`), beside whose files these lie.

    Parameters
    ----------
    folder : Path, optional
        Made when the first program is kept.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._told = False

    def get(self, key: bytes, write: Callable[[Path], None]) -> Path:
        """Return the package of a key, made and kept if it is not there.

        Parameters
        ----------
        key : bytes
            A checksum of all that decides the program.
        write : callable
            Writes the package to a path.
        """
        if self.folder is None:
            return self._made(key, write) / PACKAGE
        entry = self.folder / f"{key.hex()}.coreml"
        try:
            return checked_package(entry, key)
        except FileNotFoundError:
            return self._kept(entry, key, write)
        except DamagedPackageError as error:
            package = self._kept(entry, key, write)
            _warn(f"{entry}: damaged program ({error}); it was made anew")
        except OSError as error:
            package = self._made(key, write) / PACKAGE
            self._tell_once(f"{entry}: cannot be read ({reason_of(error)})")
        return package

    def _kept(self, entry: Path, key: bytes, write: Callable[[Path], None]) -> Path:
        """Make a program and keep it if possible."""
        made = self._made(key, write)
        try:
            move_in(made, entry)
        except OSError as error:
            if not _holds(entry, key):  # else another process was quicker
                self._tell_once(f"{entry}: cannot be written ({reason_of(error)})")
                return made / PACKAGE
        shutil.rmtree(made, ignore_errors=True)
        return entry / PACKAGE

    def _made(self, key: bytes, write: Callable[[Path], None]) -> Path:
        """Make a program among temporary files, and return its folder."""
        made = Path(tempfile.mkdtemp(dir=self._temporary))
        write(made / PACKAGE)
        list_files(made, key)
        return made

    @cached_property
    def _temporary(self) -> Path:
        """A folder that goes with this object."""
        folder = Path(tempfile.mkdtemp(prefix="pyclnf-"))
        weakref.finalize(self, _remove, folder, os.getpid())
        return folder

    def _tell_once(self, message: str) -> None:
        """Warn that the folder is of no use."""
        if not self._told:
            self._told = True
            _warn(
                f"{message}; programs that are not in the cache are made by every process for "
                f"itself. Let this user write to the folder, name another, or leave out cache"
            )


def _holds(entry: Path, key: bytes) -> bool:
    """Tell whether a folder holds a program, whole."""
    try:
        checked_package(entry, key)
    except (OSError, DamagedPackageError):
        return False
    return True


def _remove(folder: Path, owner: int) -> None:
    """Remove a temporary folder, unless this is a process forked from its owner."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _warn(message: str) -> None:
    warnings.warn(message, CacheWarning, stacklevel=3)
