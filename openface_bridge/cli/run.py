"""``run``: keep what a backend makes of the reference's fits, to compare it later."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from openface_bridge.cli.progress import with_progress
from openface_bridge.cli.sources import add_source_arguments, sources
from openface_bridge.cli.status import FAILED, PASSED
from openface_bridge.gate.outputs import check_folders
from openface_bridge.parity.refused import REASONS
from openface_bridge.parity.run import run_fit
from openface_bridge.parity.store import write_run
from openface_bridge.reference import Case
from pyclnf.cli.words import counted
from pyclnf.reasons import said_of

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "run",
        help="keep a backend's fits on disk",
        description="Let a backend fit what the reference did, freely and stage by stage on the "
        "reference's inputs, and write both: 'parity --run DIR' compares them. Exit status: 0 if "
        "all could be run, 1 if some could not, 2 if it cannot be done.",
    )
    add_source_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    """Run, and say where it is."""
    check_folders({"--out": options.out})
    reference, models, pictures = sources(options)
    refused: dict[Case, str] = {}
    cases = reference.cases()
    for case in with_progress(cases):
        try:
            found = run_fit(reference.trace(case), case, models, pictures)
        except REASONS as error:
            refused[case] = said_of(error)
            continue
        write_run(options.out, found)
    if refused and len(refused) == len(cases):
        raise ValueError(refused[cases[0]])
    for case, reason in refused.items():
        print(f"not run: {case.face} {case.setting}: {reason}", file=sys.stderr)
    done = len(cases) - len(refused)
    print(f"{counted(done, 'fit')} of backend {models.name} in {options.out}")
    return FAILED if refused else PASSED
