"""Fits with held parameters side by side, as a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openface_bridge.experiments.parameters import GLOBAL_NAMES, Held
from openface_bridge.trace import Step, Trace
from pyclnf.pdm import Parameters

__all__ = ["HeldStep", "held_steps", "write_table"]


@dataclass(frozen=True)
class HeldStep:
    """One iteration of one engine.

    Attributes
    ----------
    engine : str
    step : Step
    params_global : tuple of six floats
        Before the iteration.
    pulls : dict of str to float
        How far it moved each parameter that was then put back.
    apart_px : float
        The farthest that a landmark lies from the first engine's, before the iteration; NaN if
        that one did not get there.
    """

    engine: str
    step: Step
    params_global: tuple[float, ...]
    pulls: dict[str, float]
    apart_px: float


def held_steps(traces: Mapping[str, Trace], held: Held) -> list[HeldStep]:
    """Return the iterations of all engines in the order of execution.

    Parameters
    ----------
    traces : mapping of str to Trace
        By engine; the others are compared with the first.
    held : Held
    """
    first = next(iter(traces.values()))
    steps = sorted({step for trace in traces.values() for step in trace.steps})
    return [
        _held_step(engine, trace, step, first, held)
        for step in steps
        for engine, trace in traces.items()
        if f"{step.prefix}.shape" in trace
    ]


def write_table(path: Path, steps: list[HeldStep]) -> None:
    """Write iterations as comma-separated values."""
    pulled = [f"pull_{name}" for name in steps[0].pulls]
    names = ("engine", "at_scale", "phase", "iteration", *GLOBAL_NAMES, *pulled, "apart_px")
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(names)
        for row in steps:
            at = (row.step.scale, row.step.phase, row.step.index)
            numbers = (*row.params_global, *row.pulls.values(), row.apart_px)
            table.writerow((row.engine, *at, *(f"{number:.9g}" for number in numbers)))


def _held_step(engine: str, trace: Trace, step: Step, first: Trace, held: Held) -> HeldStep:
    """Return one row."""
    after = Parameters(
        trace[f"{step.prefix}.params_global_out"], trace[f"{step.prefix}.params_local_out"]
    )
    return HeldStep(
        engine=engine,
        step=step,
        params_global=tuple(map(float, trace[f"{step.prefix}.params_global"])),
        pulls=held.pulls(after),
        apart_px=_apart(trace, first, f"{step.prefix}.shape"),
    )


def _apart(trace: Trace, first: Trace, name: str) -> float:
    """Return the largest distance between two traces' landmarks, px."""
    if name not in first:
        return float("nan")
    return float(np.linalg.norm(trace[name] - first[name], axis=1).max())
