"""One parameter vector through OpenFace and through pyclnf: what each stage gives.

Every function returns (OpenFace's, pyclnf's) arrays by stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.native import native
from pyclnf import FitSettings, nu_rlms, scale_plan, similarity
from pyclnf.backends.base import Backend
from pyclnf.experts import area_of_interest, views
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey
from pyclnf.pdm import Parameters

if TYPE_CHECKING:
    from openface_bridge import _native

Array = npt.NDArray[Any]
Pairs = dict[str, tuple[Array, Array]]


@dataclass(frozen=True)
class Twins:
    """The same model, loaded by both."""

    openface: _native.Model
    pyclnf: Backend

    def shapes(self, global_: Array, local: Array) -> Pairs:
        """Compare shapes, Jacobians and clamping."""
        pdm, parameters = self.pyclnf.detector.pdm, Parameters(global_, local)
        posed = pdm.pose(parameters)
        pairs: Pairs = {
            "shape_3d": (self.openface.shape_3d(local), posed.shape_3d),
            "shape_2d": (self.openface.shape_2d(global_, local), posed.landmarks),
            "clamped": (self.openface.clamped(local), pdm.clamped(parameters).local),
        }
        for name, rigid in (("rigid_jacobian", True), ("jacobian", False)):
            own = self.openface.jacobian(global_, local, rigid=rigid)
            pairs[name] = (own, pdm.jacobian(posed, rigid=rigid))
        return pairs

    def update(self, global_: Array, local: Array, change: Array) -> Pairs:
        """Compare an update of all parameters."""
        pdm = self.pyclnf.detector.pdm
        after = pdm.updated(pdm.pose(Parameters(global_, local)), change)
        own_global, own_local = self.openface.updated(global_, local, change)
        return {
            "updated_global": (own_global, after.global_),
            "updated_local": (own_local, after.local),
        }

    def start(self, box: Array, rotation: Array) -> Pairs:
        """Compare the parameters from a box."""
        angles = (float(rotation[0]), float(rotation[1]), float(rotation[2]))
        start = self.pyclnf.detector.pdm.parameters_from_box(box, angles)
        return {"from_box": (self.openface.parameters_from_box(box, rotation), start.global_)}

    def choices(self, global_: Array, local: Array, scale: int) -> Pairs:
        """Compare view and similarity."""
        detector = self.pyclnf.detector
        at_scale = detector.experts.scales[scale]
        posed = detector.pdm.pose(Parameters(global_, local))
        view = views.nearest_view(at_scale.centers, global_[1:4])
        forward = similarity.align(
            posed.landmarks, detector.pdm.reference_shape(posed, at_scale.scale)
        )
        own = self.openface.similarity(global_, local, scale)
        return {
            "view": (np.array(self.openface.view_index(global_, scale)), np.array(view)),
            "image_to_reference": (own[0], forward),
            "reference_to_image": (own[1], similarity.inverse(own[0])),
        }

    def responses(
        self, image: Array, global_: Array, local: Array, window_size: int, scale: int
    ) -> tuple[Pairs, _native.Responses]:
        """Compare areas of interest and response maps, each from OpenFace's own inputs."""
        detector = self.pyclnf.detector
        own = self.openface.responses(image, global_, local, window_size, scale)
        view = detector.experts.view(scale, own.view)
        areas = area_of_interest.sample_areas(
            PaddedImage.of(to_grey(image)),
            own.base_shape[view.visible],
            own.reference_to_image,
            window_size + view.support - 1,
        )
        sampled = own.areas_of_interest[view.visible]
        maps = detector.experts.response_maps(sampled, scale, own.view)
        pairs: Pairs = {
            "areas_of_interest": (sampled, areas),
            "response_maps": (own.response_maps[view.visible], maps),
        }
        return pairs, own

    def iteration(
        self, own: _native.Responses, global_: Array, local: Array, *, rigid: bool
    ) -> Pairs:
        """Compare one iteration on the same response maps, OpenFace's."""
        detector, settings = self.pyclnf.detector, FitSettings()
        plan = scale_plan.plan_scale(settings, own.scale, detector.experts.patch_scales)
        phase = nu_rlms.Phase(
            rigid=rigid,
            response_maps=own.response_maps,
            visible=detector.experts.view(own.scale, own.view).visible,
            base_landmarks=own.base_shape,
            image_to_reference=own.image_to_reference,
            reference_to_image=own.reference_to_image,
            kernels=detector.experts.kernels(own.window_size, float(plan.sigma)),
            prior=nu_rlms.regularisation(detector.pdm.eigenvalues, plan.reg_factor, rigid=rigid),
            landmark_weights=None,
            max_iterations=1,
        )
        posed = detector.pdm.pose(Parameters(global_, local))
        step = nu_rlms.iterate(detector.pdm, posed, phase, self.pyclnf.arithmetic)
        own_plan = native().Plan(
            sigma=float(plan.sigma),
            reg_factor=float(plan.reg_factor),
            weight_factor=float(plan.weight_factor),
        )
        self.openface.reset()
        other = self.openface.iterate(own, own_plan, global_, local, rigid=rigid)
        return {
            "offsets": (other.offsets, step.offsets),
            "mean_shift": (other.mean_shift, step.mean_shifts),
            "hessian": (other.hessian, step.hessian),
            "right_hand_side": (other.right_hand_side, step.right),
            "change": (other.change, step.change),
            "params_global_out": (other.params_global_out, step.parameters.global_),
            "params_local_out": (other.params_local_out, step.parameters.local),
        }
