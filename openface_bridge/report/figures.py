"""Figures of a fit, as SVG text to put into a page."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np

from openface_bridge.trace import Trace

__all__ = ["error_bars", "scale_chart"]

_REFERENCE, _CANDIDATE = "#1b6ca8", "#d1495b"
_NEUTRAL = "#808080"


def scale_chart(reference: Trace, candidate: Trace) -> str:
    """Draw the scale parameter over all iterations of both engines.

    Parameters
    ----------
    reference, candidate : Trace

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.6), layout="constrained")
    axes = figure.add_subplot()
    for trace, colour, style, width, label in (
        (reference, _REFERENCE, "-", 3.5, "reference"),
        (candidate, _CANDIDATE, "--", 1.4, "candidate"),
    ):
        scales = _scale_series(trace)
        axes.plot(scales, style, color=colour, linewidth=width, label=label)
    for position, text in _phase_starts(reference):
        axes.axvline(position - 0.5, color=_NEUTRAL, linewidth=0.5, alpha=0.6)
        axes.annotate(
            text, (position - 0.3, 0.98), xycoords=("data", "axes fraction"), va="top",
            fontsize=7, color=_NEUTRAL, rotation=90,
        )  # fmt: skip
    axes.set_xlabel("iteration, over all scales and phases")
    axes.set_ylabel("scale")
    _restyle(axes)
    legend = axes.legend(
        frameon=False, fontsize=8, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 0.98)
    )
    for text_item in legend.get_texts():
        text_item.set_color(_NEUTRAL)
    return _svg(figure)


def error_bars(errors: np.ndarray[tuple[int, ...], np.dtype[np.float64]], limit_px: float) -> str:
    """Draw each landmark's error against the limit, on a logarithmic axis.

    Parameters
    ----------
    errors : (n,) float64
        px.
    limit_px : float

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.6), layout="constrained")
    axes = figure.add_subplot()
    smallest = 1e-6
    shown = np.clip(np.nan_to_num(errors, posinf=1e4), smallest, None)
    colours = [_CANDIDATE if error > limit_px else _REFERENCE for error in errors]
    axes.bar(np.arange(len(errors)), shown, color=colours, width=0.8, bottom=0)
    axes.axhline(limit_px, color=_CANDIDATE, linewidth=1, linestyle="--")
    axes.set_yscale("log")
    axes.set_ylim(smallest, max(10 * limit_px, 3 * float(shown.max())))
    axes.set_xlabel("landmark")
    axes.set_ylabel("error, px (dashed: limit)")
    axes.margins(x=0.01)
    _restyle(axes)
    return _svg(figure)


def _scale_series(trace: Trace) -> list[float]:
    """Return the scale before every iteration, and at the end."""
    series = [float(trace[f"{step.prefix}.params_global"][0]) for step in trace.steps]
    return [*series, float(trace["final.params_global"][0])]


def _phase_starts(trace: Trace) -> list[tuple[int, str]]:
    """Return where each phase starts, with its name."""
    return [
        (position, f"{step.scale} {'non-rigid' if step.nonrigid else 'rigid'}")
        for position, step in enumerate(trace.steps)
        if step.index == 0
    ]


def _restyle(axes: Any) -> None:
    """Make axes readable on light and on dark pages."""
    axes.patch.set_alpha(0)
    axes.figure.patch.set_alpha(0)
    axes.tick_params(colors=_NEUTRAL, labelsize=8)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_NEUTRAL)
        label.set_fontsize(8)
    for name, spine in axes.spines.items():
        spine.set_color(_NEUTRAL)
        spine.set_visible(name in ("left", "bottom"))


def _svg(figure: Any) -> str:
    """Return a figure as an ``<svg>`` element without prologue, metadata or shared names."""
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "pyclnf"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    drawing = text.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r' id="[a-z0-9.]+_\d+"', "", drawing)
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'role="img"', drawing, count=1)
