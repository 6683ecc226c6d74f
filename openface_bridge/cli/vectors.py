"""``vectors``: keep what OpenFace's point distribution model makes of random parameters."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from openface_bridge.cli.status import PASSED
from openface_bridge.native import native
from openface_bridge.recording.vectors import pdm_table
from openface_bridge.trace import write_arrays

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "vectors",
        help="record OpenFace's point distribution model on random parameters",
        description="Draw parameter vectors from a fixed seed and write what the PDM functions of "
        "the OpenFace that the bridge was compiled against return for them.",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="MAIN.txt")
    parser.add_argument("--count", type=int, default=500, help="default: 500")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.npz")
    parser.set_defaults(run=_vectors)


def _vectors(options: argparse.Namespace) -> int:
    """Record, and say what was recorded."""
    table = pdm_table(native().Model(str(options.model)), options.count)
    write_arrays(options.out, table)
    print(f"{options.count} vectors recorded in {options.out}")
    return PASSED
