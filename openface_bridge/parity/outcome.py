"""Whether what a candidate returns is where its own fit ended."""

from __future__ import annotations

import numpy as np

from openface_bridge.parity.measure import Finding, same
from openface_bridge.parity.place import Place
from openface_bridge.parity.stages.stage import EPS
from openface_bridge.parity.teacher import Teacher
from pyclnf.pdm import Parameters

__all__ = ["OUTCOME", "outcome_finding"]

OUTCOME = ("final.params_global", "final.params_local", "final.landmarks")
"""What a fit returns, besides its likelihood: entries that no stage writes."""

_SHAPE_ULPS = 8.0
"""As many as a shape of an iteration may be off by."""


def outcome_finding(candidate: Teacher) -> tuple[str, Finding] | None:
    """Return what is wrong with the outcome of a free run, and the stage that it came from.

    Its parameters must be those that the last iteration led to, or came from if they ceased to be
    finite there; its landmarks must be their shape. No stage is given the outcome, so that nothing
    else looks at it.
    """
    trace, last = candidate.trace, candidate.trace.steps[-1]
    ended = ("params_global_out", "params_local_out")
    if not all(np.isfinite(candidate.at_step(last, name)).all() for name in ended):
        ended = ("params_global", "params_local")
    for name, source in zip(("params_global", "params_local"), ended, strict=True):
        full = f"final.{name}"
        measured = same(trace[full], candidate.at_step(last, source), full, Place())
        if measured.over is not None:
            return "update", measured.over
    parameters = Parameters(trace["final.params_global"], trace["final.params_local"])
    shape = candidate.pdm.pose(parameters).landmarks
    size = EPS * float(np.abs(shape).max(initial=1.0))
    landmarks = same(trace["final.landmarks"], shape, "final.landmarks", Place()).worst
    ulps = landmarks.apart / size
    if ulps <= _SHAPE_ULPS:
        return None
    return "Jacobian", Finding("final.landmarks", Place(), landmarks.apart, ulps, _SHAPE_ULPS)
