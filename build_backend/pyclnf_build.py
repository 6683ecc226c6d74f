"""The build backend: scikit-build-core, told what to compile.

Two environment variables decide, one for each thing that can be compiled:

- PYCLNF_KERNELS, the kernels of backend ``cython``: ``AUTO`` (default) if there is a C++ compiler;
  ``ON`` always, and a missing compiler is an error that says what was looked for; ``OFF`` never.
- OPENFACE_BRIDGE, the bridge to OpenFace: ``AUTO`` (default) if an OpenFace, a C++ compiler, CMake
  and a build tool are installed; ``ON`` and ``OFF`` likewise. OPENFACE_ROOT names OpenFace's
  installation prefix.

Looking takes a few file system calls. Where there is nothing to compile, CMake is neither run nor
fetched, and the wheel is pure Python.
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

_KERNELS, _BRIDGE = "PYCLNF_KERNELS", "OPENFACE_BRIDGE"
_COMPILED = (_KERNELS, _BRIDGE)
_REQUIREMENTS = {_KERNELS: "cython>=3.1", _BRIDGE: "pybind11>=2.13"}
_HEADER = Path("include", "OpenFace", "LandmarkCoreIncludes.h")
_SYSTEM_PREFIXES = (Path("/usr/local"), Path("/usr"))
_COMPILERS = ("c++", "g++", "clang++", "cl")
_OTHER_TOOLS = (("cmake",), ("ninja", "make", "nmake"))


def get_requires_for_build_wheel(config_settings: Settings | None = None) -> list[str]:
    """Return what a build needs; tools only if there is something to compile."""
    return _requires(scikit_build.get_requires_for_build_wheel, config_settings)


def get_requires_for_build_editable(config_settings: Settings | None = None) -> list[str]:
    """Return what an editable build needs."""
    return _requires(scikit_build.get_requires_for_build_editable, config_settings)


def build_wheel(
    wheel_directory: str,
    config_settings: Settings | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build a wheel with what is to be compiled."""
    return _build(scikit_build.build_wheel, wheel_directory, config_settings)


def build_editable(
    wheel_directory: str,
    config_settings: Settings | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build an editable wheel with what is to be compiled."""
    return _build(scikit_build.build_editable, wheel_directory, config_settings)


def _requires(hook: Callable[..., list[str]], given: Settings | None) -> list[str]:
    """Return the requirements of a hook."""
    settings = _settings(given, _wanted())
    if not _runs_cmake(settings):
        return hook(settings)
    defined = (name for name in _COMPILED if settings.get(_definition(name)) != "OFF")
    return [*hook(settings), *(_REQUIREMENTS[name] for name in defined)]


def _build(hook: Callable[..., str], folder: str, given: Settings | None) -> str:
    """Build; failing to compile what nobody asked for is not fatal.

    Prepared metadata is not handed on: it names the pure wheel's tag, and scikit-build-core would
    refuse another.
    """
    return _build_wanted(hook, folder, given, _wanted())


def _build_wanted(
    hook: Callable[..., str], folder: str, given: Settings | None, wanted: list[str]
) -> str:
    """Build with some of what can be compiled, with less where that fails and may be left out."""
    settings = _settings(given, wanted)
    # The bridge is given up first: it needs more, and fewer people need it.
    optional = [name for name in (_BRIDGE, _KERNELS) if name in wanted and _mode(name) == "AUTO"]
    if not optional or "wheel.cmake" in (given or {}):
        return hook(folder, settings)
    try:
        return hook(folder, settings)
    except (Exception, SystemExit) as error:
        name = optional[0]
        sys.stderr.write(
            f"pyclnf: compiling {' and '.join(wanted)} failed ({error}); going on without {name}. "
            f"{name}=ON makes this an error, OFF does not try.\n"
        )
        return _build_wanted(hook, folder, given, [each for each in wanted if each != name])


def _settings(given: Settings | None, wanted: list[str]) -> Settings:
    """Return the settings for scikit-build-core; one who sets wheel.cmake decides himself."""
    settings = dict(given or {})
    if "wheel.cmake" in settings or not wanted:
        return settings
    settings["wheel.cmake"] = "true"
    for name in _COMPILED:
        settings.setdefault(_definition(name), "ON" if name in wanted else "OFF")
    if _BRIDGE in wanted and (root := os.environ.get("OPENFACE_ROOT")):
        settings.setdefault(_definition("OPENFACE_ROOT"), root)
    return settings


def _definition(name: str) -> str:
    """Return the setting that hands CMake a variable."""
    return f"cmake.define.{name}"


def _runs_cmake(settings: Settings) -> bool:
    """Tell whether settings have something compiled."""
    return str(settings.get("wheel.cmake", "")).lower() in {"1", "on", "true", "yes"}


def _wanted() -> list[str]:
    """Return what is to be compiled."""
    possible = {_KERNELS: _has_compiler, _BRIDGE: _is_bridge_possible}
    modes = {name: _mode(name) for name in _COMPILED}
    return [
        name
        for name, mode in modes.items()
        if mode == "ON" or (mode == "AUTO" and possible[name]())
    ]


def _mode(name: str) -> str:
    """Return an environment variable that is AUTO, ON or OFF."""
    mode = os.environ.get(name, "AUTO").upper()
    if mode not in {"AUTO", "ON", "OFF"}:
        raise ValueError(f"{name} must be AUTO, ON or OFF, not {mode!r}")
    return mode


def _has_compiler() -> bool:
    """Tell whether there is a C++ compiler. CMake and a build tool can be fetched."""
    # The first word: CXX may carry options.
    named = os.environ.get("CXX", "").split()[:1]
    return any(shutil.which(tool) for tool in (*named, *_COMPILERS))


def _is_bridge_possible() -> bool:
    """Tell whether there is an OpenFace and all that compiling against it takes."""
    return (
        any(map(_is_openface, _prefixes()))
        and _has_compiler()
        and all(any(map(shutil.which, tools)) for tools in _OTHER_TOOLS)
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
