"""TOML files of the gate: reading them, and saying what is wrong with them."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyclnf.reasons import reason_of

__all__ = ["GateFileError", "no_others", "number", "parse_toml", "quoted", "read_text", "table"]


class GateFileError(ValueError):
    """A file of the gate's that cannot be used; says which, where in it, and what was expected."""


def read_text(path: Path) -> str:
    """Read a file.

    Raises
    ------
    GateFileError
        If it is missing or no text.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GateFileError(f"{path}: cannot be read: {reason_of(error)}") from error


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Parse a file's text.

    Raises
    ------
    GateFileError
        If it is no TOML, or this Python cannot read any.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        try:
            import tomli as tomllib
        except ImportError as error:
            raise GateFileError(f"{source}: Python 3.10 needs tomli: pip install tomli") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GateFileError(f"{source}: is no TOML: {error}") from error


def table(value: Any, where: str) -> dict[str, Any]:
    """Return a table, or raise a GateFileError."""
    if not isinstance(value, dict):
        raise GateFileError(f"{where}: expected a table, got {value!r}")
    return value


def number(values: Mapping[str, Any], key: str, where: str) -> float:
    """Return a number that is at least 0, or raise a GateFileError."""
    value = values.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise GateFileError(f"{where}: {key!r} must be a number, got {value!r}")
    if not math.isfinite(value) or value < 0:
        raise GateFileError(f"{where}: {key!r} must be finite and at least 0, got {value!r}")
    return float(value)


def no_others(values: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Raise a GateFileError if there are keys that nobody reads."""
    unknown = [key for key in values if key not in known]
    if unknown:
        raise GateFileError(
            f"{where}: {unknown[0]!r} is not known here; there are {', '.join(known)}"
        )


def quoted(text: str) -> str:
    """Return a basic string as TOML writes it."""
    escaped = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escaped.get(char) or _visible(char) for char in text) + '"'


def _visible(char: str) -> str:
    """Return a character, escaped if TOML does not take it as it is."""
    return f"\\u{ord(char):04X}" if ord(char) < 32 or ord(char) == 127 else char
