"""What is known about a backend before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TypeAlias

from pyclnf.backends.base import Backend
from pyclnf.cache import ArrayCache

__all__ = ["ROUNDED_MAPS", "Entry", "Factory", "State"]

ROUNDED_MAPS = 80 * 2.0**-23
"""80 last places of a response map's maximum in float32: what sums in another order explain."""

Factory: TypeAlias = Callable[["str | PathLike[str]", "ArrayCache | None"], Backend]
"""Loads the model of a manifest into a backend, with what keeps its prepared arrays on disk."""


@dataclass(frozen=True)
class State:
    """Whether this machine and installation have a backend, and why.

    Attributes
    ----------
    available : bool
    reason : str
        What was found or what is missing; ends a sentence that starts with the backend's name:
        ``was not compiled when pyclnf was installed``.
    remedy : str
        What to install or do instead, in whole sentences without the last full stop; empty where
        the backend is available.
    """

    available: bool
    reason: str
    remedy: str = ""


@dataclass(frozen=True)
class Entry:
    """A backend's place in :data:`pyclnf.backends.registry.ENTRIES`.

    Attributes
    ----------
    name : str
        What it is chosen by, and the ``name`` of the backend that `create` returns.
    summary : str
        What it is, in a line.
    state : callable
        Tells whether it is available here. Quick where it is not installed, raises nothing, and
        imports its optional package only where nothing else tells.
    create : callable
        Imports what it needs, and loads a model.
    auto_from : int, optional
        The fewest faces at once for which ``auto`` takes it; None if ``auto`` never does. With 1
        it is taken for single fits too.
    exact : bool
        Whether it promises every bit of ``numpy-exact``'s landmarks.
    networks : bool
        Whether it computes the networks of face detector and validator, too; if not, the first
        that ``auto`` takes for a face and that does so works beside it.
    maps_within : float
        The most that its response maps may be off ``numpy``'s on the same inputs, of each map's
        maximum.
    """

    name: str
    summary: str
    state: Callable[[], State]
    create: Factory
    auto_from: int | None = None
    exact: bool = False
    networks: bool = False
    maps_within: float = ROUNDED_MAPS
