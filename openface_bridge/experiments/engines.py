"""pyclnf as an engine: response maps at any parameters, one iteration from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from openface_bridge.stepwise import AtScale, Stepped
from pyclnf.backends.base import Backend
from pyclnf.fitting import phase_of
from pyclnf.nu_rlms import Iteration, has_converged
from pyclnf.observe import TraceRecorder
from pyclnf.pdm import Parameters
from pyclnf.responses import Responses
from pyclnf.rotation import Rotation
from pyclnf.scale_plan import ScalePlan, kernel_sigmas, plan_scales
from pyclnf.settings import FitSettings

__all__ = ["Candidate"]

Array = npt.NDArray[Any]


class Candidate:
    """pyclnf.

    Parameters
    ----------
    backend : Backend
    image : (H, W) or (H, W, 3) array
    settings : FitSettings
    """

    def __init__(self, backend: Backend, image: Array, settings: FitSettings) -> None:
        self.name = f"pyclnf, backend {backend.name}"
        self.n_scales = len(backend.detector.experts.scales)
        self.backend = backend
        self._image = backend.picture(image)
        plans = plan_scales(settings, backend.detector.experts.patch_scales)
        self._sigmas = kernel_sigmas(plans)
        self._plans = {plan.scale: plan for plan in plans}

    def start(self, box: Array, rotation: Rotation) -> Parameters:
        """Return the parameters that fit the mean shape into a box."""
        return self.backend.detector.pdm.parameters_from_box(box, rotation)

    def at_scale(self, scale: int, parameters: Parameters) -> AtScale:
        """Make the response maps of a scale."""
        plan, posed = self._plans[scale], self.backend.detector.pdm.pose(parameters)
        responses = self.backend.responses(self._image, posed, scale, plan.window_size)
        return _CandidateScale(self.backend, plan, responses, self._sigmas[plan.window_size])

    def landmarks(self, parameters: Parameters) -> Array:
        """Return (n, 2) px."""
        return self.backend.detector.pdm.pose(parameters).landmarks

    def stands_still(self, before: Array, after: Array) -> bool:
        """Tell whether a shape moved so little that a phase ends."""
        return has_converged(before, after)


class _CandidateScale:
    """pyclnf with the response maps of one scale."""

    def __init__(
        self, backend: Backend, plan: ScalePlan, responses: Responses, kernel_sigma: float
    ) -> None:
        self._backend = backend
        self._plan = plan
        self._responses = responses
        self._kernel_sigma = kernel_sigma

    @property
    def entries(self) -> Mapping[str, Array]:
        """View, similarity, areas, maps and schedule."""
        recorder = TraceRecorder(areas_of_interest=True)
        recorder.on_scale(self._plan, self._responses)
        return _without_prefix(recorder.trace)

    def iterate(self, parameters: Parameters, *, rigid: bool) -> Stepped:
        """Do one iteration."""
        detector, plan = self._backend.detector, self._plan
        kernels = self._backend.kernels(plan.window_size, self._kernel_sigma)
        eigenvalues = detector.pdm.eigenvalues
        phase = phase_of(plan, self._responses, kernels, eigenvalues, 1, rigid=rigid)
        done: list[Iteration] = []
        posed = detector.pdm.pose(parameters)
        self._backend.phase(posed, phase, lambda index, iteration: done.append(iteration))
        recorder = TraceRecorder(normal_equations=True)
        recorder.on_iteration(plan.scale, "rigid" if rigid else "nonrigid", 0, done[0])
        likelihood = self._backend.likelihood(
            self._responses.maps, done[0].offsets, float(plan.sigma), self._responses.visible
        )
        return Stepped(done[0].parameters, likelihood, _without_prefix(recorder.trace))


def _without_prefix(trace: Mapping[str, Array]) -> dict[str, Array]:
    """Return entries by the last part of their names."""
    return {name.rpartition(".")[2]: array for name, array in trace.items()}
