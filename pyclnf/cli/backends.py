"""``backends``: which backends there are here."""

from __future__ import annotations

import argparse
from typing import Any

from pyclnf.backends import AUTO_ORDER, available_backends
from pyclnf.cli.status import DONE

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser("backends", help="which backends there are here")
    parser.set_defaults(run=_backends)


def _backends(options: argparse.Namespace) -> int:
    """List them."""
    there_are = available_backends()
    chosen = next(name for name in AUTO_ORDER if name in there_are)
    for name in dict.fromkeys((*AUTO_ORDER, *there_are)):
        if name == chosen:
            print(f"{name}  (what 'auto' takes)")
        else:
            print(name if name in there_are else f"{name}  (not built here)")
    return DONE
