"""The compiled bridge, imported when first needed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["BridgeUnavailableError", "is_available", "native"]


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
        return import_module("openface_bridge._native")
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
