"""The same work on many things, in several threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Generic, TypeVar

from pyclnf.arguments import shown

__all__ = ["in_threads", "thread_count"]

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")


def in_threads(
    work: Callable[[_Given], _Found], items: Sequence[_Given], threads: int | None
) -> list[_Found]:
    """Return what the work finds for each item, in order.

    The caller's thread works too. Where the work fails, nothing more is begun, and the error of the
    first item that failed is raised.

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
    workers = min(thread_count(threads), len(items))
    if workers <= 1:
        return [work(item) for item in items]
    # An executor's futures cost a tenth of what fitting a face does.
    shared = _Shared(work, items)
    others = [threading.Thread(target=shared.take_part, daemon=True) for _ in range(workers - 1)]
    for other in others:
        other.start()
    shared.take_part()
    for other in others:
        other.join()
    return shared.found()


class _Shared(Generic[_Given, _Found]):
    """Items that several threads take, one after the other, until none is left."""

    def __init__(self, work: Callable[[_Given], _Found], items: Sequence[_Given]) -> None:
        self._work, self._items = work, items
        self._numbers = iter(range(len(items)))
        self._found: dict[int, _Found] = {}
        self._errors: dict[int, BaseException] = {}
        self._lock = threading.Lock()

    def take_part(self) -> None:
        """Work until no item is left, or one has failed."""
        while (number := self._next()) is not None:
            self._do(number)

    def found(self) -> list[_Found]:
        """Return what was found, or raise the error of the first item that failed."""
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._found[number] for number in range(len(self._items))]

    def _do(self, number: int) -> None:
        """Work on one item."""
        try:
            self._found[number] = self._work(self._items[number])
        except BaseException as error:  # raised again in the caller's thread
            self._errors[number] = error

    def _next(self) -> int | None:
        """Take an item; None if there is nothing more to do."""
        with self._lock:
            return None if self._errors else next(self._numbers, None)


def thread_count(threads: int | None) -> int:
    """Return how many threads may be used: one per processor for None.

    Raises
    ------
    ValueError
        Naming ``threads``, if that is not positive.
    """
    if threads is None:
        if hasattr(os, "sched_getaffinity"):  # those that this process may use
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, Integral) or threads < 1:
        raise ValueError(f"threads: expected a positive number or None, got {shown(threads)}")
    return int(threads)
