"""``vectors``: keep what OpenFace makes of random parameters."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from openface_bridge.cli.status import PASSED
from openface_bridge.gate.outputs import check_outputs
from openface_bridge.native import native
from openface_bridge.pictures import read_picture
from openface_bridge.recording.iterations import iteration_table
from openface_bridge.recording.vectors import choices_table, pdm_table
from openface_bridge.trace import write_arrays

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "vectors",
        help="record what OpenFace makes of random parameters",
        description="Draw parameter vectors from a fixed seed and write what the OpenFace that the "
        "bridge was compiled against makes of them: PDM functions, view and similarities of each "
        "scale; with a picture, response maps and iterations of some more.",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="MAIN.txt")
    parser.add_argument("--count", type=_at_least(3), default=500, help="default: 500")
    parser.add_argument("--image", type=Path, metavar="PICTURE")
    parser.add_argument(
        "--image-count",
        type=_at_least(5),
        default=24,
        help="vectors on the picture; default: 24",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.npz")
    parser.set_defaults(run=_vectors)


def _at_least(least: int) -> Callable[[str], int]:
    """Return a reader of counts: the first so many vectors are degenerate ones."""

    def count(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}, is {number}")
        return number

    return count


def _vectors(options: argparse.Namespace) -> int:
    """Record, and say what was recorded."""
    check_outputs({"--out": options.out})
    model = native().Model(str(options.model))
    table = pdm_table(model, options.count)
    table |= choices_table(model, table)
    if options.image is not None:
        placed = iteration_table(model, read_picture(options.image), options.image_count)
        table["picture.name"] = np.array(options.image.name)
        table |= {f"picture.{name}": array for name, array in placed.items()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(options.out, table)
    print(f"{options.count} vectors recorded in {options.out}")
    return PASSED
