"""Faults of when a fit ends, and of what it says of its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from openface_bridge.parity.faults.fault import Plant
from openface_bridge.parity.faults.planting import Planting
from pyclnf import fitting
from pyclnf.fitting import FitResult
from pyclnf.nu_rlms import PhaseResult
from pyclnf.pdm import PosedShape

__all__ = ["always_successful", "early_end", "view_of_front"]

_TOO_SOON = 0.35
"""Scales of a face between this and what really ends a fit tell the two apart."""


def early_end(planting: Planting) -> None:
    """End a fit where the face is smaller than 0.35, not 0.25."""
    original = fitting._failure

    def faulty(phase: PhaseResult) -> str:
        scale = float(phase.posed.parameters.global_[0])
        return fitting.too_small(scale) if scale < _TOO_SOON else original(phase)

    planting.function(original, faulty)


def _outcome_fault(change: Callable[[FitResult], FitResult]) -> Plant:
    """Return a fault that changes what a fit returns and tells at its end."""

    def plant(planting: Planting) -> None:
        original = fitting._result

        def faulty(posed: PosedShape, likelihood: float, view: int, failure: str) -> FitResult:
            return change(original(posed, likelihood, view, failure))

        planting.function(original, faulty)

    return plant


view_of_front = _outcome_fault(lambda result: replace(result, view=0))
always_successful = _outcome_fault(lambda result: replace(result, success=True, failure=""))
