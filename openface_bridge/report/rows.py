"""A few numbers of both engines, side by side, around a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.place import Place

__all__ = ["GLOBAL", "Row", "parameter_names", "rows_of", "words"]

Array = npt.NDArray[Any]
GLOBAL = ("scale", "rx", "ry", "rz", "tx", "ty")
"""Names of the global parameters."""
_AROUND = 2


@dataclass(frozen=True)
class Row:
    """One number of both engines.

    Attributes
    ----------
    name : str
    reference, candidate : float
    marked : bool
        Whether it is at the finding's place.
    """

    name: str
    reference: float
    candidate: float
    marked: bool = False

    @property
    def apart(self) -> float:
        """The candidate's less the reference's."""
        return self.candidate - self.reference

    @property
    def ratio(self) -> float | None:
        """The candidate's over the reference's; None where that says nothing."""
        return self.candidate / self.reference if self.reference else None


def rows_of(entry: str, theirs: Array, ours: Array, place: Place) -> tuple[str, list[Row]]:
    """Choose the numbers to show, by what an entry's axes count."""
    if theirs.ndim == 0 or theirs.size == 1:
        return words(entry), [Row(words(entry), theirs.item(), ours.item(), marked=True)]
    if place.parameter is not None:
        return _parameters(entry, theirs, ours, place.parameter)
    if entry in ("response_maps", "areas_of_interest"):
        return f"{words(entry)}, largest value by landmark", _maxima(theirs, ours, place)
    if entry == "jacobian" and place.landmark is not None:
        return _jacobian(theirs, ours, place.landmark)
    if place.landmark is not None:
        return f"{words(entry)}, by landmark", _landmarks(theirs, ours, place.landmark)
    names = [", ".join(str(k + 1) for k in index) for index in np.ndindex(theirs.shape)]
    return words(entry), _table(names, theirs.ravel(), ours.ravel())


def _parameters(entry: str, theirs: Array, ours: Array, parameter: str) -> tuple[str, list[Row]]:
    """Return the global parameters, or a mode and those around it."""
    names, heading = parameter_names(entry, len(theirs)), f"{words(entry)}, by parameter"
    at = names.index(parameter)
    if theirs.ndim == 2:
        heading = f"{words(entry)}, the row of {parameter}, by parameter"
        # Of a row, the element that differs most.
        theirs, ours = theirs[at], ours[at]
        at = int(np.nan_to_num(np.abs(ours - theirs), nan=np.inf).argmax())
    if names[at] in GLOBAL:
        chosen = range(len(GLOBAL))
    else:
        chosen = range(max(0, at - _AROUND), min(len(names), at + _AROUND + 1))
    return heading, [
        Row(names[k], float(theirs[k]), float(ours[k]), marked=k == at) for k in chosen
    ]


def parameter_names(entry: str, count: int) -> list[str]:
    """Name what an entry's elements or columns are: six global parameters and modes, or modes."""
    modes = [f"mode {k}" for k in range(count)]
    return modes if entry.startswith("params_local") else [*GLOBAL, *modes][:count]


def _maxima(theirs: Array, ours: Array, place: Place) -> list[Row]:
    """Return largest values of the maps of a landmark and of those around it."""
    n, landmark = len(theirs), place.landmark or 0
    highest = [np.abs(each).reshape(n, -1).max(axis=1) for each in (theirs, ours)]
    return _landmarks(highest[0], highest[1], landmark)


def _jacobian(theirs: Array, ours: Array, landmark: int) -> tuple[str, list[Row]]:
    """Return the row of a landmark's coordinate that differs most."""
    n = len(theirs) // 2
    pair = np.nan_to_num(np.abs(ours - theirs)[[landmark, landmark + n]], nan=np.inf)
    row = landmark + n * int(pair[1].max() > pair[0].max())
    axis = "y" if row >= n else "x"
    worst = int(np.nan_to_num(np.abs(ours - theirs)[row], nan=np.inf).argmax())
    names = parameter_names("jacobian", theirs.shape[1])
    chosen = sorted({*range(len(GLOBAL)), worst})
    rows = [Row(names[k], theirs[row, k], ours[row, k], marked=k == worst) for k in chosen]
    return f"Jacobian, the row of landmark {landmark}'s {axis}, by parameter", rows


def _landmarks(theirs: Array, ours: Array, landmark: int) -> list[Row]:
    """Return the values of a landmark and of those around it."""
    first, last = max(0, landmark - _AROUND), min(len(theirs), landmark + _AROUND + 1)
    axes = ("",) if theirs.ndim == 1 else (" x", " y")
    a, b = (each.reshape(len(each), -1) for each in (theirs, ours))
    return [
        Row(f"{k}{axis}", float(a[k, i]), float(b[k, i]), marked=k == landmark)
        for k in range(first, last)
        for i, axis in enumerate(axes)
    ]


def _table(names: list[str], theirs: Array, ours: Array) -> list[Row]:
    """Return all values; those that differ are marked."""
    return [
        Row(name, float(a), float(b), marked=bool(a != b))
        for name, a, b in zip(names, theirs, ours, strict=True)
    ]


def words(entry: str) -> str:
    """Return an entry's name in words."""
    names = {
        "init.params_global": "Start", "goes_on": "Goes on (1) or stops (0)", "view": "View",
        "params_global_out": "Global parameters after the iteration",
        "params_local_out": "Modes after the iteration", "change": "Update",
        "hessian": "Hessian", "right_hand_side": "Right-hand side", "mean_shift": "Mean shift",
        "sigma": "Kernel's σ", "reg_factor": "Regularisation", "weight_factor": "Weight factor",
    }  # fmt: skip
    plain = entry.rpartition(".")[2].replace("_", " ")
    return names.get(entry, f"{plain[0].upper()}{plain[1:]}")
