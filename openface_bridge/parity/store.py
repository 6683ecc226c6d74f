"""Runs on disk: what a candidate made of a reference's fits, to be compared later or elsewhere.

A folder holds ``trace_FACE_SETTING.npz``, the free runs, which are traces like any other, and
``forced_FACE_SETTING.npz``, the stages' outputs on the reference's inputs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from openface_bridge.parity.models import Models, check_model
from openface_bridge.parity.origin import check_picture
from openface_bridge.parity.run import FitRun
from openface_bridge.parity.stages.stage import Array
from openface_bridge.pictures import find_picture
from openface_bridge.reference import Case
from openface_bridge.trace import (
    PROVENANCE,
    SCHEMA_VERSION,
    Trace,
    TraceError,
    read_arrays,
    read_trace,
    write_arrays,
    write_trace,
)

__all__ = ["backend_of", "read_run", "write_run"]

_TOLD = ("backend", "reference_sha256", "forced_sha256", "success")


def write_run(folder: Path, run: FitRun) -> None:
    """Write one fit's run into a folder, which is made; files are replaced when complete."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "schema_version": SCHEMA_VERSION,
        "backend": run.backend,
        "model": run.manifest.name,
        "reference_sha256": _digest(run.reference.entries),
        "forced_sha256": _digest(run.forced),
        "success": run.success,
    }
    entries = {**run.candidate.entries, PROVENANCE: np.array(json.dumps(told, sort_keys=True))}
    write_arrays(folder / _forced_file(run.case), run.forced)
    write_trace(folder / _trace_file(run.case), Trace(entries, run.candidate.source))


def read_run(folder: Path, reference: Trace, case: Case, models: Models, pictures: Path) -> FitRun:
    """Read one fit's run.

    Parameters
    ----------
    folder : Path
    reference : Trace
        What the run was made from.
    case : Case
    models : Models
        The candidate's; their backend does not matter.
    pictures : Path

    Raises
    ------
    TraceError
        If files are missing or damaged, of another schema, model or reference.
    """
    trace = read_trace(folder / _trace_file(case))
    told = _told(trace)
    if told["reference_sha256"] != _digest(reference.entries):
        raise TraceError(
            f"{trace.source}: was not made from {reference.source}; run the candidate again"
        )
    path = folder / _forced_file(case)
    stages = read_arrays(path)
    if told["forced_sha256"] != _digest(stages):
        raise TraceError(f"{path}: is not of the run in {trace.source}; run the candidate again")
    manifest = models.manifest(case.setting)
    for each in (reference, trace):
        check_model(each, models.backend(case.setting).detector)
    picture = find_picture(pictures, case.face)
    check_picture(reference, picture)
    return FitRun(
        case=case,
        picture=picture,
        backend=str(told["backend"]),
        manifest=manifest,
        reference=reference,
        candidate=trace,
        success=bool(told["success"]),
        forced=stages,
    )


def backend_of(folder: Path) -> str:
    """Return whose fits a folder holds, by the first that can be read; ``unknown`` if none can."""
    found = filter(None, map(_backend_in, sorted(folder.glob("trace_*.npz"))))
    return next(found, "unknown")


def _backend_in(path: Path) -> str | None:
    """Return whose fit a file holds; None if it cannot be read."""
    try:
        return str(_told(read_trace(path))["backend"])
    except TraceError:
        return None


def _told(trace: Trace) -> dict[str, Any]:
    """Return what a run says of itself."""
    told = trace.provenance or {}
    if told.get("schema_version") != SCHEMA_VERSION:
        raise TraceError(
            f"{trace.source}: has schema version {told.get('schema_version')}, expected "
            f"{SCHEMA_VERSION}; run the candidate again"
        )
    missing = [name for name in _TOLD if name not in told]
    if missing:
        raise TraceError(f"{trace.source}: is no candidate's run: it lacks {', '.join(missing)}")
    return told


def _digest(entries: Mapping[str, Array]) -> str:
    """Return a digest of names, kinds and values."""
    digest = hashlib.sha256()
    for name, array in sorted(entries.items()):
        digest.update(f"{name} {array.dtype} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _trace_file(case: Case) -> str:
    return f"trace_{case.face}_{case.setting}.npz"


def _forced_file(case: Case) -> str:
    return f"forced_{case.face}_{case.setting}.npz"
