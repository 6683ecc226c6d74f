"""Teacher forcing: a candidate's stages on the reference's own inputs."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.inference import inferred_change
from openface_bridge.parity.place import Moment
from openface_bridge.trace import Step, Trace
from pyclnf import similarity
from pyclnf.backends import maps_within
from pyclnf.backends.base import Backend
from pyclnf.backends.entry import ROUNDED_MAPS
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.experts.patch_experts import InView
from pyclnf.fitting import phase_of
from pyclnf.nu_rlms import Phase, normal_equations
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.scale_plan import ScalePlan, kernel_sigmas, plan_scale
from pyclnf.settings import FitSettings
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["Teacher"]

_CLAMP_SIGMAS = 3.0


class Teacher:
    """A recorded fit, ready to be fed stage by stage to a candidate.

    Parameters
    ----------
    trace : Trace
    image : PaddedImage
    settings : FitSettings
    backend : Backend
        The candidate.

    Attributes
    ----------
    maps_within : float
        How far the candidate says that its response maps may be off, of each map's maximum.
    """

    maps_within: float = ROUNDED_MAPS

    def __init__(
        self, trace: Trace, image: PaddedImage, settings: FitSettings, backend: Backend
    ) -> None:
        self.trace = trace
        self.image = image
        self.settings = settings
        self.pdm = backend.detector.pdm
        self.experts = backend.detector.experts
        self.arithmetic = backend.arithmetic
        self.maps_within = maps_within(backend.response_backend)
        self._hessians: dict[Step, Float64Array] = {}

    @cached_property
    def plans(self) -> dict[int, ScalePlan]:
        """The candidate's own schedule of the trace's scales."""
        patch_scales = self.experts.patch_scales
        return {k: plan_scale(self.settings, k, patch_scales) for k in self.trace.scales}

    # ---- What was recorded ----

    def recorded(self, moment: Moment, entry: str) -> npt.NDArray[Any]:
        """Return an entry of a moment."""
        return self.trace[moment.name(entry)]

    def at_scale(self, scale: int, name: str) -> npt.NDArray[Any]:
        """Return an entry of one scale."""
        return self.trace[f"scale{scale}.{name}"]

    def at_step(self, step: Step, name: str) -> npt.NDArray[Any]:
        """Return an entry of one iteration."""
        return self.trace[f"{step.prefix}.{name}"]

    def window_size(self, scale: int) -> int:
        """Return the side of the reference's response maps."""
        return int(self.at_scale(scale, "window_size"))

    def offsets(self, step: Step) -> Float32Array:
        """Return the reference's offsets of an iteration as (n, 2)."""
        columns = [self.at_step(step, f"offset_{axis}") for axis in "xy"]
        return np.stack(columns, axis=1).astype(np.float32)

    def parameters(self, step: Step) -> Parameters:
        """Return the reference's parameters before an iteration."""
        return Parameters(self.at_step(step, "params_global"), self.at_step(step, "params_local"))

    def start(self, scale: int) -> Parameters:
        """Return the reference's parameters at the start of a scale."""
        return self.parameters(self.trace.phase(scale, nonrigid=False)[0])

    def goes_on(self, step: Step) -> bool:
        """Tell whether another iteration of the phase was executed."""
        return Step(step.scale, step.nonrigid, step.index + 1) in self.trace.steps

    def has_change(self, step: Step) -> bool:
        """Tell whether the solution of an iteration's normal equations was recorded."""
        return f"{step.prefix}.change" in self.trace

    def expected_change(self, step: Step) -> npt.NDArray[Any]:
        """Return that solution, or what the parameters tell of it; NaN what they do not."""
        if self.has_change(step):
            return self.at_step(step, "change")
        return inferred_change(
            self.parameters(step),
            Parameters(
                self.at_step(step, "params_global_out"), self.at_step(step, "params_local_out")
            ),
            self.mode_limits,
            rigid=not step.nonrigid,
        )

    def hidden(self, step: Step) -> npt.NDArray[np.bool_]:
        """Tell of which elements that solution was not recorded and cannot be told, (c,).

        Those are modes that ended at their limit.
        """
        hidden = np.zeros(6 + step.nonrigid * self.pdm.n_modes, np.bool_)
        if step.nonrigid and not self.has_change(step):
            hidden[6:] = np.abs(self.at_step(step, "params_local_out")) >= self.mode_limits
        return hidden

    def parameter_sizes(self, step: Step) -> Float64Array:
        """Return how large what an update is added to is: (6,) or (6 + m,); 1 for rotations."""
        before, after = (
            np.concatenate((self.at_step(step, name), self.at_step(step, local)))
            for name, local in (
                ("params_global", "params_local"), ("params_global_out", "params_local_out")
            )
        )  # fmt: skip
        sizes = np.maximum(np.abs(before), np.abs(after)).astype(np.float64)
        sizes[1:4] = 1.0
        return np.asarray(sizes if step.nonrigid else sizes[:6])

    @property
    def mode_limits(self) -> Float32Array:
        """Three standard deviations of each mode: asked of the model, not of a clamp."""
        return np.float32(_CLAMP_SIGMAS) * np.sqrt(self.pdm.eigenvalues)

    # ---- What the candidate makes of it ----

    def view(self, scale: int) -> InView:
        """Return the experts of the reference's view."""
        experts: InView = self.experts.view(scale, int(self.at_scale(scale, "view")))
        return experts

    def pose(self, step: Step) -> PosedShape:
        """Return the candidate's shape of the reference's parameters."""
        return self.pdm.pose(self.parameters(step))

    def phase(self, step: Step) -> Phase:
        """Return a phase of the reference's maps with the candidate's schedule."""
        scale, sigmas = step.scale, kernel_sigmas(list(self.plans.values()))
        return phase_of(
            self.plans[scale],
            self._responses(scale),
            self.experts.kernels(self.window_size(scale), sigmas[self.plans[scale].window_size]),
            self.pdm.eigenvalues,
            self.settings.max_iterations,
            rigid=not step.nonrigid,
        )

    def jacobian(self, step: Step) -> Float32Array:
        """Return the reference's Jacobian, or where it was left out, the candidate's."""
        if f"{step.prefix}.jacobian" in self.trace:
            return self.at_step(step, "jacobian")
        return self.pdm.jacobian(self.pose(step), rigid=not step.nonrigid)

    def equations(self, step: Step) -> tuple[Float32Array, Float32Array]:
        """Return the candidate's normal equations of the reference's Jacobian and mean shifts."""
        phase = self.phase(step)
        shifts = similarity.transform(phase.reference_to_image, self.at_step(step, "mean_shift"))
        local = self.at_step(step, "params_local")
        return normal_equations(self.jacobian(step), shifts, phase, local, self.arithmetic)

    def change(self, step: Step) -> Float32Array:
        """Return the reference's update; what is not known of it, as the candidate solves it."""
        expected, hidden = self.expected_change(step), self.hidden(step)
        if not hidden.any():
            return expected.astype(np.float32)
        solved = self.arithmetic.solve(*self.equations(step))
        return np.where(hidden, solved, expected).astype(np.float32)

    def row_weights(self, step: Step) -> Float64Array:
        """Return the weights of the Jacobian's rows by the reference's settings, (2n,).

        This and the next two size the bounds, and a candidate must not size its own: they use the
        model's data and what was recorded, and none of pyclnf's functions.
        """
        view, factor = self.view(step.scale), float(self.at_scale(step.scale, "weight_factor"))
        seen = view.visible.astype(np.float64)
        weights = factor * view.confidences.astype(np.float64) * seen if factor > 0 else seen
        return np.concatenate((weights, weights))

    def prior(self, step: Step) -> Float64Array:
        """Return r·Λ⁻¹ by the reference's settings, 0 for global parameters: (6,) or (6 + m,)."""
        if not step.nonrigid:
            return np.zeros(6)
        modes = float(self.at_scale(step.scale, "reg_factor")) / self.pdm.eigenvalues
        return np.concatenate((np.zeros(6), modes.astype(np.float64)))

    def hessian(self, step: Step) -> Float64Array:
        """Return JᵀWJ + r·Λ⁻¹ in float64, by the reference's settings, (c, c)."""
        if step not in self._hessians:
            jacobian = self.jacobian(step).astype(np.float64)
            hessian = jacobian.T @ (self.row_weights(step)[:, None] * jacobian)
            self._hessians[step] = hessian + np.diag(self.prior(step))
        return self._hessians[step]

    def modes_beyond_limit(self, step: Step, margin: float = 0.0) -> npt.NDArray[np.bool_]:
        """Tell which modes the update takes beyond three standard deviations, (m,).

        Within `margin` of the limit, in parts of it, they do not count.
        """
        if not step.nonrigid:
            return np.zeros(self.pdm.n_modes, np.bool_)
        free = self.at_step(step, "params_local") + self.change(step)[6:]
        return np.asarray(np.abs(free) > self.mode_limits * np.float32(1.0 + margin))

    def _responses(self, scale: int) -> Responses:
        """Return the reference's response maps, with the candidate's experts of its view."""
        view = self.view(scale)
        maps = self.at_scale(scale, "response_maps")
        return Responses(
            view=int(self.at_scale(scale, "view")),
            image_to_reference=self.at_scale(scale, "similarity_image_to_reference"),
            reference_to_image=self.at_scale(scale, "similarity_reference_to_image"),
            base_landmarks=self.at_scale(scale, "base_shape"),
            areas=maps[:0],
            maps=maps,
            visible=view.visible,
            confidences=view.confidences,
        )
