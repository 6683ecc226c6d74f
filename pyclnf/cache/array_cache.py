"""A folder of arrays by key; whatever happens to it, the arrays are right."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from pyclnf.cache.array_file import DamagedArrayError, read_array, write_array
from pyclnf.reasons import reason_of
from pyclnf.typing import Float32Array

__all__ = ["ArrayCache", "CacheWarning"]


class CacheWarning(RuntimeWarning):
    """The cache on disk does not do its work. Results are the same, preparing takes longer."""


class ArrayCache:
    """Arrays kept in a folder; safe to share between threads and processes.

    Files may be deleted at any time. One that is damaged is replaced, with a
    :class:`CacheWarning` that names it; a folder that cannot be read or written to is told of once.

    Parameters
    ----------
    folder : Path
        Made when the first array is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._told = False

    def get(
        self, key: bytes, shape: tuple[int, ...], make: Callable[[], Float32Array]
    ) -> Float32Array:
        """Return the array of a key, made and kept if it is not there.

        Parameters
        ----------
        key : bytes
            A checksum of all that decides the array.
        shape : tuple of int
        make : callable
            Returns the array: float32, C-contiguous.
        """
        path = self.folder / f"{key.hex()}.sigma"
        try:
            return read_array(path, key, shape)
        except FileNotFoundError:
            array = self._made(path, key, make)
        except DamagedArrayError as error:
            array = self._made(path, key, make)
            _warn(f"{path}: damaged cache file ({error}); its content was computed anew")
        except OSError as error:
            array = self._made(path, key, make)
            self._tell_once(f"{path}: cannot be read ({reason_of(error)})")
        return array

    def _made(self, path: Path, key: bytes, make: Callable[[], Float32Array]) -> Float32Array:
        """Make an array and keep it if possible."""
        array = make()
        try:
            write_array(path, key, array)
        except OSError as error:
            self._tell_once(f"{path}: cannot be written ({reason_of(error)})")
        return array

    def _tell_once(self, message: str) -> None:
        """Warn that the folder is of no use."""
        if not self._told:
            self._told = True
            _warn(
                f"{message}; what is not in the cache is prepared by every process for itself. "
                f"Let this user write to the folder, name another, or leave out cache"
            )


def _warn(message: str) -> None:
    warnings.warn(message, CacheWarning, stacklevel=3)
