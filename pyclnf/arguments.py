"""What users pass, checked: one place for each kind of argument.

Every function takes the argument's name and value, returns the value as the rest of the package
expects it, and raises a ValueError that begins with the name, says what was expected, and what was
given.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Set
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pyclnf.typing import Float64Array

__all__ = [
    "conforming",
    "file_path",
    "flag",
    "function",
    "instance",
    "listed",
    "number",
    "real_numbers",
    "shown",
    "whole_number",
    "whole_numbers",
]

_Kind = TypeVar("_Kind")

_LONGEST = 80
_UNORDERED = (str, bytes, bytearray, Mapping, Set)
"""What can be iterated over, but is no sequence of anything that this package wants."""


def whole_number(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """Return a whole number as int."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError as error:
        raise ValueError(f"{name}: expected a whole number, got {shown(value)}") from error
    if least is not None and number < least:
        raise ValueError(f"{name}: must be at least {least}, got {shown(number)}")
    if most is not None and number > most:
        raise ValueError(f"{name}: must be at most {most}, got {shown(number)}")
    return number


def whole_numbers(name: str, values: Any) -> tuple[int, ...]:
    """Return whole numbers as int."""
    expected = "a sequence of whole numbers"
    return tuple(whole_number(name, value) for value in listed(name, values, expected))


def number(name: str, value: Any, lowest: float, highest: float) -> float:
    """Return a real number within limits as it is."""
    if not _is_real(value) or not lowest <= value <= highest:
        raise ValueError(f"{name}: must be from {lowest:g} to {highest:g}, got {shown(value)}")
    found: float = value
    return found


def real_numbers(name: str, values: Any, expected: str) -> Float64Array:
    """Return numbers in any arrangement as an array: no text, truth values or complex numbers.

    Parameters
    ----------
    name : str
    values : array_like
    expected : str
        Completes the sentence "expected …".
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "iuf" and array.size and not all(map(_is_real, array.flat)):
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name}: expected {expected}, got {shown(values)}") from error


def flag(name: str, value: Any) -> bool:
    """Return a truth value as bool."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}: expected True or False, got {shown(value)}")
    return bool(value)


def listed(name: str, values: Iterable[Any], expected: str) -> list[Any]:
    """Return things in an order as a list; `expected` completes the sentence "expected …"."""
    try:
        if isinstance(values, _UNORDERED):
            raise TypeError
        there = iter(values)
    except TypeError as error:
        raise ValueError(f"{name}: expected {expected}, got {shown(values)}") from error
    return list(there)


def instance(name: str, value: Any, kind: type[_Kind], advice: str = "") -> _Kind:
    """Return an object of a class; `advice` says what to do, and may be empty."""
    if not isinstance(value, kind):
        raise ValueError(f"{name}: expected {kind.__name__}, got {shown(value)}{advice}")
    return value


def conforming(name: str, value: _Kind, protocol: type) -> _Kind:
    """Return an object that has all that a protocol asks for."""
    if isinstance(value, type):
        raise ValueError(f"{name}: expected an object, got the class {value.__name__} itself")
    wanted = [member for member in dir(protocol) if not member.startswith("_")]
    missing = [member for member in wanted if not hasattr(value, member)]
    if missing:
        raise ValueError(
            f"{name}: expected {_article(protocol.__name__)}, got {shown(value)}, which has no "
            f"{', '.join(missing)}"
        )
    return value


def function(name: str, value: _Kind, given: str) -> _Kind:
    """Return something that can be called; `given` says with what."""
    if not callable(value):
        raise ValueError(f"{name}: must be callable with {given}, is {shown(value)}")
    return value


def file_path(name: str, value: Any) -> Path:
    """Return the path of a file or folder."""
    try:
        return Path(value)
    except TypeError as error:
        raise ValueError(f"{name}: expected a path, got {shown(value)}") from error


def shown(value: object) -> str:
    """Return what a value looks like, in one line that is not too long."""
    try:
        words = " ".join(repr(value).split())
    except Exception:  # whatever a user's own class may raise
        words = f"<{type(value).__name__}>"
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _is_real(value: object) -> bool:
    """Tell whether a value is a real number, not a truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _article(name: str) -> str:
    """Return a class's name with its article."""
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
