"""What a fit tells whoever looks inside it.

A fit without an observer pays one comparison with None per stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from pyclnf.arguments import conforming, flag
from pyclnf.typing import AnyArray, Float32Array

if TYPE_CHECKING:
    from pyclnf.detection.candidates import Candidates
    from pyclnf.fitting import FitResult
    from pyclnf.hypotheses import Hypotheses
    from pyclnf.nu_rlms import Iteration
    from pyclnf.parts import WholeFit
    from pyclnf.pdm import Parameters
    from pyclnf.responses import Responses
    from pyclnf.scale_plan import ScalePlan

__all__ = [
    "DetectionObserver",
    "FaceObserver",
    "FacesObserver",
    "Observer",
    "TemplateObserver",
    "TraceRecorder",
    "TrackingObserver",
    "checked_observer",
]

_AnyObserver = TypeVar("_AnyObserver")


class Observer(Protocol):
    """Whoever wants to know what happens during a fit, told in this order."""

    def on_start(self, bbox: Float32Array, parameters: Parameters) -> None:
        """Learn the box, (4,) px, and the parameters derived from it."""
        ...

    def on_scale(self, plan: ScalePlan, responses: Responses) -> None:
        """Learn a scale's settings, view, similarity, areas of interest and response maps."""
        ...

    def on_iteration(self, scale: int, phase: str, index: int, iteration: Iteration) -> None:
        """Learn what one iteration of the phase ``rigid`` or ``nonrigid`` computed."""
        ...

    def on_finish(self, result: FitResult) -> None:
        """Learn the outcome."""
        ...


class FaceObserver(Protocol):
    """Whoever wants to know what becomes of a face: head poses, parts, certainty, in this order."""

    def on_hypotheses(self, tried: Hypotheses) -> None:
        """Learn the fits from several head poses; not told of a face that is tracked."""
        ...

    def on_part(self, name: str, start: Parameters) -> Observer | None:
        """Learn where a part starts; return who is to look inside its fit, if anybody."""
        ...

    def on_parts(self, whole: WholeFit) -> None:
        """Learn the face with its parts."""
        ...

    def on_certainty(self, certainty: float) -> None:
        """Learn what the validator says, if it was asked."""
        ...


class TemplateObserver(Protocol):
    """Whoever wants to know where a tracker looks for a face."""

    def on_template(self, before: Parameters, moved: Parameters) -> None:
        """Learn where the face was in the last frame, and where its picture is in this one."""
        ...


class TrackingObserver(FaceObserver, TemplateObserver, Protocol):
    """Whoever wants to know what becomes of a face from frame to frame."""


class FacesObserver(Protocol):
    """Whoever wants to know which faces of a sequence are followed, and what becomes of them."""

    def on_face(self, number: int, box: Float32Array) -> TrackingObserver | None:
        """Learn that a face is followed from now on, and its box, (4,) px.

        Return who is to look at what becomes of it, if anybody.
        """
        ...

    def on_lost(self, number: int) -> None:
        """Learn that a face has been given up."""
        ...


class DetectionObserver(Protocol):
    """Whoever wants to know what a face detector's networks leave, told in this order."""

    def on_candidates(self, network: str, candidates: Candidates) -> None:
        """Learn what ``proposal``, ``refinement`` and ``output`` take for faces."""
        ...


def checked_observer(observer: _AnyObserver | None, protocol: type) -> _AnyObserver | None:
    """Return an observer, or None; a ValueError if it cannot be told all that there is to tell."""
    return None if observer is None else conforming("observer", observer, protocol)


class TraceRecorder:
    """Keep a fit as a trace: a flat mapping from names to arrays.

    Parameters
    ----------
    areas_of_interest : bool
        Keep the sampled grey values of every scale.
    normal_equations : bool
        Keep both sides of every iteration's normal equations and their solution.

    Attributes
    ----------
    trace : dict of str to ndarray
        ``bbox``, ``rotation`` if the fit starts turned, ``init.params_global``, per scale
        ``scaleK.…``, per iteration ``scaleK.rigid.I.…`` and ``scaleK.nonrigid.I.…``, and
        ``final.…``.
    """

    def __init__(self, *, areas_of_interest: bool = False, normal_equations: bool = False) -> None:
        self.trace: dict[str, AnyArray] = {}
        self._areas_of_interest = flag("areas_of_interest", areas_of_interest)
        self._normal_equations = flag("normal_equations", normal_equations)

    def on_start(self, bbox: Float32Array, parameters: Parameters) -> None:
        """Keep the box, the initial global parameters and, unless upright, their rotation."""
        self.trace = {"bbox": bbox, "init.params_global": parameters.global_}
        if parameters.global_[1:4].any():
            self.trace["rotation"] = parameters.global_[1:4]

    def on_scale(self, plan: ScalePlan, responses: Responses) -> None:
        """Keep what a scale starts with."""
        entries: dict[str, AnyArray] = {
            "window_size": np.array(plan.window_size, np.int32),
            "view": np.array(responses.view, np.int32),
            "reg_factor": np.array(plan.reg_factor),
            "sigma": np.array(plan.sigma),
            "weight_factor": np.array(plan.weight_factor),
            "similarity_image_to_reference": responses.image_to_reference,
            "similarity_reference_to_image": responses.reference_to_image,
            "base_shape": responses.base_landmarks,
            "response_maps": responses.maps,
        }
        if self._areas_of_interest:
            entries["areas_of_interest"] = responses.areas
        self._keep(f"scale{plan.scale}", entries)

    def on_iteration(self, scale: int, phase: str, index: int, iteration: Iteration) -> None:
        """Keep an iteration."""
        before, after = iteration.posed.parameters, iteration.parameters
        entries: dict[str, AnyArray] = {
            "params_global": before.global_,
            "params_local": before.local,
            "shape": iteration.posed.landmarks,
            "offset_x": iteration.offsets[:, 0],
            "offset_y": iteration.offsets[:, 1],
            "mean_shift": iteration.mean_shifts,
            "jacobian": iteration.jacobian,
            "params_global_out": after.global_,
            "params_local_out": after.local,
        }
        if self._normal_equations:
            entries["hessian"] = iteration.hessian
            entries["right_hand_side"] = iteration.right
            entries["change"] = iteration.change
        self._keep(f"scale{scale}.{phase}.{index}", entries)

    def on_finish(self, result: FitResult) -> None:
        """Keep the outcome."""
        entries: dict[str, AnyArray] = {
            "params_global": result.params_global,
            "params_local": result.params_local,
            "landmarks": result.landmarks,
            "likelihood": np.array([result.likelihood], np.float32),
        }
        self._keep("final", entries)

    def _keep(self, prefix: str, entries: dict[str, AnyArray]) -> None:
        """Add entries under a prefix."""
        self.trace.update({f"{prefix}.{name}": array for name, array in entries.items()})
