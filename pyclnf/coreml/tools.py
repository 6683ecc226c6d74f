"""Apple's coremltools: imported when first needed, and kept quiet."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pyclnf.backends import BackendUnavailableError

__all__ = ["coremltools", "quietly", "tools_version"]

_ONE_AT_A_TIME = threading.Lock()
_MISSING = (
    "coremltools, which makes Core ML programs, is not installed: 'pip install coremltools', or "
    "pyclnf with its extra 'coreml'"
)


def coremltools() -> Any:
    """Import coremltools.

    Raises
    ------
    BackendUnavailableError
        If it is not installed, with what to do about it.
    """
    try:
        import coremltools as imported
    except ImportError as error:
        raise BackendUnavailableError(f"{_MISSING} ({error})") from error
    return imported


def tools_version() -> str:
    """Return the installed version; imports nothing of it.

    Raises
    ------
    BackendUnavailableError
        If there is none.
    """
    try:
        return version("coremltools")
    except PackageNotFoundError as error:
        raise BackendUnavailableError(_MISSING) from error


@contextmanager
def quietly() -> Iterator[None]:
    """Let coremltools work alone, its progress bars and warnings unseen.

    Its state while it converts belongs to the process. When imported where there is no Core ML it
    complains of that, and it leaves a temporary folder to the garbage collector.
    """
    with _ONE_AT_A_TIME, redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
