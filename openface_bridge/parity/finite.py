"""How far a fit stayed finite."""

from __future__ import annotations

import numpy as np

from openface_bridge.trace import Step, Trace

__all__ = ["while_finite"]


def while_finite(trace: Trace) -> Trace:
    """Return a trace up to the first iteration that is not finite; nothing follows from that."""
    lost = next((step for step in trace.steps if not _is_finite(trace, step)), None)
    if lost is None:
        return trace
    dropped = [step.prefix for step in trace.steps if step > lost]
    scales = [f"scale{scale}" for scale in trace.scales if scale > lost.scale]
    prefixes = tuple(f"{prefix}." for prefix in (*dropped, *scales))
    kept = {n: each for n, each in trace.entries.items() if not n.startswith(prefixes)}
    return Trace(kept, trace.source)


def _is_finite(trace: Trace, step: Step) -> bool:
    """Tell whether an iteration, and what its scale started with, is finite."""
    own = (f"{step.prefix}.", f"scale{step.scale}.")
    return all(
        np.isfinite(each).all()
        for name, each in trace.entries.items()
        if name.startswith(own[0]) or (name.startswith(own[1]) and name.count(".") == 1)
    )
