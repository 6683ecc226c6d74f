"""Ctrl-C: it ends the command at once, but a picture at hand is finished first."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from pyclnf.cli.status import INTERRUPTED

__all__ = ["Stop", "quitting", "stoppable"]

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

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.requested = True
        print("pyclnf: stopping after this picture", file=sys.stderr)

    with _handled_by(ask):
        yield stop


@contextmanager
def quitting() -> Iterator[None]:
    """Let Ctrl-C end the process at once, with nothing said and nothing done any more.

    For imports: extension modules may take an interrupt for an error of their own.
    """

    def end(number: int, frame: FrameType | None) -> None:
        os._exit(INTERRUPTED)

    with _handled_by(end):
        yield


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let a function handle Ctrl-C, unless it is ignored, or signals are another's.

    That is another thread's, or those of a program which Python is a part of.
    """
    previous = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or previous in (signal.SIG_IGN, None):
        yield
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
