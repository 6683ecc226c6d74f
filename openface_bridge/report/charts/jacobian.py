"""Where a candidate's Jacobian differs from the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.forcing import forced_name
from openface_bridge.parity.place import Moment, Place
from openface_bridge.parity.run import FitRun
from openface_bridge.parity.stages import stage_named
from openface_bridge.parity.stages.stage import EPS
from openface_bridge.report.charts.style import DIM, LINE, SMALL, new_figure, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

__all__ = ["JacobianChart", "jacobian_chart"]

Array = npt.NDArray[Any]
_DECADES_BELOW, _DECADES_ABOVE = 3.0, 6.0
_WITHIN, _BEYOND = ("#c6dbef", "#3c7fb8"), ("#fdbe5c", "#e4572e", "#7a0c2e")
_LOST = "#000000"


@dataclass(frozen=True)
class JacobianChart:
    """A heat map and what it is of.

    Attributes
    ----------
    svg : str
    place : Place
        The iteration that differs most.
    ulps, bound : float
        The largest difference, in units in the last place of its column's maximum.
    equal : bool
        Whether no bit differs in any iteration: then there is nothing to draw.
    """

    svg: str
    place: Place
    ulps: float
    bound: float
    equal: bool


def jacobian_chart(run: FitRun) -> JacobianChart | None:
    """Draw the Jacobian that differs most, teacher forced; None if none was recorded."""
    bound = _bound()
    worst: tuple[float, Moment, Array] | None = None
    for step in run.reference.steps:
        moment = Moment("iteration", step.scale, step)
        found = _difference(run, moment)
        if found is None:
            continue
        largest = float(found.max(initial=0.0))
        # Of equally good ones the last, which has modes.
        if worst is None or largest >= worst[0]:
            worst = largest, moment, found
    if worst is None:
        return None
    largest, moment, ulps = worst
    svg = _draw(ulps / bound) if largest > 0 else ""
    return JacobianChart(svg, moment.place, largest, bound, equal=largest == 0)


def _bound() -> float:
    """Return what rounding explains of a Jacobian."""
    outputs = stage_named("Jacobian").outputs
    return next(output.ulps for output in outputs if output.entry == "jacobian")


def _difference(run: FitRun, moment: Moment) -> Array | None:
    """Return differences in units in the last place of columns' maxima; None if not at hand."""
    name = moment.name("jacobian")
    ours = run.forced.get(forced_name(stage_named("Jacobian"), moment, "jacobian"))
    if name not in run.reference or ours is None or ours.shape != run.reference[name].shape:
        return None
    theirs = run.reference[name].astype(np.float64)
    size = np.maximum(np.abs(theirs).max(axis=0), np.finfo(np.float32).tiny)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(ours.astype(np.float64) - theirs) / (EPS * size)
    return np.asarray(np.nan_to_num(apart, nan=np.inf, posinf=1e30))


def _draw(ratio: Array) -> str:
    """Draw parts of the bound: x of all landmarks above, y below, a row per parameter."""
    figure, axes = new_figure(210, [1.0, 1.0], left=52, bottom=30, top=28)
    n = len(ratio) // 2
    with np.errstate(divide="ignore"):
        decades = np.log10(ratio)
    norm = _norm()
    for each, half, label in zip(axes, (decades[:n], decades[n:]), ("x", "y"), strict=True):
        image = each.imshow(
            np.ma.masked_invalid(half.T), aspect="auto", interpolation="nearest", cmap=_colours(),
            norm=norm, extent=(-0.5, n - 0.5, half.shape[1] - 0.5, -0.5),
        )  # fmt: skip
        _label(each, half.shape[1], label)
    axes[0].set_xticks([])
    axes[1].set_xlabel("landmark", color=DIM, fontsize=SMALL, labelpad=1)
    scale = figure.add_axes((0.48, 0.925, 0.48, 0.035))
    bar = figure.colorbar(image, cax=scale, orientation="horizontal", ticks=[-3, 0, 3, 6])
    bar.outline.set_visible(False)
    scale.set_xticklabels(["0.001", "bound", "10³", "10⁶"])
    scale.tick_params(labelsize=SMALL - 0.5, colors=DIM, length=0, pad=1.5)
    return to_svg(figure, "Difference of the Jacobians, in parts of what rounding explains")


def _label(axes: Axes, columns: int, name: str) -> None:
    """Name global parameters and modes."""
    ticks = [2.5, 6 + (columns - 7) / 2] if columns > 6 else [2.5]
    axes.set_yticks(ticks, ["global", "modes"][: len(ticks)])
    axes.tick_params(axis="y", length=0)
    if columns > 6:
        axes.axhline(5.5, color=LINE, linewidth=0.6)
    axes.set_ylabel(name, color=DIM, fontsize=SMALL, rotation=0, labelpad=4)
    axes.yaxis.set_label_coords(-0.16, 0.9)
    axes.spines["left"].set_visible(False)


def _norm() -> Any:
    """Return a norm with the bound in its middle."""
    from matplotlib.colors import TwoSlopeNorm

    return TwoSlopeNorm(0.0, -_DECADES_BELOW, _DECADES_ABOVE)


def _colours() -> Colormap:
    """Return blues up to the bound, yellow to dark red beyond."""
    from matplotlib.colors import LinearSegmentedColormap

    stops = [(0.0, _WITHIN[0]), (0.5, _WITHIN[1])]
    stops += [(0.5 + 0.25 * k, colour) for k, colour in enumerate(_BEYOND)]
    return LinearSegmentedColormap.from_list("parts of the bound", stops)
