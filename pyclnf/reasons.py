"""Why something failed, in words: the system's own errors begin with numbers."""

from __future__ import annotations

__all__ = ["reason_of", "said_of"]


def reason_of(error: BaseException) -> str:
    """Return why something failed; of the system's errors without their number and file."""
    return str((isinstance(error, OSError) and error.strerror) or error)


def said_of(error: BaseException) -> str:
    """Return an error's message; of the system's, which file, and why."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
