"""What numbers of both engines tell, in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.place import Place
from openface_bridge.parity.run import FitRun
from openface_bridge.parity.stages import Stage
from openface_bridge.report.relations import common_factor, relation
from openface_bridge.report.rows import GLOBAL, parameter_names

__all__ = ["inputs_of", "relations_of"]

Array = npt.NDArray[Any]
_BOX = ("x", "y", "width", "height")


def relations_of(entry: str, theirs: Array, ours: Array, place: Place) -> list[str]:
    """Say how the candidate's values follow from the reference's."""
    if entry in ("response_maps", "areas_of_interest") and place.landmark is not None:
        one = relation(ours[place.landmark], theirs[place.landmark])
        said = [] if one is None else [f"Map of landmark {place.landmark}: {one}."]
        return [*said, *_ranges(theirs, ours)]
    if entry == "jacobian":
        return _columns(theirs, ours)
    how = relation if place.parameter is None else common_factor
    found = how(ours, theirs) if theirs.ndim else None
    return [] if found is None else [f"{found[0].upper()}{found[1:]}."]


def _ranges(theirs: Array, ours: Array) -> list[str]:
    """Say between what the maps' smallest and largest values lie, over all landmarks seen."""
    n = len(theirs)
    flat = [each.reshape(n, -1) for each in (theirs, ours)]
    seen = np.any([each.any(axis=1) for each in flat], axis=0)
    if not seen.any():
        return []
    lines = []
    for name, which in (("largest", np.max), ("smallest", np.min)):
        of = [which(each[seen], axis=1) for each in flat]
        lines.append(
            f"Over all {int(seen.sum())} landmarks, a map's {name} value {_span(of[0])} in the "
            f"reference; in the candidate, it {_span(of[1])}."
        )
    return lines


def _span(values: Array) -> str:
    """Say between what values lie."""
    low, high = float(np.min(values)), float(np.max(values))
    if high - low <= 1e-6 * max(abs(high), abs(low)):
        return f"is always {high:.4g}"
    return f"lies between {low:.4g} and {high:.4g}"


def _columns(theirs: Array, ours: Array) -> list[str]:
    """Say which columns of a Jacobian differ, and how."""
    names, others = parameter_names("jacobian", theirs.shape[1]), 0
    said: list[str] = []
    tolerance = 1e-5 * np.abs(theirs).max(axis=0)
    for k, name in enumerate(names):
        apart = np.abs(ours[:, k] - theirs[:, k])
        if np.all(apart <= tolerance[k]):
            continue
        how = relation(ours[:, k], theirs[:, k])
        if how is not None and len(said) < len(GLOBAL):
            said.append(f"Column {name}: {how}.")
        else:
            others += 1
    more = f"{others} columns differ otherwise." if said else f"{others} columns differ."
    return [*said, more] if others else said


def inputs_of(stage: Stage, run: FitRun, theirs: Array, ours: Array) -> list[str]:
    """Say what a stage was given, where that is a handful of numbers."""
    if "bbox" not in stage.takes:
        return []
    box = run.reference["bbox"].astype(np.float64)
    told = ", ".join(f"{name} {value:.2f}" for name, value in zip(_BOX, box, strict=True))
    lines = [f"Given, in px: a box of {told}."]
    if box[2] > 0 and theirs[0] != ours[0]:
        lines.append(
            f"Scale over the box's width: {theirs[0] / box[2]:.5f} in the reference, "
            f"{ours[0] / box[2]:.5f} (1/{box[2] / ours[0]:.4g}) in the candidate."
        )
    return lines
