"""``gate``: judge what ``parity`` measured."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from openface_bridge.cli.gating import GateFiles, add_gate_arguments, conclude
from openface_bridge.gate.outputs import check_outputs
from openface_bridge.gate.results import read_results

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "gate",
        help="judge what parity measured",
        description="Judge the results that 'parity --json' wrote, by thresholds and known "
        "divergences. Exit status: 0 if the run passes, 1 if not, 2 if it cannot be judged.",
    )
    parser.add_argument("results", type=Path, metavar="PARITY.json")
    add_gate_arguments(parser)
    parser.set_defaults(run=_gate)


def _gate(options: argparse.Namespace) -> int:
    """Read, judge, write."""
    check_outputs({"--junit": options.junit})
    return conclude(options, read_results(options.results), GateFiles.named(options), {})
