"""``magnitudes``: how much each term of the normal equations weighs, iteration by iteration."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from openface_bridge.cli.status import PASSED
from openface_bridge.experiments.magnitudes import Magnitudes, magnitudes
from openface_bridge.gate.outputs import check_outputs, write_outputs
from openface_bridge.trace import read_trace
from pyclnf.backends import create_backend

__all__ = ["add_parser"]

_NAMES = tuple(field.name for field in fields(Magnitudes) if field.name != "step")


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "magnitudes",
        help="sizes of data term, prior term and update in each iteration of a trace",
        description="Print, for each iteration of a trace of either engine: the norms of the data "
        "term JᵀW·shift, the prior term r·Λ⁻¹·q and the update, of global and local parameters; "
        "the Jacobian's scale column; and what pulls the scale. The schedule is the trace's own.",
    )
    parser.add_argument("--trace", type=Path, required=True, metavar="FILE")
    parser.add_argument("--model", type=Path, required=True, metavar="MAIN.txt")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write them as data")
    parser.set_defaults(run=_magnitudes)


def _magnitudes(options: argparse.Namespace) -> int:
    """Compute, print, write."""
    check_outputs({"--json": options.json})
    trace = read_trace(options.trace)
    found = magnitudes(trace, create_backend("numpy", options.model).detector)
    print("iteration".ljust(20) + "".join(name.rjust(15) for name in _NAMES))
    for row in found:
        numbers = (f"{getattr(row, name):15.6g}" for name in _NAMES)
        print(row.step.prefix.ljust(20) + "".join(numbers))
    if options.json is not None:
        write_outputs({options.json: lambda path: _write(path, found)})
        print(f"data: {options.json}")
    return PASSED


def _write(path: Path, found: Sequence[Magnitudes]) -> None:
    path.write_text(json.dumps([_as_data(row) for row in found], indent=1) + "\n", "utf-8")


def _as_data(row: Magnitudes) -> dict[str, Any]:
    """Return a row as JSON takes it, which knows no number that is not finite."""
    numbers = {name: getattr(row, name) for name in _NAMES}
    finite = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
    return {"iteration": row.step.prefix, **finite}
