"""One fit of OpenFace, one iteration at a time, and the proof that stepping changed nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.openface import OpenFace, native_settings
from openface_bridge.starts import Start
from openface_bridge.stepwise import Stepped, StepwiseFit
from openface_bridge.trace import Trace
from pyclnf import FitSettings
from pyclnf.image import check_box
from pyclnf.pdm import Parameters

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["Kept", "SteppingError", "stepped_fit"]

Array = npt.NDArray[Any]


class SteppingError(RuntimeError):
    """A stepped fit that did not end where OpenFace's own does, or could not be stepped."""


@dataclass(frozen=True)
class Kept:
    """What a stepped fit's trace holds beside what every trace does.

    Right-hand sides and solutions of the normal equations are always kept: they are small.

    Attributes
    ----------
    lean : bool
        Neither areas of interest nor Jacobians, but for the first one of each phase: what the
        reference's parameters determine is left to whoever reads the trace.
    hessians : bool
        The left-hand sides of the normal equations.
    """

    lean: bool = False
    hessians: bool = False


_DEFAULT = Kept()


def stepped_fit(
    model: _native.Model,
    image: Array,
    start: Start,
    settings: FitSettings,
    *,
    keep: Kept = _DEFAULT,
    source: str = "live fit",
) -> Trace:
    """Fit a face stepwise, then plainly, and return the trace if both agree in every bit.

    Parameters
    ----------
    model : _native.Model
    image : (H, W) or (H, W, 3) uint8
        Grey, or blue, green, red.
    start : Start
        Box and head pose; the plain fit starts from them in OpenFace's own way.
    settings : FitSettings
    keep : Kept
        What the trace holds beside what every trace does.
    source : str
        For error messages.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        If picture, box or rotation cannot be fitted.
    SteppingError
        If the two fits disagree, or parameters cease to be finite, where OpenFace would read
        outside its memory.
    """
    pixels = np.ascontiguousarray(image)
    checked = Start(check_box(start.box, pixels.shape), start.rotation)
    fit = _SteppedFit(model, pixels, settings, keep)
    fit.run(checked.box, checked.angles)
    plain = model.fit(pixels, checked.box, native_settings(settings), checked.rotation)
    _compare(plain, fit.entries, source)
    return Trace(fit.entries, source)


class _SteppedFit(StepwiseFit):
    """A fit of OpenFace's under way, each iteration proved."""

    def __init__(
        self, model: _native.Model, image: Array, settings: FitSettings, keep: Kept
    ) -> None:
        super().__init__(OpenFace(model, image, settings), settings)
        self._model, self._wanted = model, keep

    def _handed_on(self, parameters: Parameters, place: str) -> Parameters:
        """Return parameters that are finite."""
        if not (np.isfinite(parameters.global_).all() and np.isfinite(parameters.local).all()):
            raise SteppingError(
                "the parameters ceased to be finite; OpenFace itself would go on and read outside "
                "its memory"
            )
        return parameters

    def _of_scale(self, entries: Mapping[str, Array]) -> Mapping[str, Array]:
        """Return what is kept of a scale."""
        return _without(entries, areas_of_interest=self._wanted.lean)

    def _of_step(
        self, place: str, index: int, before: Parameters, step: Stepped
    ) -> Mapping[str, Array]:
        """Return an iteration, once its change is known to be the one that OpenFace applied."""
        self._prove(place, before, step)
        lean = index > 0 and self._wanted.lean
        return _without(step.entries, jacobian=lean, hessian=not self._wanted.hessians)

    def _prove(self, place: str, before: Parameters, step: Stepped) -> None:
        """Raise unless the solution of the normal equations is what OpenFace applied."""
        change = step.entries["change"]
        updated, local = self._model.updated(before.global_, before.local, change)
        local = self._model.clamped(local)
        same = updated.tobytes() == step.parameters.global_.tobytes()
        if not (same and local.tobytes() == step.parameters.local.tobytes()):
            raise SteppingError(f"{place}: the normal equations are not those that OpenFace solved")


def _without(entries: Mapping[str, Array], **left_out: bool) -> dict[str, Array]:
    """Return entries but for those that are to be left out."""
    return {name: array for name, array in entries.items() if not left_out.get(name, False)}


def _compare(plain: _native.Outcome, entries: Mapping[str, Array], source: str) -> None:
    """Raise a SteppingError unless OpenFace's own fit ended where the stepped one did."""
    ends: dict[str, Array] = {
        "params_global": plain["params_global"],
        "params_local": plain["params_local"],
        "landmarks": plain["landmarks"],
        "likelihood": np.array([plain["likelihood"]], np.float32),
    }
    for name, own in ends.items():
        stepped = entries[f"final.{name}"]
        if own.tobytes() != stepped.tobytes():
            apart = float(np.abs(own - stepped).max())
            raise SteppingError(
                f"{source}: stepped and plain fit differ in {name}, by up to {apart:g}; this "
                f"OpenFace is not the one that the bridge knows (2.0.2 to 2.2.0, unmodified)"
            )
