"""Compiled kernels; :mod:`pyclnf.backends.cython_backend` is what uses them.

In a clone, Python takes the sources that lie there and not the installed package, which has the
extension: then the installed one is used, if it was compiled from the very same sources.
"""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_SOURCES = ("*.pyx", "*.cpp", "*.h", "*/*.cpp", "*/*.h")


def _installed() -> list[str]:
    """Return the folder of an installed extension that was compiled from these sources, if any."""
    if _has_extension(_HERE):
        return []
    folders = (Path(entry or ".").resolve() / "pyclnf" / "kernels" for entry in sys.path)
    return [
        str(folder)
        for folder in folders
        if folder != _HERE and _has_extension(folder) and _sources(folder) == _sources(_HERE)
    ][:1]


def _has_extension(folder: Path) -> bool:
    """Tell whether the extension lies in a folder."""
    return any((folder / f"_kernels{suffix}").is_file() for suffix in EXTENSION_SUFFIXES)


def _sources(folder: Path) -> dict[str, bytes]:
    """Return what the extension in a folder was compiled from."""
    paths = (path for pattern in _SOURCES for path in folder.glob(pattern))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


__path__ += _installed()
