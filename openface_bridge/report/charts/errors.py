"""Each landmark's error against what the reference does to itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.report.charts.style import (
    BAD,
    CANDIDATE,
    DIM,
    FLOOR,
    LINE,
    SMALL,
    new_figure,
    to_svg,
)

__all__ = ["REGIONS", "error_chart"]

REGIONS = (("jaw", 17), ("brows", 10), ("nose", 9), ("eyes", 12), ("mouth", 20))
"""Of the usual 68 landmarks, in their order."""
_SMALLEST, _LARGEST = 1e-6, 1e4


def error_chart(errors: npt.NDArray[Any], floor: NoiseFloor) -> str:
    """Draw each landmark's error, its own floor, and the face's limit, on a logarithmic axis.

    Parameters
    ----------
    errors : (n,) float64
        px.
    floor : NoiseFloor

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    figure, (axes,) = new_figure(210, [1.0], bottom=34, top=8)
    count, limit = np.arange(len(errors)), floor.limit_px
    shown = np.clip(np.nan_to_num(errors, nan=np.inf, posinf=_LARGEST), _SMALLEST, _LARGEST)
    if floor.landmarks is not None:
        own = np.clip(floor.landmarks, _SMALLEST, _LARGEST)
        axes.bar(count, own, width=0.86, color=FLOOR, alpha=0.4, linewidth=0)
    axes.axhline(limit, color=BAD, linewidth=1, linestyle=(0, (4, 2)))
    for among, colour, size in (
        (errors <= limit, CANDIDATE, 3.2),
        (~(errors <= limit), BAD, 4.0),
    ):
        axes.plot(
            count[among], shown[among], ".", color=colour, markersize=2 * size,
            markeredgewidth=0, clip_on=False,
        )  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(_SMALLEST, max(10 * limit, 3 * float(shown.max(initial=0))))
    axes.set_xlim(-1, len(errors))
    axes.yaxis.set_major_locator(LogLocator(numticks=7))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("px", color=DIM, fontsize=SMALL)
    axes.yaxis.set_label_coords(-0.15, 0.5)
    _name_regions(axes, len(errors))
    return to_svg(figure, "Error of every landmark against noise floor and limit")


def _name_regions(axes: Any, n: int) -> None:
    """Name the face's regions below, where landmarks are the usual ones."""
    axes.set_xticks(range(0, n, 10))
    if n != sum(count for _, count in REGIONS):
        return
    first = 0
    for name, count in REGIONS:
        if first:
            axes.axvline(first - 0.5, color=LINE, linewidth=0.6, zorder=0)
        axes.annotate(
            name, (first + count / 2 - 0.5, 0), (0, -27), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", fontsize=SMALL, color=DIM,
        )  # fmt: skip
        first += count
