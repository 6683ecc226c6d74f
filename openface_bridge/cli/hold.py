"""``hold``: fits with some parameters held fixed, in both engines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from openface_bridge.cli.engines import add_engine_arguments, engines, openface_model
from openface_bridge.cli.status import PASSED
from openface_bridge.experiments.hold import held_fit
from openface_bridge.experiments.hold_table import HeldStep, held_steps, write_table
from openface_bridge.experiments.parameters import ExperimentError, Held
from openface_bridge.gate.outputs import check_folders
from openface_bridge.pictures import read_picture
from openface_bridge.trace import Trace, write_trace
from pyclnf.backends import create_backend
from pyclnf.image import check_box
from pyclnf.settings import FitSettings

__all__ = ["add_parser"]

_LARGEST_ANGLE = float(np.pi)


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "hold",
        help="fits with some parameters held fixed",
        description="Fit a face in pyclnf and, one iteration at a time, in OpenFace, with some "
        "parameters put back to given values before the fit and after every iteration. Each "
        "iteration solves for all of them; what it found for those held is thrown away. Writes "
        "candidate.npz, reference.npz (traces) and iterations.csv.",
    )
    add_engine_arguments(parser)
    parser.add_argument("--box", required=True, metavar="X,Y,W,H", help="px")
    parser.add_argument(
        "--rotation", default="0,0,0", metavar="RX,RY,RZ", help="start, radians; default: 0,0,0"
    )
    parser.add_argument(
        "--fixed",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter to hold: scale, rx, ry, rz, tx, ty, or a local one: q0, q1, …",
    )
    parser.add_argument(
        "--setting",
        default="default",
        metavar="NAME",
        help="default, weighted, wild, ceclm or ceclm-wild",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=_hold)


def _hold(options: argparse.Namespace) -> int:
    """Fit, compare, write."""
    check_folders({"--out": options.out})
    settings = FitSettings.named(options.setting)
    backend = create_backend(options.backend, options.model)
    held = Held.parsed(options.fixed, backend.detector.pdm.n_modes)
    rx, ry, rz = _rotation(options.rotation)
    image = read_picture(options.image)
    box = check_box(_numbers("--box", options.box, 4), image.shape)
    both = engines(backend, openface_model(options), image, settings)
    traces = {
        role: held_fit(engine, box, settings, held, (rx, ry, rz)) for role, engine in both.items()
    }
    steps = held_steps(traces, held)
    options.out.mkdir(parents=True, exist_ok=True)
    for role, trace in traces.items():
        write_trace(options.out / f"{role}.npz", trace)
    write_table(options.out / "iterations.csv", steps)
    _report(traces, steps)
    print(f"traces and table: {options.out}")
    return PASSED


def _numbers(option: str, text: str, count: int) -> list[float]:
    """Split an argument into so many numbers."""
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ExperimentError(f"{option}: expected {count} numbers with commas, got {text!r}")
    return numbers


def _rotation(text: str) -> list[float]:
    """Return three angles of at most half a turn."""
    angles = _numbers("--rotation", text, 3)
    if max(map(abs, angles)) > _LARGEST_ANGLE:
        raise ExperimentError(f"--rotation: angles must be from -π to π radians, got {text!r}")
    return angles


def _report(traces: dict[str, Trace], steps: list[HeldStep]) -> None:
    """Print the last iteration of every phase, and where the fits ended."""
    ends = {(row.step.scale, row.step.phase, row.engine): row for row in steps}
    for row in ends.values():
        print(_line(row))
    for role, trace in traces.items():
        numbers = ", ".join(f"{value:.4f}" for value in trace["final.params_global"].tolist())
        print(f"{role:9} ends at {numbers}; likelihood {float(trace['final.likelihood'][0]):.4f}")
    if len(traces) > 1:
        one, other = (trace["final.landmarks"] for trace in traces.values())
        apart = np.linalg.norm(other - one, axis=1).max()
        print(f"worst landmark {apart:.4f} px apart")


def _line(row: HeldStep) -> str:
    """Return an iteration's line."""
    pulls = ", ".join(f"{name} {pull:+.5f}" for name, pull in row.pulls.items()) or "nothing held"
    return (
        f"scale {row.step.scale} {row.step.phase:8} iteration {row.step.index:2}  "
        f"{row.engine:9} face scale {row.params_global[0]:.4f}  pulls: {pulls}"
    )
