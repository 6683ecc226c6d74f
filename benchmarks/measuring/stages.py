"""The stages of a fit as data: what to run on a backend, and what must come out of it.

Inputs and outputs are those of fits by backend ``numpy-exact``, which is equal to OpenFace in every
bit; a stage runs on the inputs of all faces, one after another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from measuring.calls import PhaseCall, RecordingBackend, ResponseCall
from measuring.parts import parts_of
from measuring.workload import EXACT_BACKENDS, largest_distance
from pyclnf.backends.base import Backend
from pyclnf.typing import AnyArray

__all__ = ["STAGES", "Stage", "check"]

_MAP_ULPS = 80
"""Of a response map's maximum: what rounding explains, see ``openface_bridge.parity.stages``."""
_PHASE_PX = 0.01
"""A shape that moves by less stands still."""
_LIKELIHOOD = 1e-5
_SCALES = 3
"""Of OpenFace's general model, and of the embedded one."""


@dataclass(frozen=True)
class Stage:
    """A stage of a fit.

    Attributes
    ----------
    name : str
    calls : callable
        From what was recorded, the calls that the stage runs on.
    work : callable
        From a backend, a function that does one call and returns what a tolerance is for; a
        :class:`~measuring.parts.WholeOnlyError` if that backend is not known in parts.
    expected : callable
        What a call must return.
    error : callable
        How far what was found is from what was expected, in units of what is allowed.
    """

    name: str
    calls: Callable[[RecordingBackend], list[Any]]
    work: Callable[[Backend], Callable[[Any], Any]]
    expected: Callable[[Any], Any]
    error: Callable[[Any, Any], float]


def check(stage: Stage, backend: Backend, recorded: RecordingBackend) -> None:
    """Raise an AssertionError unless a backend gets out of every call what it must.

    Exact backends must give every bit.
    """
    work = stage.work(backend)
    for call in stage.calls(recorded):
        found, expected = work(call), stage.expected(call)
        if backend.name in EXACT_BACKENDS:
            assert _bits(found) == _bits(expected), f"{backend.name}: {stage.name} differs"
        else:
            error = stage.error(found, expected)
            assert error <= 1, f"{backend.name}: {stage.name} is off by {error:.3g} of the allowed"


def _bits(value: Any) -> list[bytes]:
    """Return the bytes of numbers, arrays, and tuples of them."""
    parts = value if isinstance(value, tuple) else (value,)
    return [np.asarray(part).tobytes() for part in parts]


def _scale_is(scale: int) -> Callable[[RecordingBackend], list[ResponseCall]]:
    """Return a choice of calls for response maps of one scale."""
    return lambda recorded: [call for call in recorded.responded if call.scale == scale]


def _phase_is(*, rigid: bool) -> Callable[[RecordingBackend], list[PhaseCall]]:
    """Return a choice of calls of one kind of phase."""
    return lambda recorded: [call for call in recorded.phased if call.phase.rigid == rigid]


def _placing(backend: Backend) -> Callable[[ResponseCall], Any]:
    parts = parts_of(backend)
    return lambda call: parts.place(call.posed, call.scale)


def _placed(call: ResponseCall) -> Any:
    result = call.result
    return result.view, result.image_to_reference, result.reference_to_image


def _sampling(backend: Backend) -> Callable[[ResponseCall], AnyArray]:
    parts = parts_of(backend)

    def sample(call: ResponseCall) -> AnyArray:
        result = call.result
        landmarks = result.base_landmarks[result.visible]
        size = result.areas.shape[-1]
        return parts.sample(call.image, landmarks, result.reference_to_image, size)

    return sample


def _responding(backend: Backend) -> Callable[[ResponseCall], AnyArray]:
    parts = parts_of(backend)

    def respond(call: ResponseCall) -> AnyArray:
        seen = call.result.areas[call.result.visible]
        return parts.respond(seen, call.scale, call.result.view, call.window_size)

    return respond


def _phasing(backend: Backend) -> Callable[[PhaseCall], AnyArray]:
    return lambda call: backend.phase(call.posed, call.phase).posed.landmarks


def _judging(backend: Backend) -> Callable[[Any], float]:
    return lambda c: backend.likelihood(c.response_maps, c.offsets, c.sigma, c.visible)


def _equality(found: Any, expected: Any) -> float:
    """Return 0 or infinity: nothing rounds differently here."""
    return 0.0 if _bits(found) == _bits(expected) else np.inf


def _map_error(found: AnyArray, expected: AnyArray) -> float:
    """Return the worst error of maps, in units of what is allowed of their maxima."""
    largest = expected.max(axis=(1, 2), keepdims=True)
    allowed = _MAP_ULPS * np.spacing(np.maximum(largest, np.finfo(np.float32).tiny))
    return float((np.abs(found - expected) / allowed).max())


def _relative(allowed: float, found: float, expected: float) -> float:
    """Return an error in units of what is allowed of a number."""
    return abs(found - expected) / (allowed * abs(expected))


STAGES = (
    Stage(
        "grey conversion",
        lambda r: r.pictured,
        lambda backend: lambda call: backend.picture(call.image).pixels,
        lambda call: call.result.pixels,
        _equality,
    ),
    Stage("placing", lambda r: r.responded, _placing, _placed, _equality),
    Stage(
        "areas of interest",
        lambda r: r.responded,
        _sampling,
        lambda call: call.result.areas[call.result.visible],
        _equality,
    ),
    *(
        Stage(
            f"response maps, scale {scale}",
            _scale_is(scale),
            _responding,
            lambda call: call.result.maps[call.result.visible],
            _map_error,
        )
        for scale in range(_SCALES)
    ),
    Stage(
        "rigid phases",
        _phase_is(rigid=True),
        _phasing,
        lambda call: call.result.posed.landmarks,
        lambda found, expected: largest_distance(found, expected) / _PHASE_PX,
    ),
    Stage(
        "non-rigid phases",
        _phase_is(rigid=False),
        _phasing,
        lambda call: call.result.posed.landmarks,
        lambda found, expected: largest_distance(found, expected) / _PHASE_PX,
    ),
    Stage(
        "likelihood",
        lambda r: r.judged,
        _judging,
        lambda call: call.result,
        partial(_relative, _LIKELIHOOD),
    ),
)
"""In the order in which a fit runs them."""
