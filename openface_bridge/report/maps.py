"""Response maps, offsets and mean shifts of a fit, packed for the page's map viewer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.forcing import forced_name
from openface_bridge.parity.place import Moment, moments
from openface_bridge.parity.run import FitRun
from openface_bridge.parity.stages import Stage, stage_named
from openface_bridge.parity.stages.stage import EPS
from openface_bridge.report.packing import levels, signed_levels, thousandths
from openface_bridge.trace import Step

__all__ = ["map_difference", "map_views", "shift_views"]

Array = npt.NDArray[Any]


def map_views(run: FitRun) -> list[dict[str, Any]]:
    """Return every scale's maps: the reference's, and how the candidate's differ from them.

    Returns
    -------
    list of dict
        ``scale``, ``side``, ``maps``, ``low``, ``high``; and for the candidate ``forced`` (given
        the reference's own inputs) and ``free`` (in its own fit), each ``maps`` (None where all
        are equal), ``apart`` (largest difference of each map; None if not finite), ``low`` and
        ``high``; or None where the candidate has no maps of this size.
    """
    return [_scale(run, moment) for moment in moments(run.reference, "scale")]


def map_difference(run: FitRun, scale: int) -> Array | None:
    """Return how far each map is off teacher forced, in parts of the reference's maximum, (n,)."""
    moment = Moment("scale", scale)
    theirs = run.reference[moment.name("response_maps")]
    ours = _forced(run, stage_named("response map"), moment, "response_maps")
    if ours is None or ours.shape != theirs.shape:
        return None
    apart = np.abs(ours.astype(np.float64) - theirs).reshape(len(theirs), -1).max(axis=1)
    highest = np.abs(theirs.astype(np.float64)).reshape(len(theirs), -1).max(axis=1)
    return np.asarray(apart / np.maximum(highest, EPS))


def shift_views(run: FitRun) -> dict[str, Any]:
    """Return offsets and mean shifts of every iteration, map px.

    Returns
    -------
    dict
        ``steps`` (scale, phase, index), and ``reference``, ``forced``, ``free``: packed
        (steps, n, 4) of offset x, y and shift x, y; lost where an engine did not get there. None
        for a candidate whose numbers are the reference's.
    """
    steps = sorted({*run.reference.steps, *run.candidate.steps})
    moments_ = [Moment("iteration", step.scale, step) for step in steps]
    sources = {
        "reference": [_shifts(run.reference.entries, moment) for moment in moments_],
        "forced": [_forced_shifts(run, moment) for moment in moments_],
        "free": [_shifts(run.candidate.entries, moment) for moment in moments_],
    }
    empty = np.full((run.reference.n_landmarks, 4), np.nan)
    packed: dict[str, str | None] = {
        name: thousandths(np.array([empty if each is None else each for each in found]))
        for name, found in sources.items()
    }
    for name in ("forced", "free"):
        if packed[name] == packed["reference"]:
            packed[name] = None
    return {"steps": [_told(step) for step in steps], **packed}


def _told(step: Step) -> tuple[int, str, int]:
    return step.scale, "non-rigid" if step.nonrigid else "rigid", step.index


def _scale(run: FitRun, moment: Moment) -> dict[str, Any]:
    """Return the maps of one scale."""
    name = moment.name("response_maps")
    theirs = run.reference[name]
    packed, low, high = levels(theirs)
    forced = _forced(run, stage_named("response map"), moment, "response_maps")
    return {
        "scale": moment.scale,
        "side": theirs.shape[1],
        "maps": packed,
        "low": _rounded(low),
        "high": _rounded(high),
        "forced": _compared(forced, theirs),
        "free": _compared(run.candidate.entries.get(name), theirs),
    }


def _compared(ours: Array | None, theirs: Array) -> dict[str, Any] | None:
    """Return how a candidate's maps differ; None if they cannot be compared."""
    if ours is None or ours.shape != theirs.shape:
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        apart = ours.astype(np.float64) - theirs.astype(np.float64)
    packed, largest = signed_levels(apart)
    flat = ours.reshape(len(ours), -1)
    return {
        "maps": packed if apart.any() else None,
        "apart": _rounded(largest),
        "low": _rounded(flat.min(axis=1)),
        "high": _rounded(flat.max(axis=1)),
    }


def _forced(run: FitRun, stage: Stage, moment: Moment, entry: str) -> Array | None:
    return run.forced.get(forced_name(stage, moment, entry))


def _forced_shifts(run: FitRun, moment: Moment) -> Array | None:
    """Return the candidate's offsets and mean shifts on the reference's inputs, (n, 4)."""
    offsets = [
        _forced(run, stage_named("offsets"), moment, f"offset_{axis}") for axis in ("x", "y")
    ]
    shift = _forced(run, stage_named("mean shift"), moment, "mean_shift")
    if offsets[0] is None or offsets[1] is None or shift is None:
        return None
    return np.column_stack((offsets[0], offsets[1], shift))


def _shifts(entries: dict[str, Array], moment: Moment) -> Array | None:
    """Return recorded offsets and mean shifts, (n, 4)."""
    names = [moment.name(entry) for entry in ("offset_x", "offset_y", "mean_shift")]
    if any(name not in entries for name in names):
        return None
    return np.column_stack([entries[name] for name in names])


def _rounded(values: Array) -> list[float | None]:
    """Return values with seven digits, for JSON."""
    return [float(f"{v:.7g}") if np.isfinite(v) else None for v in values.tolist()]
