"""Entries of backends that do not exist, to be put into the registry for a test."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike

from pyclnf.backends.base import Backend
from pyclnf.backends.entry import Entry, State
from pyclnf.backends.numpy_entry import NUMPY
from pyclnf.cache import ArrayCache

__all__ = ["Plant", "made_up"]

Plant = Callable[..., None]
"""Puts entries before all others."""


def made_up(
    name: str,
    state: State | None = None,
    *,
    auto_from: int | None = None,
    exact: bool = False,
    networks: bool = False,
) -> Entry:
    """Return the entry of a backend that is numpy's by another name; available by default."""

    def create(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Backend:
        backend = NUMPY.create(manifest_path, cache)
        backend.name = name  # type: ignore[misc]
        return backend

    found = State(True, "is made up") if state is None else state
    return Entry(name, "made up", lambda: found, create, auto_from, exact, networks)
