"""How parameters and updates go over the iterations of both engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.decisions import STOPS_BELOW
from openface_bridge.report.charts.style import (
    CANDIDATE,
    DIM,
    FLOOR,
    REFERENCE,
    SHADE,
    SMALL,
    new_figure,
    to_svg,
)
from openface_bridge.trace import Step, Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["pose_chart", "update_chart"]

_DOTTED = 40
"""Of more iterations, dots run together."""

Array = npt.NDArray[Any]
Series = Callable[[Trace, Sequence[Step]], Array]


@dataclass(frozen=True)
class _Panel:
    """A quantity: its label, how it is read from a trace, and the axis."""

    label: str
    series: Series
    logarithmic: bool = False
    limit: float | None = None


def pose_chart(reference: Trace, candidate: Trace) -> str:
    """Draw scale and rotation of both engines before every iteration, and at the end.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    panels = [
        _Panel("scale", _parameter(0, 1.0)),
        *(_Panel(f"{name}, °", _parameter(k, 180 / np.pi)) for k, name in _ANGLES),
    ]
    return _chart(panels, reference, candidate, "Scale and rotation over all iterations")


_ANGLES = ((1, "rx"), (2, "ry"), (3, "rz"))


def update_chart(reference: Trace, candidate: Trace) -> str:
    """Draw how far each iteration of both engines moves landmarks, modes and the scale.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    panels = [
        _Panel("shape, px", _movement, logarithmic=True, limit=STOPS_BELOW),
        _Panel("modes", _change("params_local", slice(None)), logarithmic=True),
        _Panel("scale", _change("params_global", slice(0, 1)), logarithmic=True),
    ]
    return _chart(panels, reference, candidate, "Size of every iteration's update")


def _chart(panels: Sequence[_Panel], reference: Trace, candidate: Trace, label: str) -> str:
    """Draw panels one below the other, over common iterations."""
    steps = sorted({*reference.steps, *candidate.steps})
    figure, axes = new_figure(232, [1.0] * len(panels), left=54, bottom=34, top=6)
    for panel, each in zip(panels, axes, strict=True):
        _panel(panel, each, steps, reference, candidate)
        each.set_xticks([])
    _name_scales(axes[-1], steps)
    return to_svg(figure, f"{label}, reference and candidate")


def _panel(
    panel: _Panel, axes: Axes, steps: Sequence[Step], reference: Trace, candidate: Trace
) -> None:
    """Draw one quantity."""
    from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullLocator

    for first, last in _rigid_phases(steps):
        axes.axvspan(first - 0.5, last + 0.5, color=SHADE, linewidth=0)
    drawn = [panel.series(trace, steps) for trace in (reference, candidate)]
    if panel.logarithmic:
        drawn = [np.where(each > 0, each, np.nan) for each in drawn]
    known = np.concatenate(drawn)
    known = known[np.isfinite(known)]
    if panel.logarithmic and len(known):
        axes.set_yscale("log")
        narrow = panel.limit is None and known.max() < 100 * known.min()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 3) if narrow else (1,), numticks=4))
        if narrow:
            axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.yaxis.set_minor_locator(NullLocator())
    elif not panel.logarithmic:
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.ticklabel_format(axis="y", useOffset=False)
    else:
        axes.set_yticks([])
    if panel.limit is not None and len(known):
        axes.axhline(panel.limit, color=FLOOR, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.plot(drawn[0], color=REFERENCE, linewidth=3, alpha=0.55, solid_capstyle="round")
    dots = "." if len(steps) <= _DOTTED else None
    axes.plot(drawn[1], color=CANDIDATE, linewidth=1, marker=dots, markersize=2.5)
    axes.set_xlim(-0.6, len(steps) + 0.6)
    axes.set_ylabel(panel.label, color=DIM, fontsize=SMALL, labelpad=0)
    axes.yaxis.set_label_coords(-0.185, 0.5)


def _name_scales(bottom: Axes, steps: Sequence[Step]) -> None:
    """Part the scales by lines' gaps, and name them below."""
    for scale, among in groupby(enumerate(steps), key=lambda pair: pair[1].scale):
        positions = [position for position, _ in among]
        middle = (positions[0] + positions[-1]) / 2
        bottom.annotate(
            str(scale), (middle, 0), (0, -11), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", fontsize=SMALL, color=DIM,
        )  # fmt: skip
    bottom.annotate(
        "scale, coarse to fine; rigid phases shaded", (0.5, 0), (0, -26), ha="center",
        xycoords="axes fraction", textcoords="offset points", fontsize=SMALL, color=DIM,
    )  # fmt: skip


def _rigid_phases(steps: Sequence[Step]) -> list[tuple[int, int]]:
    """Return first and last position of every rigid phase."""
    found = []
    for (_, nonrigid), among in groupby(
        enumerate(steps), key=lambda pair: (pair[1].scale, pair[1].nonrigid)
    ):
        positions = [position for position, _ in among]
        if not nonrigid:
            found.append((positions[0], positions[-1]))
    return found


def _parameter(index: int, unit: float) -> Series:
    """Return how to read a global parameter before every iteration, and at the end."""

    def series(trace: Trace, steps: Sequence[Step]) -> Array:
        names = [*(f"{step.prefix}.params_global" for step in steps), "final.params_global"]
        values = [trace[name][index] if name in trace else np.nan for name in names]
        return _finite(np.array(values, np.float64) * unit)

    return series


def _change(entry: str, which: slice) -> Series:
    """Return how to read the norm of a change of parameters."""

    def series(trace: Trace, steps: Sequence[Step]) -> Array:
        values = []
        for step in steps:
            before, after = f"{step.prefix}.{entry}", f"{step.prefix}.{entry}_out"
            known = before in trace and after in trace
            values.append(_norm(trace[after][which], trace[before][which]) if known else np.nan)
        return _finite(np.array(values))

    return series


def _movement(trace: Trace, steps: Sequence[Step]) -> Array:
    """Return how far the shape moves in every iteration, over all coordinates together, px."""
    own = trace.steps
    shapes = [*(f"{step.prefix}.shape" for step in own), "final.landmarks"]
    moved = {
        step: _norm(trace[after], trace[before])
        for step, before, after in zip(own, shapes[:-1], shapes[1:], strict=True)
    }
    return _finite(np.array([moved.get(step, np.nan) for step in steps]))


def _norm(after: Array, before: Array) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.linalg.norm(after.astype(np.float64) - before))


def _finite(values: Array) -> Array:
    """Return values that can be drawn: NaN for what cannot."""
    return np.where(np.isfinite(values) & (np.abs(values) < 1e30), values, np.nan)
