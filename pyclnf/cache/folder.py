"""Where the cache lies."""

from __future__ import annotations

import os
import sys
from os import PathLike
from pathlib import Path

__all__ = ["VARIABLE", "cache_folder"]

VARIABLE = "PYCLNF_CACHE"
"""Environment variable that names the folder which ``cache=True`` means."""


def cache_folder(cache: bool | str | PathLike[str] | None) -> Path | None:
    """Return the folder that an argument `cache` names, not relative; it need not exist yet.

    Parameters
    ----------
    cache : bool, path or None
        None and False mean no cache, True the folder that :data:`VARIABLE` names, or else
        ``pyclnf`` among the user's caches: ``XDG_CACHE_HOME`` or ``~/.cache``, on macOS
        ``~/Library/Caches``, on Windows ``LOCALAPPDATA``.

    Raises
    ------
    ValueError
        If `cache` is none of these, a file, or True where there is no home folder.
    """
    if cache is None or cache is False:
        return None
    try:
        folder = _user_folder() if cache is True else Path(cache)
        if cache == "":
            raise TypeError
    except TypeError as error:
        raise ValueError(f"cache: expected a folder, True, False or None, got {cache!r}") from error
    if folder.is_file():
        raise ValueError(f"cache: {folder} is a file, expected a folder")
    return folder.absolute()


def _user_folder() -> Path:
    """Return this package's folder among the user's caches."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return _absolute("LOCALAPPDATA", "AppData/Local") / "pyclnf" / "Cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "pyclnf"
    return _absolute("XDG_CACHE_HOME", ".cache") / "pyclnf"


def _absolute(variable: str, default: str) -> Path:
    """Return the folder a variable names, or one in the home folder; relative ones do not count."""
    named = Path(os.environ.get(variable, ""))
    return named if named.is_absolute() else _home() / default


def _home() -> Path:
    """Return the user's home folder."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise ValueError(
            f"cache: this user has no home folder; name a folder, or set {VARIABLE}"
        ) from error
