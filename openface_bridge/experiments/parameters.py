"""Parameters that a user chooses: a whole vector, or some that a fit must keep."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pyclnf.pdm import Parameters
from pyclnf.reasons import reason_of
from pyclnf.typing import Float32Array

__all__ = ["GLOBAL_NAMES", "ExperimentError", "Held", "read_parameters"]

GLOBAL_NAMES = ("scale", "rx", "ry", "rz", "tx", "ty")
"""Global parameters in their order; local ones are called q0, q1, …"""

_LARGEST = 1e6


class ExperimentError(ValueError):
    """A question that cannot be asked; says what was expected."""


def read_parameters(path: Path, n_modes: int) -> Parameters:
    """Read ``{"global": [scale, rx, ry, rz, tx, ty], "local": […]}``.

    Parameters
    ----------
    path : Path
        JSON; angles in radians, translations in px. Local parameters left out are 0.
    n_modes : int
        How many local parameters the model has.

    Returns
    -------
    read : Parameters

    Raises
    ------
    ExperimentError
        If there is no such file, or it holds something else.
    """
    try:
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ExperimentError(f"{path}: not a readable JSON file: {reason_of(error)}") from error
    if not isinstance(stored, dict) or "global" not in stored:
        raise ExperimentError(f'{path}: expected {{"global": [{", ".join(GLOBAL_NAMES)}], …}}')
    unknown = sorted(stored.keys() - {"global", "local"})
    if unknown:
        raise ExperimentError(f'{path}: {unknown[0]!r} is neither "global" nor "local"')
    global_ = _vector(f"{path}: 'global'", stored["global"], len(GLOBAL_NAMES))
    if not global_[0] > 0:
        raise ExperimentError(f"{path}: 'global': the scale must be positive, is {global_[0]:g}")
    return Parameters(
        global_, _vector(f"{path}: 'local'", stored.get("local", [0] * n_modes), n_modes)
    )


def _vector(what: str, numbers: Any, size: int) -> Float32Array:
    """Return so many finite numbers as float32."""
    if not isinstance(numbers, list) or not all(_is_number(number) for number in numbers):
        raise ExperimentError(f"{what}: expected a list of {size} finite numbers, got {numbers!r}")
    if len(numbers) != size:
        raise ExperimentError(f"{what}: expected {size} numbers, got {len(numbers)}")
    return np.array(numbers, np.float32)


def _is_number(number: Any) -> bool:
    """Tell whether something is a number of reasonable size, and not a truth value."""
    return (
        isinstance(number, int | float)
        and not isinstance(number, bool)
        and abs(number) <= _LARGEST  # not so for NaN
    )


@dataclass(frozen=True)
class Held:
    """Parameters that are put back after every iteration.

    Attributes
    ----------
    values : tuple of (str, float)
        By name: of :data:`GLOBAL_NAMES`, or q0, q1, … for local ones.
    """

    values: tuple[tuple[str, float], ...] = ()

    @classmethod
    def parsed(cls, assignments: Sequence[str], n_modes: int) -> Held:
        """Read ``NAME=VALUE``.

        Raises
        ------
        ExperimentError
            If there is no parameter of that name, one is given twice, or its value is unusable.
        """
        values: dict[str, float] = {}
        for assignment in assignments:
            name, value = _parsed(assignment, n_modes)
            if name in values:
                raise ExperimentError(f"{assignment}: {name} is held at {values[name]:g} already")
            values[name] = value
        return cls(tuple(values.items()))

    def put_into(self, parameters: Parameters) -> Parameters:
        """Return parameters with those held at their values."""
        if not self.values:
            return parameters
        global_, local = parameters.global_.copy(), parameters.local.copy()
        for name, value in self.values:
            vector, index = (local, int(name[1:])) if name[0] == "q" else (global_, _at(name))
            vector[index] = value
        return Parameters(global_, local)

    def pulls(self, parameters: Parameters) -> dict[str, float]:
        """Return how far parameters are from where they are held, by name."""
        kept = self.put_into(parameters)
        moved = (parameters.global_ - kept.global_, parameters.local - kept.local)
        return {
            name: float(moved[1][int(name[1:])] if name[0] == "q" else moved[0][_at(name)])
            for name, _ in self.values
        }


def _at(name: str) -> int:
    """Return the index of a global parameter."""
    return GLOBAL_NAMES.index(name)


def _parsed(assignment: str, n_modes: int) -> tuple[str, float]:
    """Split ``NAME=VALUE`` and check both."""
    name, _, text = assignment.partition("=")
    mode = re.fullmatch(r"q(0|[1-9]\d{0,3})", name)
    if name not in GLOBAL_NAMES and not (mode and int(mode[1]) < n_modes):
        raise ExperimentError(
            f"{assignment}: no parameter is called {name!r}; there are {', '.join(GLOBAL_NAMES)} "
            f"and q0 to q{n_modes - 1}"
        )
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not _is_number(value):
        raise ExperimentError(f"{assignment}: expected NAME=VALUE with a finite number")
    if name == "scale" and value <= 0:
        raise ExperimentError(f"{assignment}: the scale must be positive")
    return name, value
