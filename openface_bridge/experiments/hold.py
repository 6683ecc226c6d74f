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
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.experiments.engines import AtScale, Engine
from openface_bridge.experiments.parameters import Held
from openface_bridge.stepping import SMALLEST_FACE
from openface_bridge.trace import PROVENANCE, Trace
from pyclnf.fitting import is_likelihood_due
from pyclnf.likelihood import UNEVALUATED
from pyclnf.pdm import Parameters
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
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0),
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
    return _HeldFit(engine, settings, held).run(box, rotation)


class _HeldFit:
    """A fit under way: parameters, likelihood, and the trace so far."""

    def __init__(self, engine: Engine, settings: FitSettings, held: Held) -> None:
        self._engine = engine
        self._settings = settings
        self._held = held
        self._entries: dict[str, Array] = {}
        self._likelihood = UNEVALUATED

    def run(self, box: Array, rotation: tuple[float, float, float]) -> Trace:
        """Fit from coarse to fine."""
        parameters = self._held.put_into(self._engine.start(box, rotation))
        self._entries = {"bbox": box, "init.params_global": parameters.global_}
        for scale, size in enumerate(self._settings.window_sizes[: self._engine.n_scales]):
            if size == 0:
                continue
            parameters = self._fit_scale(scale, parameters)
            if parameters.global_[0] < SMALLEST_FACE:
                break
        self._finish(parameters)
        return Trace(self._entries, self._engine.name)

    def _fit_scale(self, scale: int, parameters: Parameters) -> Parameters:
        """Run a scale's two phases."""
        at_scale = self._engine.at_scale(scale, parameters)
        self._keep(f"scale{scale}", at_scale.entries)
        parameters, _ = self._phase(at_scale, f"scale{scale}.rigid", parameters)
        face, n_scales = parameters.global_[0], self._engine.n_scales
        due = is_likelihood_due(scale, self._settings, n_scales, face)
        parameters, likelihood = self._phase(at_scale, f"scale{scale}.nonrigid", parameters)
        if due:
            self._likelihood = likelihood
        return parameters

    def _phase(
        self, at_scale: AtScale, prefix: str, parameters: Parameters
    ) -> tuple[Parameters, float]:
        """Iterate until the shape stands still; return the last iteration's likelihood as well."""
        likelihood, shape = UNEVALUATED, self._engine.landmarks(parameters)
        for index in range(self._settings.max_iterations):
            step = at_scale.iterate(parameters, rigid=prefix.endswith(".rigid"))
            self._keep(f"{prefix}.{index}", step.entries)
            parameters = self._held.put_into(_finite(step.parameters, f"{prefix}.{index}"))
            likelihood = step.likelihood
            before, shape = shape, self._engine.landmarks(parameters)
            if self._engine.stands_still(before, shape):
                break
        return parameters, likelihood

    def _finish(self, parameters: Parameters) -> None:
        """Keep the outcome."""
        entries: dict[str, Array] = {
            "params_global": parameters.global_,
            "params_local": parameters.local,
            "landmarks": self._engine.landmarks(parameters),
            "likelihood": np.array([self._likelihood], np.float32),
        }
        self._keep("final", entries)
        told = {"engine": self._engine.name, "held": dict(self._held.values)}
        self._entries[PROVENANCE] = np.array(json.dumps(told, sort_keys=True))

    def _keep(self, prefix: str, entries: Mapping[str, Array]) -> None:
        """Add entries under a prefix."""
        self._entries.update({f"{prefix}.{name}": array for name, array in entries.items()})


def _finite(parameters: Parameters, prefix: str) -> Parameters:
    """Return parameters, or raise a DivergenceError if they are not finite."""
    if not (np.isfinite(parameters.global_).all() and np.isfinite(parameters.local).all()):
        raise DivergenceError(f"{prefix}: the parameters ceased to be finite")
    return parameters
