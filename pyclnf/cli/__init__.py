"""The command ``pyclnf``: one module per subcommand."""

from __future__ import annotations

from collections.abc import Sequence

from pyclnf.cli.interrupts import quitting
from pyclnf.cli.status import INTERRUPTED

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of the process's.

    Returns
    -------
    int
        0 if all was done, 1 if something was skipped, a model is bad or backends disagree, 2 if it
        cannot be done as asked, 130 if it was interrupted.
    """
    try:
        with quitting():
            from pyclnf.cli.command import run
        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
