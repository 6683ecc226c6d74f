"""A parity run as plain data, for JSON."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

from openface_bridge.parity.free_run import FirstDifference
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.teacher_forced import StageResult
from openface_bridge.trace import SCHEMA_VERSION

__all__ = ["fit_summary", "run_summary"]


def run_summary(
    fits: list[dict[str, Any]], *, backend: str, model: Path | None, reference: str
) -> dict[str, Any]:
    """Return a run: what was compared, whether it passes, and every fit's summary."""
    errors = sorted(_or_infinite(fit["free_run"]["max_px"]) for fit in fits)
    return {
        "schema_version": SCHEMA_VERSION,
        "backend": backend,
        "model": None if model is None else model.name,
        "reference": reference,
        "summary": {
            "passed": bool(fits) and all(fit["passed"] for fit in fits),
            "fits": len(fits),
            "failed": sum(not fit["passed"] for fit in fits),
            "equal_in_every_bit": sum(fit["free_run"]["bit_equal"] for fit in fits),
            "median_max_px": _finite(statistics.median(errors)) if errors else None,
            "worst_max_px": _finite(errors[-1]) if errors else None,
        },
        "fits": fits,
    }


def fit_summary(comparison: Comparison) -> dict[str, Any]:
    """Return one fit: free run, noise floor, and each stage's largest teacher-forced error."""
    free_run, floor = comparison.free_run, comparison.floor
    return {
        "face": comparison.case.face,
        "setting": comparison.case.setting,
        "passed": comparison.passed,
        "free_run": {
            "max_px": _finite(free_run.max_px),
            "mean_px": _finite(free_run.mean_px),
            "worst_landmark": int(free_run.errors.argmax()),
            "success": free_run.success,
            "bit_equal": free_run.first_difference is None,
            "first_difference": _first_difference(free_run.first_difference),
        },
        "floor_px": floor.px,
        "limit_px": floor.limit_px,
        "within_floor": comparison.within_floor,
        "schedule_equal": comparison.schedule_equal,
        "teacher_forced": {result.stage.name: _stage(result) for result in comparison.stages},
    }


def _stage(result: StageResult) -> dict[str, Any]:
    """Return a stage's result."""
    return {
        "error": _finite(result.error),
        "unit": result.stage.unit,
        "limit": result.stage.limit,
        "passed": result.passed,
        "compared": result.compared,
        "equal": result.equal,
        "place": None if result.place is None else vars(result.place),
    }


def _first_difference(found: FirstDifference | None) -> dict[str, Any] | None:
    """Return where two free runs part."""
    if found is None:
        return None
    return {
        "entry": found.entry,
        "stage": found.stage,
        "place": vars(found.place),
        "error": _finite(found.error),
    }


def _finite(value: float) -> float | None:
    """Return a number that JSON has; None for one that is not finite."""
    return value if math.isfinite(value) else None


def _or_infinite(value: float | None) -> float:
    """Return a number that JSON could not hold."""
    return math.inf if value is None else value
