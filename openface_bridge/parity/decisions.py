"""Where a fit decides: a rounding error in the input of a decision can change everything after it.

Each decision is looked at in two ways. *Ties* tell, for one engine's inputs, where rounding alone
could have decided otherwise: there a stage may differ from the reference on the same inputs.
*Choices* are what an engine decided in its own fit, and on what: those of two free runs are
compared to find where they branch. All of it is computed here from traces and the model's data, so
that no candidate excuses itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from openface_bridge.parity.place import Moment, Per
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Step
from pyclnf.typing import BoolArray, Float64Array, IntArray

__all__ = [
    "DECISIONS", "SMALLEST_FACE", "STOPS_BELOW", "Choice", "Decision", "cell_ties", "sample_ties",
    "shape_after", "stop_ties", "view_ties",
]  # fmt: skip

STOPS_BELOW = 0.01
"""A phase stops when its shape moves by less, px over all coordinates together."""
SMALLEST_FACE = 0.25
"""A fit ends after a scale that leaves the face's scale below this."""
_CELLS_PER_PIXEL = 10
_FIXED = 1024
_PER_PIXEL = 32
_EPS = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Choice:
    """What an engine decided at a moment.

    Attributes
    ----------
    values : integer array
        The decisions.
    inputs : float64 array
        What they were made on; a decision made on several numbers has them along the first axis.
    margins : float64 array
        How far those numbers are from making another decision, in the unit of `inputs`.
    slack : float
        What rounding can move an input by, in the same unit.
    """

    values: IntArray
    inputs: Float64Array
    margins: Float64Array
    slack: float


@dataclass(frozen=True)
class Decision:
    """A kind of decision.

    Attributes
    ----------
    name : str
    stage : str
        The stage that makes it.
    per : {"start", "scale", "iteration", "end"}
    unit : str
        Of its inputs.
    choose : callable
        None where nothing is decided.
    """

    name: str
    stage: str
    per: Per
    unit: str
    choose: Callable[[Teacher, Moment], Choice | None]


# ---- Views ----


def _view_distances(teacher: Teacher, scale: int) -> Float64Array:
    """Return the distances of the face to all views of a scale, radians."""
    euler = teacher.start(scale).global_[1:4].astype(np.float64)
    apart = euler - teacher.experts.scales[scale].centers
    return np.asarray(np.sqrt((apart**2).sum(axis=1)))


def view_ties(teacher: Teacher, moment: Moment) -> BoolArray:
    """Tell whether two views are equally near, but for rounding: () bool."""
    assert moment.scale is not None
    nearest = np.sort(_view_distances(teacher, moment.scale))[:2]
    return np.array(len(nearest) > 1 and nearest[1] - nearest[0] <= 4 * _EPS * nearest[1])


def _view(teacher: Teacher, moment: Moment) -> Choice:
    assert moment.scale is not None
    distances = _view_distances(teacher, moment.scale)
    chosen = int(teacher.recorded(moment, "view"))
    # Of each view, whether it is chosen: two engines differ in the two that they choose. Half the
    # gap, as one distance may grow by as much as another shrinks; any of them is an input of all.
    views = np.arange(len(distances))
    margins = np.abs(distances - distances[chosen]) / 2
    inputs = np.repeat(distances[:, None], len(distances), axis=1)
    slack = 4 * _EPS * float(distances.max())
    return Choice((views == chosen).astype(np.intp), inputs, margins, slack)


# ---- Sample positions ----


def _sample_terms(teacher: Teacher, scale: int) -> tuple[Float64Array, ...]:
    """Return the two terms of each sample's x and y, in whole 1/1024 px: (n, s, s) or broadcast.

    What they are rounded to separately, and added, gives positions in 1/32 px.
    """
    turn = teacher.at_scale(scale, "similarity_reference_to_image").astype(np.float32)
    base = teacher.at_scale(scale, "base_shape").astype(np.float32)
    side = teacher.window_size(scale) + teacher.view(scale).support - 1
    # The corners are rounded to float32, from left to right; the rest is float64.
    a, b, extent, two = turn[0, 0], -turn[0, 1], np.float32(side - 1), np.float32(2)
    left = (base[:, 0] - a * extent / two + b * extent / two).astype(np.float64)
    top = (base[:, 1] - a * extent / two - b * extent / two).astype(np.float64)
    along, across = float(a), float(b)
    steps = np.arange(side, dtype=np.float64)
    rows, columns = steps[:, None], steps[None, :]
    x = left[:, None, None] - across * rows
    y = top[:, None, None] + along * rows
    terms = (x, along * columns, y, across * columns)
    return tuple(np.asarray(term * _FIXED) for term in terms)


def _slack_of_samples(teacher: Teacher, scale: int) -> float:
    """Return what rounding moves the corner of an area by, px: four operations."""
    return 4 * _EPS * float(np.abs(teacher.at_scale(scale, "base_shape")).max(initial=1.0))


def sample_ties(teacher: Teacher, moment: Moment) -> BoolArray:
    """Tell which samples rounding alone could have snapped to another 1/32 px: (n, s, s) bool."""
    assert moment.scale is not None
    xa, xb, ya, yb = _sample_terms(teacher, moment.scale)
    near = _slack_of_samples(teacher, moment.scale) * _FIXED
    return _snaps_either_way(xa, xb, near) | _snaps_either_way(ya, yb, near)


def _snaps_either_way(first: Float64Array, second: Float64Array, near: float) -> BoolArray:
    """Tell where moving two terms by up to `near` changes the 1/32 px they add up to."""
    half = _FIXED // _PER_PIXEL // 2
    lowest = np.rint(first - near) + np.rint(second - near)
    highest = np.rint(first + near) + np.rint(second + near)
    step = 2 * half
    return np.asarray(np.floor((lowest + half) / step) != np.floor((highest + half) / step))


def _samples(teacher: Teacher, moment: Moment) -> Choice:
    assert moment.scale is not None
    visible = teacher.view(moment.scale).visible
    xa, xb, ya, yb = _sample_terms(teacher, moment.scale)
    pairs = [np.broadcast_arrays(xa, xb), np.broadcast_arrays(ya, yb)]
    terms = np.array(pairs)[:, :, visible].swapaxes(0, 1)
    return Choice(
        _snapped(*terms),
        terms / _FIXED,
        _snap_margin(*terms) / _FIXED,
        _slack_of_samples(teacher, moment.scale),
    )


def _snapped(first: Float64Array, second: Float64Array) -> IntArray:
    """Return the whole 1/32 px that two terms in 1/1024 px are snapped to."""
    step = _FIXED // _PER_PIXEL
    return np.floor((np.rint(first) + np.rint(second) + step / 2) / step).astype(np.intp)


def _snap_margin(first: Float64Array, second: Float64Array) -> Float64Array:
    """Return how far both terms may move, 1/1024 px, before they are snapped elsewhere."""
    step = _FIXED // _PER_PIXEL
    above = (np.rint(first) + np.rint(second) + step / 2) % step
    up = _until(step - above, 0.5 - (first - np.rint(first)), 0.5 - (second - np.rint(second)))
    down = _until(above + 1, 0.5 + (first - np.rint(first)), 0.5 + (second - np.rint(second)))
    return np.minimum(up, down)


def _until(units: Float64Array, first: Float64Array, second: Float64Array) -> Float64Array:
    """Return how far both terms must move for their rounded sum to change by so many units.

    `first` and `second` are how far each is from being rounded to its next unit.
    """
    nearer, farther = np.minimum(first, second), np.maximum(first, second)
    return np.where(units % 2 == 1, nearer + (units - 1) // 2, farther + units // 2 - 1)


def _to_half(values: Float64Array) -> Float64Array:
    """Return the distance to the nearest number between two whole ones."""
    return np.asarray(np.abs(values - np.floor(values) - 0.5))


# ---- Kernel cells ----


def _tenths(teacher: Teacher, step: Step) -> Float64Array:
    """Return offsets within their map, in kernel cells of 0.1 px: (n, 2).

    In the reference's float32, where a tenth is a little more than that.
    """
    tenth = np.float32(1 / _CELLS_PER_PIXEL)
    highest = np.float32(teacher.window_size(step.scale)) - tenth
    inside = np.clip(teacher.offsets(step), np.float32(0), highest)
    return np.asarray(np.nan_to_num(inside / tenth).astype(np.float64))


def cell_ties(teacher: Teacher, moment: Moment) -> BoolArray:
    """Tell which landmarks lie between two kernel cells, but for rounding: (n, 1) bool."""
    assert moment.step is not None
    tenths = _tenths(teacher, moment.step)
    near = 4 * _EPS * _CELLS_PER_PIXEL * teacher.window_size(moment.step.scale)
    return np.asarray((_to_half(tenths) <= near).any(axis=1, keepdims=True))


def _cells(teacher: Teacher, moment: Moment) -> Choice:
    step = moment.step
    assert step is not None
    visible = teacher.view(step.scale).visible
    tenths = _tenths(teacher, step)[visible]
    values = np.floor(tenths + 0.5).astype(np.intp)
    slack = 4 * _EPS * teacher.window_size(step.scale)
    known = np.isfinite(teacher.offsets(step)[visible])
    inputs = np.where(known, tenths / _CELLS_PER_PIXEL, np.nan)
    return Choice(values, inputs, _to_half(tenths) / _CELLS_PER_PIXEL, slack)


# ---- Clamp ----


def _clamp(teacher: Teacher, moment: Moment) -> Choice | None:
    step = moment.step
    assert step is not None
    if not step.nonrigid:
        return None
    limits = teacher.mode_limits.astype(np.float64)
    free = teacher.at_step(step, "params_local") + teacher.change(step)[6:]
    after = teacher.at_step(step, "params_local_out")
    values = np.where(np.abs(after) >= teacher.mode_limits, np.sign(after), 0).astype(np.intp)
    margins = np.abs(np.abs(free) - limits)
    return Choice(values, free.astype(np.float64), margins, 8 * _EPS * float(limits.max()))


# ---- Stopping ----


def shape_after(teacher: Teacher, step: Step) -> Float64Array:
    """Return the shape that an iteration led to, as recorded where it was needed next: (n, 2)."""
    steps = teacher.trace.steps
    following = steps.index(step) + 1
    if following < len(steps):
        return teacher.at_step(steps[following], "shape").astype(np.float64)
    return teacher.trace["final.landmarks"].astype(np.float64)


def _moved(teacher: Teacher, step: Step) -> float:
    """Return how far an iteration moved the shape, px over all coordinates together."""
    before = teacher.at_step(step, "shape").astype(np.float64)
    return float(np.linalg.norm(shape_after(teacher, step) - before))


def _slack_of_stop(teacher: Teacher, step: Step) -> float:
    """Return what rounding of the differences makes of their norm."""
    return 4 * _EPS * float(np.abs(teacher.at_step(step, "shape")).max(initial=1.0))


def stop_ties(teacher: Teacher, moment: Moment) -> BoolArray:
    """Tell whether the shape moved by 0.01 px, but for rounding: () bool."""
    assert moment.step is not None
    slack = _slack_of_stop(teacher, moment.step)
    return np.array(abs(_moved(teacher, moment.step) - STOPS_BELOW) <= slack)


def _stop(teacher: Teacher, moment: Moment) -> Choice | None:
    step = moment.step
    assert step is not None
    if step.index + 1 >= teacher.settings.max_iterations:
        return None
    moved = _moved(teacher, step)
    goes_on = teacher.goes_on(step)
    inputs, margins = np.array([moved]), np.array([abs(moved - STOPS_BELOW)])
    return Choice(np.array([goes_on], np.intp), inputs, margins, _slack_of_stop(teacher, step))


# ---- Faces too small ----


def _face_size(teacher: Teacher, moment: Moment) -> Choice | None:
    """Whether a fit ended before its last planned scale."""
    scale = moment.scale
    assert scale is not None
    sizes = teacher.settings.window_sizes[: len(teacher.experts.scales)]
    planned = [index for index, size in enumerate(sizes) if size]
    if scale not in planned[:-1]:
        return None
    last = [step for step in teacher.trace.steps if step.scale == scale][-1]
    size = float(teacher.at_step(last, "params_global_out")[0])
    ended = scale == teacher.trace.scales[-1]
    margins = np.array([abs(size - SMALLEST_FACE)])
    return Choice(np.array([ended], np.intp), np.array([size]), margins, 4 * _EPS)


DECISIONS = (
    Decision("view", "view", "scale", "radians", _view),
    Decision("sample position", "area of interest", "scale", "px", _samples),
    Decision("kernel cell", "mean shift", "iteration", "map px", _cells),
    Decision("clamp", "clamp", "iteration", "units of the mode", _clamp),
    Decision("stop", "stopping", "iteration", "px", _stop),
    Decision("face size", "stopping", "scale", "scale", _face_size),
)
"""In the order of execution within a moment."""
