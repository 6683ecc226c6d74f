"""Progress on a terminal, with rate and time left; nothing in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

__all__ = ["Tell", "progress"]

Tell = Callable[[int, str], None]
"""Told how much is done, and what is being done."""


@contextmanager
def progress(total: int | None, unit: str) -> Iterator[Tell]:
    """Show a bar where Rich is installed, a line elsewhere, on standard error.

    Parameters
    ----------
    total : int or None
        How much there is to do; None where nobody knows.
    unit : str
        Of what is counted, such as ``"frames"``.
    """
    if not sys.stderr.isatty():
        yield lambda done, text: None
    elif find_spec("rich") is None:
        line = _Line(total, unit)
        try:
            yield line.show
        finally:
            line.clear()
    else:
        with _bar(total, unit) as tell:
            yield tell


class _Line:
    """One line that is written again and again."""

    def __init__(self, total: int | None, unit: str) -> None:
        self._total = total
        self._unit = unit
        self._start = time.monotonic()
        self._next = 0.0

    def show(self, done: int, text: str) -> None:
        """Show the line, ten times a second at most."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + 0.1
        rate = done / max(now - self._start, 1e-9)
        known = f"{done}/{self._total}" if self._total else str(done)
        left = _left(self._total, done, rate)
        shown = f"{known} {self._unit}  {rate:.1f}/s{left}  {text}"
        print(f"\r{shown[:100]}\033[K", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Wipe the line."""
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def _left(total: int | None, done: int, rate: float) -> str:
    """Return the time left."""
    if not total or not done or rate <= 0:
        return ""
    minutes, seconds = divmod(round((total - done) / rate), 60)
    return f"  {minutes}:{seconds:02} left"


@contextmanager
def _bar(total: int | None, unit: str) -> Iterator[Tell]:
    """Show Rich's bar."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    start = time.monotonic()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=total, count="")

    def tell(done: int, text: str) -> None:
        bar.start()  # not before there is something to tell
        rate = done / max(time.monotonic() - start, 1e-9)
        known = f"{done}/{total}" if total else str(done)
        count = f"{known} {unit}, {rate:.1f}/s"
        bar.update(task, completed=done, count=count, description=escape(text))

    try:
        yield tell
    finally:
        bar.stop()
