"""Any port as the candidate: what it tells of a fit becomes a trace."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from openface_bridge.starts import Start
from openface_bridge.trace import Trace, TraceError
from pyclnf.settings import FitSettings

__all__ = ["Candidate", "CandidateError", "CandidateRecorder", "record_fit", "returned_entries"]

_WHOLE = ("window_size", "view")
_SCALE = {
    "window_size": "plan.window_size",
    "reg_factor": "plan.reg_factor",
    "sigma": "plan.sigma",
    "weight_factor": "plan.weight_factor",
    "view": "responses.view",
    "similarity_image_to_reference": "responses.image_to_reference",
    "similarity_reference_to_image": "responses.reference_to_image",
    "base_shape": "responses.base_landmarks",
    "areas_of_interest": "responses.areas",
    "response_maps": "responses.maps",
}
_ITERATION = {
    "params_global": "posed.parameters.global_",
    "params_local": "posed.parameters.local",
    "shape": "posed.landmarks",
    "offset_x": "offsets",
    "offset_y": "offsets",
    "mean_shift": "mean_shifts",
    "jacobian": "jacobian",
    "hessian": "hessian",
    "right_hand_side": "right",
    "change": "change",
    "params_global_out": "parameters.global_",
    "params_local_out": "parameters.local",
}
_FINAL = ("params_global", "params_local", "landmarks", "likelihood")
_RETURNED = {"view": ("iu", "a whole number"), "success": ("biu", "True or False")}
"""Of a fit, beside what its observer is told: kinds of dtypes, and those in words."""


class CandidateError(ValueError):
    """A candidate that cannot be looked into; says what it lacks."""


class Candidate(Protocol):
    """Whatever fits like :meth:`pyclnf.CLNF.fit` and can be observed."""

    @property
    def fit(self) -> Callable[..., Any]:
        """Called with picture and box, and with `settings` and `observer` by name.

        Fits that start from a head pose also get `rotation`.
        """
        ...


@dataclass(frozen=True, eq=False)
class _Scale:
    """What an observer is told at the start of a scale."""

    plan: Any
    responses: Any


class CandidateRecorder:
    """Keep what a candidate tells an observer, see :class:`pyclnf.observe.Observer`.

    What it does not tell, as None or not at all, is left out. Arrays are copied, for a candidate
    may use them again, and numbers are rounded to float32, which is what the reference has.

    Attributes
    ----------
    entries : dict of str to ndarray
        A trace's.
    """

    def __init__(self) -> None:
        self.entries: dict[str, npt.NDArray[Any]] = {}

    def on_start(self, bbox: Any, parameters: Any) -> None:
        """Forget any fit before, and keep box and initial parameters."""
        self.entries = {}
        self._keep("", {"bbox": bbox, "init.params_global": _told(parameters, "global_")})

    def on_scale(self, plan: Any, responses: Any) -> None:
        """Keep what a scale starts with."""
        scale = _Scale(plan, responses)
        self._keep(
            f"scale{int(plan.scale)}.", {entry: _told(scale, at) for entry, at in _SCALE.items()}
        )

    def on_iteration(self, scale: int, phase: str, index: int, iteration: Any) -> None:
        """Keep an iteration."""
        told = {entry: _told(iteration, at) for entry, at in _ITERATION.items()}
        if told["offset_x"] is not None:
            offsets = np.asarray(told["offset_x"])
            told["offset_x"], told["offset_y"] = offsets[:, 0], offsets[:, 1]
        self._keep(f"scale{int(scale)}.{phase}.{int(index)}.", told)

    def on_finish(self, result: Any) -> None:
        """Keep the outcome."""
        outcome = {f"final.{entry}": _told(result, entry) for entry in _FINAL}
        if outcome["final.likelihood"] is not None:
            outcome["final.likelihood"] = np.ravel(outcome["final.likelihood"])
        self._keep("", outcome)

    def _keep(self, prefix: str, told: Mapping[str, Any]) -> None:
        """Add entries under a prefix."""
        for entry, value in told.items():
            if value is not None:
                kind = np.int32 if entry in _WHOLE else np.float32
                self.entries[f"{prefix}{entry}"] = np.array(value, kind)


def _told(teller: Any, path: str) -> Any:
    """Return an attribute of an attribute; None where there is none."""
    for name in path.split("."):
        teller = getattr(teller, name, None)
    return teller


def record_fit(
    candidate: Candidate,
    picture: npt.NDArray[Any],
    start: Start,
    settings: FitSettings,
    name: str = "candidate",
) -> tuple[Trace, bool]:
    """Let a candidate fit a face, and return what it told and whether it claims success.

    Raises
    ------
    CandidateError
        If it told too little, or nothing at all, cannot start from a head pose, or returns
        something else than it told, or a view or success that is none.
    """
    options: dict[str, Any] = {}
    if np.any(start.rotation):
        if not _takes_rotation(candidate):
            raise CandidateError(f"{name}: its fit takes no rotation, and this one starts from one")
        options["rotation"] = start.angles
    recorder = CandidateRecorder()
    box = tuple(float(number) for number in start.box)
    result = candidate.fit(picture, box, settings=settings, observer=recorder, **options)
    entries = {**recorder.entries, **returned_entries(result, name)}
    try:
        trace = Trace(entries, name)
    except TraceError as error:
        raise CandidateError(
            f"{error}; the fit must tell its observer at least that (pyclnf.observe.Observer)"
        ) from error
    _check_returned(result, trace, name)
    return trace, bool(getattr(result, "success", True))


def returned_entries(result: Any, name: str) -> dict[str, npt.NDArray[Any]]:
    """Return a trace's ``final.view`` and ``final.success``, as far as a fit returned them.

    Raises
    ------
    CandidateError
        If one of them is of another kind.
    """
    entries = {}
    for entry, (kinds, expected) in _RETURNED.items():
        value = getattr(result, entry, None)
        if value is None:
            continue
        number = np.asarray(value)
        if number.shape != () or number.dtype.kind not in kinds:
            raise CandidateError(f"{name}: its fit returns {entry} {value!r}, expected {expected}")
        entries[f"final.{entry}"] = number.astype(np.int32)
    return entries


def _check_returned(result: Any, told: Trace, name: str) -> None:
    """Raise a CandidateError if a fit returns other landmarks than it told its observer."""
    returned = getattr(result, "landmarks", None)
    if returned is None:
        return
    landmarks = np.asarray(returned, np.float32)
    if not np.array_equal(landmarks, told["final.landmarks"], equal_nan=True):
        raise CandidateError(
            f"{name}: its fit returns other landmarks than it tells its observer at the end; what "
            f"users get must be what is looked at"
        )


def _takes_rotation(candidate: Candidate) -> bool:
    """Tell whether a candidate's fit can start from a head pose."""
    try:
        parameters = inspect.signature(candidate.fit).parameters.values()
    except (TypeError, ValueError):
        return True  # compiled, say: it is asked
    return any(
        each.name == "rotation" or each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters
    )
