"""The compiled bridge, imported when first needed.

In a clone, Python takes the sources that lie there and not the installed package, which has the
extension: then the installed one is loaded, if it was compiled from the same interface.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

__all__ = ["BridgeUnavailableError", "is_available", "native"]

_NAME = "openface_bridge._native"
_FILES = frozenset(f"openface_bridge/_native{suffix}" for suffix in EXTENSION_SUFFIXES)
_STUB = Path(__file__).with_name("_native.pyi")


class BridgeUnavailableError(RuntimeError):
    """The compiled bridge is not there, or cannot be loaded; says why and what to do."""


def native() -> ModuleType:
    """Return ``openface_bridge._native``.

    Raises
    ------
    BridgeUnavailableError
        If it was not built, or one of the libraries it was built with is missing.
    """
    try:
        return _import()
    except ImportError as error:
        raise BridgeUnavailableError(
            f"the bridge to OpenFace is not available ({error}). It is built where an OpenFace is "
            f"installed: OPENFACE_BRIDGE=ON OPENFACE_ROOT=<its prefix> pip install . says what is "
            f"missing (cpp/README.md)"
        ) from error


def is_available() -> bool:
    """Tell whether the compiled bridge can be used."""
    try:
        native()
    except BridgeUnavailableError:
        return False
    return True


def _import() -> ModuleType:
    """Import the extension that lies beside this file, else the installed distribution's."""
    try:
        return import_module(_NAME)
    except ModuleNotFoundError as error:
        installed = _installed() if error.name == _NAME else None
        if installed is None:
            raise
    if installed.with_name(_STUB.name).read_bytes() != _STUB.read_bytes():
        raise ImportError(f"{installed} was compiled from other sources than those in use here")
    return _load(installed)


def _installed() -> Path | None:
    """Return the extension of the installed distribution, if it has one."""
    try:
        files = distribution("pyclnf").files or ()
    except PackageNotFoundError:
        return None
    found = (Path(str(file.locate())) for file in files if file.as_posix() in _FILES)
    return next((path for path in found if path.is_file()), None)


def _load(path: Path) -> ModuleType:
    """Load an extension module from where it lies, under its own name."""
    spec = spec_from_file_location(_NAME, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no extension module")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[_NAME] = module
    return module
