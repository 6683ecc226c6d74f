"""The same work on many things, in several threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_threads"]

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")


def in_threads(
    work: Callable[[_Given], _Found], items: Sequence[_Given], threads: int | None
) -> list[_Found]:
    """Return what the work finds for each item, in order.

    Parameters
    ----------
    work : callable
    items : sequence
    threads : int or None
        The most to use; one per processor for None.

    Raises
    ------
    ValueError
        Naming ``threads``, if that is not positive.
    """
    workers = min(_checked(threads), len(items))
    if workers <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, items))


def _checked(threads: int | None) -> int:
    """Return how many threads may be used."""
    if threads is None:
        return os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads: expected a positive number or None, got {threads!r}")
    return threads
