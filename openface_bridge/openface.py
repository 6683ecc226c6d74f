"""OpenFace as an engine: response maps at any parameters, one iteration from them.

OpenFace runs a whole phase at once. Here it is told to do one iteration, and gets back the
parameters it returned; the stop at 0.01 is checked outside, with the same norm. Everything is
computed by OpenFace's own routines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.stepwise import AtScale, Stepped
from pyclnf import FitSettings
from pyclnf.pdm import Parameters
from pyclnf.rotation import Rotation

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["OpenFace", "native_settings"]

Array = npt.NDArray[Any]

_CONVERGED_BELOW = 0.01
"""A phase of OpenFace's ends when its shape moves by less, px over all coordinates together."""


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


class OpenFace:
    """OpenFace, as the bridge was compiled against it.

    Parameters
    ----------
    model : _native.Model
        Forgets its earlier fits.
    image : (H, W) or (H, W, 3) uint8
    settings : FitSettings
    """

    def __init__(self, model: _native.Model, image: Array, settings: FitSettings) -> None:
        self.name = "OpenFace"
        self.n_scales = model.n_scales
        self._model = model
        self._image = np.ascontiguousarray(image)
        self._settings = settings
        self._chosen = native_settings(settings)
        model.reset()

    def start(self, box: Array, rotation: Rotation) -> Parameters:
        """Return the parameters that fit the mean shape into a box."""
        global_ = self._model.parameters_from_box(box, np.array(rotation, np.float32))
        return Parameters(global_, np.zeros(self._model.n_modes, np.float32))

    def at_scale(self, scale: int, parameters: Parameters) -> AtScale:
        """Make the response maps of a scale."""
        size = self._settings.window_sizes[scale]
        responses = self._model.responses(
            self._image, parameters.global_, parameters.local, size, scale
        )
        return _OpenFaceScale(self._model, responses, self._model.plan(self._chosen, scale))

    def landmarks(self, parameters: Parameters) -> Array:
        """Return (n, 2) px."""
        return self._model.shape_2d(parameters.global_, parameters.local)

    def stands_still(self, before: Array, after: Array) -> bool:
        """Tell whether a shape moved so little that a phase ends."""
        return self._model.shape_change(before, after) < _CONVERGED_BELOW


class _OpenFaceScale:
    """OpenFace with the response maps of one scale."""

    def __init__(
        self, model: _native.Model, responses: _native.Responses, plan: _native.Plan
    ) -> None:
        self._model = model
        self._responses = responses
        self._plan = plan

    @property
    def entries(self) -> Mapping[str, Array]:
        """View, similarity, areas, maps and schedule."""
        return _scale_entries(self._responses, self._plan)

    def iterate(self, parameters: Parameters, *, rigid: bool) -> Stepped:
        """Do one iteration."""
        before = (parameters.global_, parameters.local)
        step = self._model.iterate(self._responses, self._plan, *before, rigid=rigid)
        entries = _step_entries(*before, step)
        after = Parameters(step.params_global_out, step.params_local_out)
        return Stepped(after, step.likelihood, entries)


def _scale_entries(responses: _native.Responses, plan: _native.Plan) -> dict[str, Array]:
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


def _step_entries(
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
