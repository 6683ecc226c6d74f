"""A comparison of faces as plain data, for JSON and for the gate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from openface_bridge.parity.faces.check import Check, FaceFinding
from openface_bridge.parity.faces.figures import figures_of
from openface_bridge.parity.faces.run import FaceComparison
from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.faces.verdicts import FaceVerdict, StageResult

__all__ = ["KINDS", "face_summary", "stage_counts", "stage_kind"]

KINDS = ("equal", "rounding", "branch", "bug")


def face_summary(comparison: FaceComparison) -> dict[str, Any]:
    """Return one face or sequence; named like a fit's summary wherever it is the same."""
    errors, floor = comparison.errors, comparison.floor
    return {
        "face": comparison.case.face,
        "setting": comparison.case.setting,
        "picture": comparison.picture.name,
        "backend": comparison.subject.candidate.name,
        "model": comparison.subject.candidate.manifest.name,
        "passed": comparison.passed,
        "verdict": _verdict(comparison.verdict),
        "free_run": {
            "max_px": _finite(comparison.max_px),
            "mean_px": _finite(float(errors.mean())),
            "worst_landmark": int(errors.argmax()),
            "errors_px": [_finite(error) for error in errors.tolist()],
        },
        "floor": {
            "px": floor,
            "landmarks_px": comparison.floors.tolist(),
            "limit_px": comparison.limit_px,
            "multiple": _finite(comparison.max_px / floor) if floor else None,
            "within": comparison.max_px <= comparison.limit_px,
        },
        "stages": {
            result.stage.name: {"kind": stage_kind(result, comparison.verdict), **_stage(result)}
            for result in comparison.stages
            if result.compared
        },
        "figures": _plain(asdict(figures_of(comparison))),
    }


def stage_kind(result: StageResult, verdict: FaceVerdict) -> str:
    """Return a stage's verdict.

    What only the free run shows is a bug of the stage that the face's verdict names, and of none
    after it: everything follows from that.
    """
    forced, free = result.forced_kind, result.free_kind
    if forced == "bug" or (verdict.free and verdict.stage == result.stage.name):
        return "bug" if verdict.kind == "bug" else _worse(forced, free)
    return forced if free == "bug" else _worse(forced, free)


def stage_counts(faces: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Return how often each stage came to each verdict, in the order of execution."""
    counts = {}
    for stage in FACE_STAGES:
        found = Counter(
            face["stages"][stage.name]["kind"] for face in faces if stage.name in face["stages"]
        )
        counts[stage.name] = {kind: found[kind] for kind in KINDS}
    return counts


def _worse(one: str, other: str) -> str:
    """Return the worse of two verdicts."""
    return max(one, other, key=KINDS.index)


def _stage(result: StageResult) -> dict[str, Any]:
    """Return a stage both ways."""
    ways = {"forced": (result.forced, False), "free": (result.free, True)}
    return {
        name: {
            "kind": result.free_kind if free else result.forced_kind,
            "passed": result.wrong(free=free) is None,
            **_checks(checks, result.wrong(free=free), result.tied(free=free)),
        }
        for name, (checks, free) in ways.items()
    }


def _checks(checks: Sequence[Check], wrong: Check | None, tied: Check | None) -> dict[str, Any]:
    """Return what some comparisons found."""
    worst = max((each.worst for each in checks), key=lambda found: found.ratio, default=None)
    unequal = next((each for each in checks if not each.equal), None)
    return {
        "compared": len(checks),
        "equal": sum(each.equal for each in checks),
        "worst": _finding(worst),
        "first_over": None if wrong is None else _finding(wrong.worst),
        "first_excused": None if tied is None else _finding(tied.worst),
        "first_unequal": None if unequal is None else _finding(unequal.worst),
    }


def _verdict(verdict: FaceVerdict) -> dict[str, Any]:
    """Return a verdict."""
    return {
        "kind": verdict.kind,
        "stage": verdict.stage,
        "place": None if verdict.place is None else vars(verdict.place),
        "finding": _finding(verdict.finding),
        "branch": None if verdict.tie is None else _plain(vars(verdict.tie)),
        "free": verdict.free,
        "sentence": verdict.sentence,
    }


def _finding(finding: FaceFinding | None) -> dict[str, Any] | None:
    """Return a finding."""
    if finding is None:
        return None
    return {**_plain(vars(finding)), "place": vars(finding.place)}


def _plain(value: Any) -> Any:
    """Return data that JSON has: None for what is not finite."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return _finite(value) if isinstance(value, float) else value


def _finite(value: float) -> float | None:
    """Return a number that JSON has."""
    return value if math.isfinite(value) else None
