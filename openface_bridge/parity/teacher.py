"""Teacher forcing: the candidate's stages on the reference's own inputs."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import Step, Trace
from pyclnf import similarity
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.experts.ccnf import ViewExperts
from pyclnf.fitting import ScalePlan, kernel_sigmas, phase_of, plan_scale
from pyclnf.nu_rlms import Phase, normal_equations
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses
from pyclnf.settings import FitSettings
from pyclnf.typing import Float32Array

__all__ = ["Teacher"]


class Teacher:
    """A reference's fit, ready to be fed stage by stage to a candidate.

    Parameters
    ----------
    trace : Trace
        Of the reference.
    image : PaddedImage
    settings : FitSettings
    backend : Backend
        The candidate.
    """

    def __init__(
        self, trace: Trace, image: PaddedImage, settings: FitSettings, backend: Backend
    ) -> None:
        self.trace = trace
        self.image = image
        self.settings = settings
        self.pdm = backend.detector.pdm
        self.experts = backend.detector.experts
        self.arithmetic = backend.arithmetic

    @cached_property
    def plans(self) -> dict[int, ScalePlan]:
        """The candidate's own schedule of the trace's scales."""
        patch_scales = self.experts.patch_scales
        return {k: plan_scale(self.settings, k, patch_scales) for k in self.trace.scales}

    def window_size(self, scale: int) -> int:
        """Return the side of the reference's response maps."""
        return int(self.at_scale(scale, "window_size"))

    def at_scale(self, scale: int, name: str) -> npt.NDArray[Any]:
        """Return an entry of one scale."""
        return self.trace[f"scale{scale}.{name}"]

    def at_step(self, step: Step, name: str) -> npt.NDArray[Any]:
        """Return an entry of one iteration."""
        return self.trace[f"{step.prefix}.{name}"]

    def view(self, scale: int) -> ViewExperts:
        """Return the experts of the reference's view."""
        return self.experts.view(scale, int(self.at_scale(scale, "view")))

    def start(self, scale: int) -> Parameters:
        """Return the reference's parameters at the start of a scale."""
        return self.parameters(self.trace.phase(scale, nonrigid=False)[0])

    def parameters(self, step: Step) -> Parameters:
        """Return the reference's parameters before an iteration."""
        return Parameters(self.at_step(step, "params_global"), self.at_step(step, "params_local"))

    def pose(self, step: Step) -> PosedShape:
        """Return the candidate's shape of the reference's parameters."""
        return self.pdm.pose(self.parameters(step))

    def phase(self, step: Step) -> Phase:
        """Return a phase of the reference's maps with the candidate's schedule."""
        scale, sigmas = step.scale, kernel_sigmas(list(self.plans.values()))
        return phase_of(
            self.plans[scale],
            self.responses(scale),
            self.experts.kernels(self.window_size(scale), sigmas[self.plans[scale].window_size]),
            self.pdm.eigenvalues,
            self.settings.max_iterations,
            rigid=not step.nonrigid,
        )

    def responses(self, scale: int) -> Responses:
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

    def jacobian(self, step: Step) -> Float32Array:
        """Return the reference's Jacobian, or the candidate's of its parameters if not recorded."""
        if f"{step.prefix}.jacobian" in self.trace:
            return self.at_step(step, "jacobian")
        return self.pdm.jacobian(self.pose(step), rigid=not step.nonrigid)

    def change(self, step: Step) -> Float32Array:
        """Return the candidate's update from the reference's Jacobian and mean shifts."""
        phase = self.phase(step)
        shifts = similarity.transform(phase.reference_to_image, self.at_step(step, "mean_shift"))
        hessian, right = normal_equations(
            self.jacobian(step),
            shifts,
            phase,
            self.at_step(step, "params_local"),
            self.arithmetic,
        )
        return self.arithmetic.solve(hessian, right)

    def modes_beyond_limit(self, step: Step, margin: float) -> npt.NDArray[np.bool_]:
        """Tell which local parameters the update takes beyond three standard deviations.

        Asked of the model, not of the candidate's clamp, which is what is compared. Within
        `margin` of the limit, rounding of the update decides; those do not count.
        """
        if not step.nonrigid:
            return np.zeros(self.pdm.n_modes, np.bool_)
        limit = 3.0 * np.sqrt(self.pdm.eigenvalues.astype(np.float64))
        free = self.at_step(step, "params_local") + self.change(step)[6:]
        return np.asarray(np.abs(free) > limit + margin)
