"""One fit of OpenFace, one iteration at a time, and the proof that stepping changed nothing.

OpenFace runs a whole phase at once. Here it is told to do one iteration, and gets back the
parameters it returned; the stop at 0.01 is checked outside, with the same norm. Everything is
computed by OpenFace's own routines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.starts import Start
from openface_bridge.trace import Trace
from pyclnf import FitSettings
from pyclnf.image import check_box

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = [
    "CONVERGED_BELOW",
    "SMALLEST_FACE",
    "Kept",
    "SteppingError",
    "native_settings",
    "scale_entries",
    "step_entries",
    "stepped_fit",
]

Array = npt.NDArray[Any]

CONVERGED_BELOW = 0.01
"""A phase of OpenFace's ends when its shape moves by less, px over all coordinates together."""
SMALLEST_FACE = np.float32(0.25)
"""A fit of OpenFace's ends after a scale that leaves the face's scale below this."""
_LIKELIHOOD_BELOW = np.float32(0.30)
_UNEVALUATED = -10.0


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


def native_settings(settings: FitSettings) -> _native.Settings:
    """Return settings as the compiled bridge takes them; parts and validator off."""
    from openface_bridge.native import native

    made: _native.Settings = native().Settings(
        window_sizes=list(settings.window_sizes),
        sigma=settings.sigma,
        reg_factor=settings.reg_factor,
        weight_factor=settings.weight_factor,
        max_iterations=settings.max_iterations,
    )
    return made


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
    chosen = native_settings(settings)
    model.reset()
    fit = _SteppedFit(model, pixels, settings, chosen, keep)
    fit.run(checked)
    _compare(model.fit(pixels, checked.box, chosen, checked.rotation), fit, source)
    return Trace(fit.entries, source)


class _SteppedFit:
    """A fit under way: parameters, likelihood, and the trace so far."""

    def __init__(
        self,
        model: _native.Model,
        image: Array,
        settings: FitSettings,
        chosen: _native.Settings,
        keep: Kept,
    ) -> None:
        self.entries: dict[str, Array] = {}
        self.likelihood = _UNEVALUATED
        self.params_global = np.zeros(6, np.float32)
        self.params_local = np.zeros(model.n_modes, np.float32)
        self._model = model
        self._image = image
        self._settings = settings
        self._chosen = chosen
        self._wanted = keep

    @property
    def landmarks(self) -> Array:
        """(n, 2) px, of the current parameters."""
        return self._model.shape_2d(self.params_global, self.params_local)

    def run(self, start: Start) -> None:
        """Fit from coarse to fine."""
        self.params_global = self._model.parameters_from_box(start.box, start.rotation)
        self.entries = {"bbox": start.box, "init.params_global": self.params_global}
        if start.rotation.any():
            self.entries["rotation"] = start.rotation
        for scale, size in enumerate(self._windows()):
            if size == 0:
                continue
            self._fit_scale(scale, size)
            if self.params_global[0] < SMALLEST_FACE:
                break
        self._finish()

    def _windows(self) -> tuple[int, ...]:
        """Return the windows of the scales there are."""
        return self._settings.window_sizes[: self._model.n_scales]

    def _fit_scale(self, scale: int, window_size: int) -> None:
        """Run a scale's two phases."""
        responses = self._model.responses(
            self._image, self.params_global, self.params_local, window_size, scale
        )
        plan = self._model.plan(self._chosen, scale)
        self._keep_scale(scale, responses, plan)
        self._run_phase(scale, responses, plan, rigid=True)
        due = self._is_last(scale) or self.params_global[0] < _LIKELIHOOD_BELOW
        likelihood = self._run_phase(scale, responses, plan, rigid=False)
        if due:
            self.likelihood = likelihood

    def _is_last(self, scale: int) -> bool:
        """Tell whether no scale with a window follows directly."""
        windows = self._windows()
        return scale + 1 >= len(windows) or windows[scale + 1] == 0

    def _run_phase(
        self, scale: int, responses: _native.Responses, plan: _native.Plan, *, rigid: bool
    ) -> float:
        """Iterate until the shape stands still; return the last iteration's likelihood."""
        likelihood, shape = _UNEVALUATED, self.landmarks
        for index in range(self._settings.max_iterations):
            step = self._model.iterate(
                responses, plan, self.params_global, self.params_local, rigid=rigid
            )
            self._keep_step(f"scale{scale}.{'rigid' if rigid else 'nonrigid'}", index, step)
            likelihood = step.likelihood
            self._move(step)
            before, shape = shape, self.landmarks
            if self._model.shape_change(before, shape) < CONVERGED_BELOW:
                break
        return likelihood

    def _move(self, step: _native.Iteration) -> None:
        """Take over an iteration's parameters."""
        self.params_global, self.params_local = step.params_global_out, step.params_local_out
        if not (np.isfinite(self.params_global).all() and np.isfinite(self.params_local).all()):
            raise SteppingError(
                "the parameters ceased to be finite; OpenFace itself would go on and read outside "
                "its memory"
            )

    def _keep_scale(self, scale: int, responses: _native.Responses, plan: _native.Plan) -> None:
        """Keep what a scale starts with."""
        entries = scale_entries(responses, plan)
        if self._wanted.lean:
            del entries["areas_of_interest"]
        self._keep(f"scale{scale}", entries)

    def _keep_step(self, phase: str, index: int, step: _native.Iteration) -> None:
        """Keep an iteration, once its change is known to be the one that OpenFace applied."""
        prefix = f"{phase}.{index}"
        self._prove(prefix, step)
        entries = step_entries(self.params_global, self.params_local, step)
        if index > 0 and self._wanted.lean:
            del entries["jacobian"]
        if not self._wanted.hessians:
            del entries["hessian"]
        self._keep(prefix, entries)

    def _prove(self, prefix: str, step: _native.Iteration) -> None:
        """Raise unless the solution of the normal equations is what OpenFace applied."""
        updated, local = self._model.updated(self.params_global, self.params_local, step.change)
        local = self._model.clamped(local)
        same = updated.tobytes() == step.params_global_out.tobytes()
        if not (same and local.tobytes() == step.params_local_out.tobytes()):
            raise SteppingError(
                f"{prefix}: the normal equations are not those that OpenFace solved"
            )

    def _finish(self) -> None:
        """Keep the outcome."""
        entries: dict[str, Array] = {
            "params_global": self.params_global,
            "params_local": self.params_local,
            "landmarks": self.landmarks,
            "likelihood": np.array([self.likelihood], np.float32),
        }
        self._keep("final", entries)

    def _keep(self, prefix: str, entries: Mapping[str, Array]) -> None:
        """Add entries under a prefix."""
        self.entries.update({f"{prefix}.{name}": array for name, array in entries.items()})


def scale_entries(responses: _native.Responses, plan: _native.Plan) -> dict[str, Array]:
    """Return what a scale starts with as entries of a trace, without their prefix."""
    return {
        "window_size": np.array(responses.window_size, np.int32),
        "view": np.array(responses.view, np.int32),
        "reg_factor": np.array(plan.reg_factor, np.float32),
        "sigma": np.array(plan.sigma, np.float32),
        "weight_factor": np.array(plan.weight_factor, np.float32),
        "similarity_image_to_reference": responses.image_to_reference,
        "similarity_reference_to_image": responses.reference_to_image,
        "base_shape": responses.base_shape,
        "areas_of_interest": responses.areas_of_interest,
        "response_maps": responses.response_maps,
    }


def step_entries(
    params_global: Array, params_local: Array, step: _native.Iteration
) -> dict[str, Array]:
    """Return an iteration from some parameters as entries of a trace, without their prefix."""
    return {
        "params_global": params_global,
        "params_local": params_local,
        "shape": step.shape,
        "offset_x": np.ascontiguousarray(step.offsets[:, 0]),
        "offset_y": np.ascontiguousarray(step.offsets[:, 1]),
        "mean_shift": step.mean_shift,
        "jacobian": step.jacobian,
        "hessian": step.hessian,
        "right_hand_side": step.right_hand_side,
        "change": step.change,
        "params_global_out": step.params_global_out,
        "params_local_out": step.params_local_out,
    }


def _compare(plain: _native.Outcome, fit: _SteppedFit, source: str) -> None:
    """Raise a SteppingError unless OpenFace's own fit ended where the stepped one did."""
    ends: dict[str, Array] = {
        "params_global": plain["params_global"],
        "params_local": plain["params_local"],
        "landmarks": plain["landmarks"],
        "likelihood": np.array([plain["likelihood"]], np.float32),
    }
    for name, own in ends.items():
        stepped = fit.entries[f"final.{name}"]
        if own.tobytes() != stepped.tobytes():
            apart = float(np.abs(own - stepped).max())
            raise SteppingError(
                f"{source}: stepped and plain fit differ in {name}, by up to {apart:g}; this "
                f"OpenFace is not the one that the bridge knows (2.0.2 to 2.2.0, unmodified)"
            )
