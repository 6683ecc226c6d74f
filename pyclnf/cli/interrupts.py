"""Ctrl-C: the picture at hand is finished first."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

__all__ = ["Stop", "stoppable"]

_Item = TypeVar("_Item")


class Stop:
    """Whether the user wants to stop."""

    def __init__(self) -> None:
        self.requested = False

    def until(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Yield items until the user wants to stop."""
        for item in items:
            if self.requested:
                return
            yield item


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Let the first Ctrl-C ask to stop, and the second one interrupt."""
    stop = Stop()
    previous = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.requested = True
        print("pyclnf: stopping after this picture", file=sys.stderr)

    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or previous is signal.SIG_IGN:
        yield stop
        return
    signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous)
