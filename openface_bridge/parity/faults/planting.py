"""Putting one function in the place of another, for a while, wherever the packages know it.

A function may be bound by name in several modules (``from x import f``), held by rows of their
tables, or be a method. All of these are found, and put back: also in modules that were imported in
between, and after exceptions. What is planted is seen by the whole process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import partial
from types import MethodType
from typing import Any

__all__ = ["Planting", "planting"]

_PACKAGES = ("pyclnf", "openface_bridge")
_DEEPEST = 3
"""Tables of rows of fields."""

_Put = Callable[[Any], None]


class Planting:
    """Substitutions, and how to take them back.

    Notes
    -----
    A replacement must be an object of its own, made for the occasion: when it is taken back, it is
    replaced wherever it is found.
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def function(self, original: object, replacement: object) -> None:
        """Substitute a function of a module.

        Raises
        ------
        LookupError
            If no module knows the original.
        """
        self._undo.append(partial(_swap, replacement, original))
        if not _swap(original, replacement):
            raise LookupError(f"nothing in {' or '.join(_PACKAGES)} is called {original!r}")

    def method(self, owner: type, name: str, replacement: object) -> None:
        """Substitute a method of a class; give a class method as a ``classmethod``.

        Raises
        ------
        LookupError
            If the class itself has none of that name.
        """
        if name not in vars(owner):
            raise LookupError(f"{owner.__name__} has no {name!r} of its own")
        self._undo.append(partial(_set_method, owner, name, vars(owner)[name]))
        _set_method(owner, name, replacement)

    def take_back(self) -> None:
        """Restore everything, the latest substitution first."""
        while self._undo:
            self._undo.pop()()


@contextmanager
def planting() -> Iterator[Planting]:
    """Let substitutions be made; take them back at the end, whatever happens."""
    substitutions = Planting()
    try:
        yield substitutions
    finally:
        substitutions.take_back()


def _set_method(owner: type, name: str, method: object) -> None:
    """Set a method, also where a module or a table knows it by itself."""
    before = getattr(owner, name)
    setattr(owner, name, method)
    _swap(before, getattr(owner, name))


def _swap(old: object, new: object) -> int:
    """Replace an object wherever a module or one of its tables holds it; return how often."""
    places = [put for module in _modules() for put in _places(module, old)]
    for put in places:
        put(new)
    return len(places)


def _modules() -> list[object]:
    """Return the packages' modules that have been imported."""
    return [
        module for name, module in list(sys.modules.items()) if name.partition(".")[0] in _PACKAGES
    ]


def _places(module: object, wanted: object) -> Iterator[_Put]:
    """Yield how to replace an object, for each place in which a module holds it."""
    for name, value in list(vars(module).items()):
        if not name.startswith("__"):
            yield from _in_value(value, partial(setattr, module, name), wanted, _DEEPEST)


def _in_value(value: object, put: _Put, wanted: object, depth: int) -> Iterator[_Put]:
    """Yield how to replace an object where a value is it or, in a table, holds it."""
    if _is_same(value, wanted):
        yield put
    elif depth > 0:
        for inner, put_inner in _contents(value):
            yield from _in_value(inner, put_inner, wanted, depth - 1)


def _is_same(value: object, wanted: object) -> bool:
    """Tell whether two names mean one function; class methods are bound anew at every look."""
    if isinstance(value, MethodType) and isinstance(wanted, MethodType):
        return value == wanted
    return value is wanted


def _contents(value: object) -> Iterator[tuple[object, _Put]]:
    """Yield what a table or a row of one holds, and how to put something else there."""
    if isinstance(value, dict):
        for key, inner in list(value.items()):
            yield inner, partial(value.__setitem__, key)
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            yield inner, partial(_put_in_sequence, value, index)
    elif is_dataclass(value) and not isinstance(value, type) and _is_ours(value):
        for field in fields(value):
            # Rows are frozen.
            yield getattr(value, field.name, None), partial(object.__setattr__, value, field.name)


def _put_in_sequence(sequence: tuple[object, ...] | list[object], index: int, new: object) -> None:
    """Set an element of a list."""
    if isinstance(sequence, tuple):
        raise LookupError(
            f"cannot substitute {sequence[index]!r} in a tuple; make it a row's field"
        )
    sequence[index] = new


def _is_ours(value: object) -> bool:
    """Tell whether a value's class is one of the packages'."""
    return type(value).__module__.partition(".")[0] in _PACKAGES
