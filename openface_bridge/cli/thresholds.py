"""``thresholds``: tighten thresholds to what a run measured; nothing loosens them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from openface_bridge.cli.status import FAILED, PASSED
from openface_bridge.gate.outputs import check_outputs, write_outputs
from openface_bridge.gate.results import read_results
from openface_bridge.gate.thresholds import Limit, Thresholds, format_thresholds, read_thresholds
from openface_bridge.gate.tighten import Change, propose

__all__ = ["add_parser"]

_DEFAULT = Path("fixtures", "thresholds.toml")


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "thresholds",
        help="tighten thresholds to what a run measured",
        description="Propose thresholds from the results that 'parity --json' wrote: a quarter "
        "above what was measured, but at least 0.0001 px, rounded up to two digits, and 0 where "
        "a fit is equal in every bit. Where there is a threshold, the tighter one stays. Exit "
        "status: 0, or 1 if a fit fails or is beyond a threshold, and nothing is written.",
    )
    parser.add_argument("results", type=Path, metavar="PARITY.json")
    parser.add_argument(
        "--file", type=Path, default=_DEFAULT, metavar="F.toml", help=f"default: {_DEFAULT}"
    )
    parser.add_argument(
        "--tighten", action="store_true", help="write them; without it they are only shown"
    )
    parser.set_defaults(run=_thresholds)


def _thresholds(options: argparse.Namespace) -> int:
    """Propose, and write if asked to."""
    check_outputs({"--file": options.file if options.tighten else None})
    present: Thresholds = read_thresholds(options.file) if options.file.exists() else {}
    proposal = propose(read_results(options.results), present)
    for refusal in proposal.refused:
        print(f"refused: {refusal}")
    if proposal.refused:
        print(f"{options.file}: nothing is loosened, and nothing was written")
        return FAILED
    for change in proposal.changes:
        print(_line(change))
    if options.tighten and proposal.changes:
        text = format_thresholds(proposal.thresholds)
        write_outputs({options.file: lambda path: _write(path, text)})
    done = "tightened" if options.tighten else "could be tightened (--tighten)"
    print(f"{options.file}: {len(proposal.changes)} entries {done}")
    return PASSED


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def _line(change: Change) -> str:
    """Return what changes in an entry."""
    return f"{change.entry}: {_limit(change.before)} -> {_limit(change.after)}"


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return "none"
    floors = "" if limit.floors is None else f", {limit.floors:g} floors"
    return f"{limit.px:g} px{floors}"
