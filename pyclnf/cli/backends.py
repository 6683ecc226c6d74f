"""``backends``: which backends there are here, and why not others."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from pyclnf.backends import AUTO, auto_order, choose_backend, registry
from pyclnf.backends.entry import Entry
from pyclnf.cli.status import DONE

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser("backends", help="which backends there are here")
    parser.set_defaults(run=_backends)


def _backends(options: argparse.Namespace) -> int:
    """List them, and what ``auto`` takes."""
    for entry in registry.ENTRIES:
        print("\n".join(_described(entry)))
    print("\n".join(_auto()))
    return DONE


def _described(entry: Entry) -> Iterator[str]:
    """Yield lines about a backend."""
    state = entry.state()
    indent = " " * 13
    yield f"{entry.name:12} {'available' if state.available else 'absent'}: it {state.reason}"
    yield f"{indent}{entry.summary}"
    if state.remedy:
        yield f"{indent}{state.remedy}"


def _auto() -> Iterator[str]:
    """Yield lines about what ``auto`` takes for one face, and from which number on another."""
    wanted = (entry.auto_from for entry in registry.ENTRIES)
    thresholds = sorted({faces for faces in wanted if faces is not None})
    taken = None
    for faces in thresholds:
        name = choose_backend(AUTO, faces)
        if name != taken:
            order = ", ".join(auto_order(faces))
            where = "" if faces == 1 else f" for {faces} faces at once or more"
            yield f"{AUTO:12} takes {name}{where}: the first available one of {order}"
        taken = name
