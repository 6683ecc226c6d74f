"""The command ``python -m openface_bridge``: one module per subcommand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from openface_bridge.cli import (
    faults,
    gate,
    hold,
    magnitudes,
    maps,
    parity,
    record,
    run,
    thresholds,
    vectors,
)
from openface_bridge.cli.status import UNUSABLE
from pyclnf.cli.arguments import join_numbers
from pyclnf.reasons import said_of

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
        0 if the run passes, 1 if it does not, 2 if it cannot be done.
    """
    parser = argparse.ArgumentParser(
        prog="python -m openface_bridge",
        description="Compare pyclnf with OpenFace, stage by stage; record OpenFace's fits; "
        "ask both engines questions of one's own.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    subcommands = (parity, gate, thresholds, run, faults, record, maps, hold, magnitudes, vectors)
    for subcommand in subcommands:
        subcommand.add_parser(commands)
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(join_numbers(given, "--box", "--rotation"))
    try:
        return int(options.run(options))
    except (ValueError, OSError, RuntimeError) as error:
        print(f"{options.command}: {said_of(error)}", file=sys.stderr)
        return UNUSABLE
