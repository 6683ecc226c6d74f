"""What the command ``pyclnf`` does with its arguments."""

from __future__ import annotations

import argparse
import difflib
import io
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

import pyclnf
from pyclnf.cli import backends, detect, image, model, video
from pyclnf.cli.arguments import join_numbers
from pyclnf.cli.status import UNUSABLE
from pyclnf.reasons import said_of

__all__ = ["run"]

_STATUSES = """\
exit status: 0 if all was done; 1 if something was skipped, a model is bad, or backends disagree; 2
if it cannot be done as asked; 130 if it was interrupted (what had been written until then is
complete)"""

_WITHOUT_WINDOWS = """\
Where that is a library for windows, as on most servers, OpenCV's build without them will do:

    pip uninstall --yes opencv-python
    pip install opencv-python-headless"""


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
    if not given:
        parser.print_help(sys.stderr)
        return UNUSABLE
    options, unknown = parser.parse_known_args(join_numbers(given, "--bbox"))
    if unknown:
        _refuse(commands.choices[options.command], unknown)
    _print_anything()
    try:
        return int(options.run(options))
    except (ValueError, OSError, RuntimeError, MemoryError, ImportError) as error:
        print(f"pyclnf {options.command}: {_said_of(error)}", file=sys.stderr)
        return UNUSABLE


def _refuse(parser: argparse.ArgumentParser, unknown: Sequence[str]) -> NoReturn:
    """End, telling which arguments a command does not know, and what may have been meant."""
    options = re.findall(r"(?<![\w-])--?[a-zA-Z2-9][\w-]*", parser.format_help())
    close = difflib.get_close_matches(unknown[0].partition("=")[0], options, n=1, cutoff=0.75)
    meant = f"; did you mean {close[0]}?" if close else "."
    parser.error(f"unrecognized arguments: {' '.join(unknown)}{meant} See '{parser.prog} --help'")


def _print_anything() -> None:
    """Let standard output take file names of any letters, or bytes, as standard error does."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _said_of(error: Exception) -> str:
    """Return what to say of an error; of a missing library, what to do about it."""
    if isinstance(error, ImportError) and "cannot open shared object file" in str(error):
        return f"{error}. {_WITHOUT_WINDOWS}"
    return said_of(error)
