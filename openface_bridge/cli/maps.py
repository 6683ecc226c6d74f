"""``maps``: response maps of both engines at a forced parameter vector."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from openface_bridge.cli.engines import add_engine_arguments, engines, openface_model
from openface_bridge.cli.status import PASSED
from openface_bridge.experiments.maps import (
    MapDifference,
    map_differences,
    maps_to_arrays,
    window_settings,
)
from openface_bridge.experiments.parameters import read_parameters
from openface_bridge.gate.outputs import check_outputs
from openface_bridge.pictures import read_picture
from openface_bridge.trace import write_arrays
from pyclnf.backends import create_backend

__all__ = ["add_parser"]

_WORST = 5


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "maps",
        help="response maps of both engines at given parameters",
        description="Make the response maps of one scale around the shape of given parameters, in "
        "pyclnf and in OpenFace, say where they differ, and write them.",
    )
    add_engine_arguments(parser)
    parser.add_argument(
        "--at-params",
        type=Path,
        required=True,
        metavar="PARAMS.json",
        help='{"global": [scale, rx, ry, rz, tx, ty], "local": […]}; without "local", zeros',
    )
    parser.add_argument("--scale", type=int, default=0, metavar="K", help="default: 0, coarsest")
    parser.add_argument(
        "--window", type=int, metavar="N", help="side of the maps; default: of setting default"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.npz")
    parser.set_defaults(run=_maps)


def _maps(options: argparse.Namespace) -> int:
    """Make maps, compare, write."""
    check_outputs({"--out": options.out})
    backend = create_backend(options.backend, options.model)
    n_scales = len(backend.detector.experts.scales)
    settings = window_settings(options.scale, options.window, n_scales)
    parameters = read_parameters(options.at_params, backend.detector.pdm.n_modes)
    image = read_picture(options.image)
    both = engines(backend, openface_model(options), image, settings)
    entries = {
        role: engine.at_scale(options.scale, parameters).entries for role, engine in both.items()
    }
    for role, found in entries.items():
        print(f"{role}: {both[role].name}, view {found['view']}")
    if "reference" in entries:
        _report(map_differences(entries["reference"], entries["candidate"]))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(options.out, maps_to_arrays(parameters, options.scale, entries))
    print(f"maps: {options.out}")
    return PASSED


def _report(differences: list[MapDifference]) -> None:
    """Print the landmarks whose maps differ most, and a summary."""
    worst = sorted(differences, key=lambda each: each.relative, reverse=True)
    differing = [each for each in worst if each.relative > 0]
    if differing:
        print("landmark  largest difference, of the map's maximum   at x, y   reference  candidate")
    for each in differing[:_WORST]:
        print(
            f"{each.landmark:8}  {each.relative:41.3g}   {each.x:3}, {each.y:2}  "
            f"{each.reference:10.6g} {each.candidate:10.6g}"
        )
    sizes = [each.relative for each in worst]
    one_sided, equal = sum(map(math.isinf, sizes)), len(worst) - len(differing)
    median = f"{sizes[len(sizes) // 2]:.3g}" if sizes else "none"
    print(
        f"{len(sizes)} landmarks: {equal} equal in every bit, median {median}; "
        f"{one_sided} seen by one engine only"
    )
