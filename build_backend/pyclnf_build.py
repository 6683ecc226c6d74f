"""The build backend: scikit-build-core, told to compile the bridge where there is an OpenFace.

The environment variable OPENFACE_BRIDGE decides: ``OFF`` never; ``ON`` always, and a missing
OpenFace is an error that says what was looked for; ``AUTO`` (default) if an OpenFace, a C++
compiler, CMake and a build tool are installed. Looking for them takes a few file system calls: an
installation without OpenFace runs no CMake, fetches none, and makes the pure Python wheel.
OPENFACE_ROOT names OpenFace's installation prefix.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scikit_build_core import build as scikit_build

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

build_sdist = scikit_build.build_sdist
get_requires_for_build_sdist = scikit_build.get_requires_for_build_sdist
# Without these, pip builds everything to learn the metadata, and then once more.
prepare_metadata_for_build_editable = scikit_build.prepare_metadata_for_build_editable
prepare_metadata_for_build_wheel = scikit_build.prepare_metadata_for_build_wheel

Settings = dict[str, Any]

_PYBIND11 = "pybind11>=2.13"
_HEADER = Path("include", "OpenFace", "LandmarkCoreIncludes.h")
_SYSTEM_PREFIXES = (Path("/usr/local"), Path("/usr"))
_TOOLS = (("c++", "g++", "clang++", "cl"), ("cmake",), ("ninja", "make", "nmake"))


def get_requires_for_build_wheel(config_settings: Settings | None = None) -> list[str]:
    """Return what a build needs: pybind11 only if there is something to compile."""
    return _requires(scikit_build.get_requires_for_build_wheel, config_settings)


def get_requires_for_build_editable(config_settings: Settings | None = None) -> list[str]:
    """Return what an editable build needs."""
    return _requires(scikit_build.get_requires_for_build_editable, config_settings)


def build_wheel(
    wheel_directory: str,
    config_settings: Settings | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build a wheel, with or without the bridge."""
    return _build(scikit_build.build_wheel, wheel_directory, config_settings)


def build_editable(
    wheel_directory: str,
    config_settings: Settings | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build an editable wheel, with or without the bridge."""
    return _build(scikit_build.build_editable, wheel_directory, config_settings)


def _requires(hook: Callable[..., list[str]], given: Settings | None) -> list[str]:
    """Return the requirements of a hook."""
    settings = _settings(given)
    compiled = str(settings.get("wheel.cmake", "")).lower() in {"1", "on", "true", "yes"}
    return [*hook(settings), *([_PYBIND11] if compiled else [])]


def _build(hook: Callable[..., str], folder: str, given: Settings | None) -> str:
    """Build; where nobody asked for the bridge, failing to compile it is not fatal.

    Prepared metadata is not handed on: it names the pure wheel's tag, and scikit-build-core would
    refuse another.
    """
    settings = _settings(given)
    if settings == (given or {}) or _mode() != "AUTO":
        return hook(folder, settings)
    try:
        return hook(folder, settings)
    except (Exception, SystemExit) as error:
        sys.stderr.write(
            f"pyclnf: an OpenFace was found, but the bridge to it could not be compiled ({error}); "
            f"going on without. OPENFACE_BRIDGE=ON makes this an error, OFF does not try.\n"
        )
        return hook(folder, given)


def _settings(given: Settings | None) -> Settings:
    """Return the settings for scikit-build-core; one who sets wheel.cmake decides himself."""
    settings = dict(given or {})
    mode = _mode()
    if "wheel.cmake" in settings or mode == "OFF" or (mode == "AUTO" and not _is_possible()):
        return settings
    settings["wheel.cmake"] = "true"
    settings.setdefault("cmake.define.OPENFACE_BRIDGE", "ON")
    if root := os.environ.get("OPENFACE_ROOT"):
        settings.setdefault("cmake.define.OPENFACE_ROOT", root)
    return settings


def _mode() -> str:
    """Return OPENFACE_BRIDGE."""
    mode = os.environ.get("OPENFACE_BRIDGE", "AUTO").upper()
    if mode not in {"AUTO", "ON", "OFF"}:
        raise ValueError(f"OPENFACE_BRIDGE must be AUTO, ON or OFF, not {mode!r}")
    return mode


def _is_possible() -> bool:
    """Tell whether there is an OpenFace and all that compiling against it takes."""
    compiler, *others = _TOOLS
    compilers = (os.environ.get("CXX", ""), *compiler)
    return any(map(_is_openface, _prefixes())) and all(
        any(tool and shutil.which(tool) for tool in tools) for tools in (compilers, *others)
    )


def _prefixes() -> Iterator[Path]:
    """Yield the installation prefixes that CMake would look into."""
    if root := os.environ.get("OPENFACE_ROOT"):
        yield Path(root)
        return
    yield from (Path(p) for p in os.environ.get("CMAKE_PREFIX_PATH", "").split(os.pathsep) if p)
    folders = (Path(p) for p in os.environ.get("PATH", "").split(os.pathsep) if p)
    yield from (folder.parent for folder in folders if folder.name in {"bin", "sbin"})
    yield from _SYSTEM_PREFIXES


def _is_openface(prefix: Path) -> bool:
    """Tell whether OpenFace is installed below a prefix."""
    return (prefix / _HEADER).is_file()
