"""Fits that must keep some parameters.

Both engines are stepped in the same way: the parameters held are put into the start, before
anything is computed, and put back after every iteration. The iteration itself is the engine's own
and knows nothing of it: it solves for all parameters together, and what it found for those held is
thrown away. So this is no constrained minimum, but a fit whose every number comes from the engine's
own routines. A phase ends when the shape *with the parameters put back* stands still.

In the trace, ``…I.params_global`` and ``params_local`` are what an iteration started from, the held
values among them; ``…I.params_global_out`` and ``params_local_out`` are what it gave, before they
were put back.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.experiments.parameters import Held
from openface_bridge.stepwise import Engine, StepwiseFit
from openface_bridge.trace import PROVENANCE, Trace
from pyclnf.pdm import Parameters
from pyclnf.rotation import Rotation
from pyclnf.settings import FitSettings

__all__ = ["DivergenceError", "held_fit"]

Array = npt.NDArray[Any]


class DivergenceError(RuntimeError):
    """A fit whose parameters ceased to be finite; says in which iteration."""


def held_fit(
    engine: Engine,
    box: Array,
    settings: FitSettings,
    held: Held,
    rotation: Rotation = (0.0, 0.0, 0.0),
) -> Trace:
    """Fit from a box with some parameters held.

    Parameters
    ----------
    engine : Engine
        Made with the same settings.
    box : (4,) float32
        x, y, width, height in px.
    settings : FitSettings
    held : Held
        With nothing held, the trace is that of the engine's own fit.
    rotation : tuple of three floats
        The head pose to start from: Euler angles, radians.

    Returns
    -------
    Trace

    Raises
    ------
    DivergenceError
    """
    fit = _HeldFit(engine, settings, held)
    fit.run(box, rotation)
    told = {"engine": engine.name, "held": dict(held.values)}
    entries = {**fit.entries, PROVENANCE: np.array(json.dumps(told, sort_keys=True))}
    return Trace(entries, engine.name)


class _HeldFit(StepwiseFit):
    """A fit under way whose parameters are put back."""

    def __init__(self, engine: Engine, settings: FitSettings, held: Held) -> None:
        super().__init__(engine, settings)
        self._held = held

    def _handed_on(self, parameters: Parameters, place: str) -> Parameters:
        """Return parameters with those held put back."""
        if not (np.isfinite(parameters.global_).all() and np.isfinite(parameters.local).all()):
            raise DivergenceError(f"{place}: the parameters ceased to be finite")
        return self._held.put_into(parameters)
