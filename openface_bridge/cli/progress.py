"""Progress on a terminal; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from openface_bridge.cli.status import show_progress
from openface_bridge.reference import Case

__all__ = ["with_progress"]

_Tell = Callable[[int, Case], None]


def with_progress(cases: Iterable[Case]) -> Iterator[Case]:
    """Yield cases, and show on a terminal which is next, how many are done and how long it took."""
    listed = list(cases)
    with _bar(len(listed)) as tell:
        for done, case in enumerate(listed):
            tell(done, case)
            yield case


@contextmanager
def _bar(total: int) -> Iterator[_Tell]:
    """Show a bar where Rich is installed, a line elsewhere."""
    if not sys.stderr.isatty() or find_spec("rich") is None:
        yield lambda done, case: show_progress(done, total, case)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=total)

        def tell(done: int, case: Case) -> None:
            text = escape(f"{done + 1}/{total} {case.face} {case.setting}")
            progress.update(task, completed=done, description=text, refresh=True)

        yield tell
