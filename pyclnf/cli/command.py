"""What the command ``pyclnf`` does with its arguments."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

import pyclnf
from pyclnf.cli import backends, detect, image, model, video
from pyclnf.cli.arguments import join_numbers
from pyclnf.cli.status import UNUSABLE

__all__ = ["run"]

_STATUSES = """\
exit status: 0 if all was done; 1 if something was skipped, a model is bad, or backends disagree; 2
if it cannot be done as asked; 130 if it was interrupted (what had been written until then is
complete)"""


def run(arguments: Sequence[str] | None) -> int:
    """Run the command; see :func:`pyclnf.cli.main`."""
    parser = argparse.ArgumentParser(
        prog="pyclnf",
        description="Find facial landmarks with OpenFace's CLNF models.",
        epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pyclnf {pyclnf.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for subcommand in (image, video, detect, model, backends):
        subcommand.add_parser(commands)
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(join_numbers(given, "--bbox"))
    _print_anything()
    try:
        return int(options.run(options))
    except (ValueError, OSError, RuntimeError, MemoryError, ImportError) as error:
        print(f"pyclnf {options.command}: {error}", file=sys.stderr)
        return UNUSABLE


def _print_anything() -> None:
    """Let standard output take file names of any letters, or bytes, as standard error does."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
