"""A fit of any engine, an iteration at a time, from coarse to fine, as a trace.

The order of things is here, and nothing else: whatever is computed comes from the engine's own
routines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pyclnf.likelihood import UNEVALUATED
from pyclnf.pdm import Parameters
from pyclnf.rotation import Rotation
from pyclnf.scale_plan import is_likelihood_due
from pyclnf.settings import FitSettings

__all__ = ["SMALLEST_FACE", "AtScale", "Engine", "Stepped", "StepwiseFit"]

Array = npt.NDArray[Any]

SMALLEST_FACE = np.float32(0.25)
"""A fit ends after a scale that leaves the face's scale below this."""


@dataclass(frozen=True, eq=False)
class Stepped:
    """What one iteration gave.

    Attributes
    ----------
    parameters : Parameters
        After the iteration.
    likelihood : float
        Of the shape before it.
    entries : mapping of str to ndarray
        As in a trace, without prefix.
    """

    parameters: Parameters
    likelihood: float
    entries: Mapping[str, Array]


class AtScale(Protocol):
    """An engine with the response maps of one scale."""

    @property
    def entries(self) -> Mapping[str, Array]:
        """View, similarity, areas, maps and schedule, as in a trace, without prefix."""
        ...

    def iterate(self, parameters: Parameters, *, rigid: bool) -> Stepped:
        """Do one iteration."""
        ...


class Engine(Protocol):
    """An engine with one picture and one setting."""

    name: str
    n_scales: int

    def start(self, box: Array, rotation: Rotation) -> Parameters:
        """Return the parameters that fit the mean shape into a box, (4,) px."""
        ...

    def at_scale(self, scale: int, parameters: Parameters) -> AtScale:
        """Make the response maps of a scale around the landmarks of some parameters."""
        ...

    def landmarks(self, parameters: Parameters) -> Array:
        """Return (n, 2) px."""
        ...

    def stands_still(self, before: Array, after: Array) -> bool:
        """Tell whether a shape moved so little that a phase ends."""
        ...


class StepwiseFit:
    """A fit under way: its likelihood, and its trace so far.

    Subclasses decide what the trace keeps, and which parameters an iteration hands on.

    Parameters
    ----------
    engine : Engine
        Made with the same settings.
    settings : FitSettings

    Attributes
    ----------
    entries : dict of str to ndarray
    """

    def __init__(self, engine: Engine, settings: FitSettings) -> None:
        self.entries: dict[str, Array] = {}
        self._engine, self._settings = engine, settings
        self._likelihood = UNEVALUATED

    def run(self, box: Array, rotation: Rotation) -> None:
        """Fit from coarse to fine."""
        parameters = self._handed_on(self._engine.start(box, rotation), "start")
        self.entries = {"bbox": box, "init.params_global": parameters.global_}
        if parameters.global_[1:4].any():
            self.entries["rotation"] = parameters.global_[1:4]
        for scale, size in enumerate(self._settings.window_sizes[: self._engine.n_scales]):
            if size == 0:
                continue
            parameters = self._fit_scale(scale, parameters)
            if parameters.global_[0] < SMALLEST_FACE:
                break
        self._finish(parameters)

    def _handed_on(self, parameters: Parameters, place: str) -> Parameters:
        """Return what goes on from some parameters, those of the start or after an iteration."""
        return parameters

    def _of_scale(self, entries: Mapping[str, Array]) -> Mapping[str, Array]:
        """Return what is kept of a scale."""
        return entries

    def _of_step(
        self, place: str, index: int, before: Parameters, step: Stepped
    ) -> Mapping[str, Array]:
        """Return what is kept of an iteration."""
        return step.entries

    def _fit_scale(self, scale: int, parameters: Parameters) -> Parameters:
        """Run a scale's two phases."""
        at_scale = self._engine.at_scale(scale, parameters)
        self._keep(f"scale{scale}", self._of_scale(at_scale.entries))
        parameters, _ = self._phase(at_scale, f"scale{scale}.rigid", parameters)
        face, n_scales = parameters.global_[0], self._engine.n_scales
        due = is_likelihood_due(scale, self._settings, n_scales, face)
        parameters, likelihood = self._phase(at_scale, f"scale{scale}.nonrigid", parameters)
        if due:
            self._likelihood = likelihood
        return parameters

    def _phase(
        self, at_scale: AtScale, phase: str, parameters: Parameters
    ) -> tuple[Parameters, float]:
        """Iterate until the shape stands still; return the last iteration's likelihood as well."""
        likelihood, shape = UNEVALUATED, self._engine.landmarks(parameters)
        for index in range(self._settings.max_iterations):
            place = f"{phase}.{index}"
            step = at_scale.iterate(parameters, rigid=phase.endswith(".rigid"))
            self._keep(place, self._of_step(place, index, parameters, step))
            parameters, likelihood = self._handed_on(step.parameters, place), step.likelihood
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

    def _keep(self, prefix: str, entries: Mapping[str, Array]) -> None:
        """Add entries under a prefix."""
        self.entries.update({f"{prefix}.{name}": array for name, array in entries.items()})
