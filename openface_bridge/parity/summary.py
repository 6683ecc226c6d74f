"""A parity run as plain data, for JSON."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from openface_bridge.parity.branches import Branch
from openface_bridge.parity.comparison import StageComparison
from openface_bridge.parity.faces.summary import stage_counts
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.refused import ERROR
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.sentences import REFERENCES_INPUTS, verdict_sentence
from openface_bridge.parity.verdicts import Verdict

__all__ = ["REPORT_VERSION", "fit_summary", "run_summary"]

REPORT_VERSION = 3
"""Of this data; raised when names or meanings change."""

_KINDS = ("equal", "rounding", "branch", "bug", ERROR)


def run_summary(
    fits: list[dict[str, Any]],
    faces: Sequence[dict[str, Any]] | None = None,
    *,
    backend: str,
    reference: str,
) -> dict[str, Any]:
    """Return a run: what was compared, whether it passes, by backend, and each one's summary.

    `backend` names all, with commas between them. `faces` is None where whole faces were not to be
    compared.
    """
    whole = faces or ()
    names = dict.fromkeys(fit["backend"] for fit in fits)
    return {
        "report_version": REPORT_VERSION,
        "backend": backend,
        "reference": reference,
        "summary": _summary(fits, whole),
        "backends": {name: _summary(_of(name, fits), _of(name, whole)) for name in names},
        "fits": fits,
        "faces": None if faces is None else list(faces),
    }


def _of(backend: str, compared: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what one backend made."""
    return [each for each in compared if each["backend"] == backend]


def _summary(fits: Sequence[dict[str, Any]], faces: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what some fits, and whole faces, come to."""
    compared = [fit["free_run"] for fit in fits if fit["verdict"]["kind"] != ERROR]
    errors = sorted(_or_infinite(free_run["max_px"]) for free_run in compared)
    kinds = [fit["verdict"]["kind"] for fit in fits]
    return {
        "passed": bool(fits) and all(each["passed"] for each in (*fits, *faces)),
        "fits": len(fits),
        "failed": sum(not fit["passed"] for fit in fits),
        "verdicts": {kind: kinds.count(kind) for kind in _KINDS},
        "median_max_px": _finite(statistics.median(errors)) if errors else None,
        "worst_max_px": _finite(errors[-1]) if errors else None,
        "faces": len(faces),
        "faces_failed": sum(not face["passed"] for face in faces),
        "face_stages": stage_counts(faces) if faces else {},
    }


def fit_summary(comparison: Comparison, given: str = REFERENCES_INPUTS) -> dict[str, Any]:
    """Return one fit: verdict, free run, noise floor, and each stage both ways.

    `given` names what stages were performed on, see :func:`verdict_sentence`.
    """
    run, free_run, floor = comparison.run, comparison.free_run, comparison.floor
    multiple = floor.multiple(free_run.max_px)
    return {
        "face": comparison.case.face,
        "setting": comparison.case.setting,
        "picture": run.picture.name,
        "backend": run.backend,
        "model": run.manifest.name,
        "passed": comparison.passed,
        "verdict": _verdict(comparison.verdict, given),
        "free_run": {
            "max_px": _finite(free_run.max_px),
            "mean_px": _finite(free_run.mean_px),
            "worst_landmark": int(free_run.errors.argmax()),
            "errors_px": [_finite(error) for error in free_run.errors.tolist()],
            "success": free_run.success,
            "bit_equal": comparison.verdict.kind == "equal",
            "branch": _branch(comparison.branch),
        },
        "floor": {
            "px": floor.px,
            "landmarks_px": None if floor.landmarks is None else floor.landmarks.tolist(),
            "limit_px": floor.limit_px,
            "multiple": None if multiple is None else _finite(multiple),
            "within": comparison.within_floor,
        },
        "stages": _stages(comparison.forced, comparison.free),
    }


def _verdict(verdict: Verdict, given: str) -> dict[str, Any]:
    """Return a verdict."""
    return {
        "kind": verdict.kind,
        "stage": verdict.stage,
        "instead": verdict.instead,
        "place": None if verdict.place is None else vars(verdict.place),
        "finding": _finding(verdict.finding),
        "branch": _branch(verdict.branch),
        "sentence": verdict_sentence(verdict, given),
    }


def _stages(
    forced: Sequence[StageComparison], free: Sequence[StageComparison]
) -> dict[str, dict[str, Any]]:
    """Return all stages by name."""
    return {
        ours.stage.name: {"forced": _stage(ours), "free": _stage(theirs)}
        for ours, theirs in zip(forced, free, strict=True)
    }


def _stage(comparison: StageComparison) -> dict[str, Any]:
    """Return a stage's comparison."""
    return {
        "compared": comparison.compared,
        "equal": comparison.equal,
        "passed": comparison.passed,
        "worst": _finding(comparison.worst),
        "first_over": _finding(comparison.over[1] if comparison.over else None),
        "first_excused": _finding(comparison.excused[1] if comparison.excused else None),
        "first_unequal": _finding(comparison.unequal[1] if comparison.unequal else None),
    }


def _finding(finding: Finding | None) -> dict[str, Any] | None:
    """Return a finding."""
    if finding is None:
        return None
    numbers = {name: _finite(getattr(finding, name)) for name in ("apart", "ulps", "bound")}
    return {"entry": finding.entry, "place": vars(finding.place), **numbers}


def _branch(branch: Branch | None) -> dict[str, Any] | None:
    """Return a branch."""
    if branch is None:
        return None
    numbers = {name: _finite(getattr(branch, name)) for name in ("margin", "moved", "drift_px")}
    return {**vars(branch), **numbers, "place": vars(branch.place)}


def _finite(value: float) -> float | None:
    """Return a number that JSON has; None for one that is not finite."""
    return value if math.isfinite(value) else None


def _or_infinite(value: float | None) -> float:
    """Return a number that JSON could not hold."""
    return math.inf if value is None else value
