"""What all charts share: their size, and colours that the page decides."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BAD", "CANDIDATE", "DIM", "FLOOR", "INK", "LINE", "REFERENCE", "SHADE", "SMALL", "new_figure",
    "to_svg",
]  # fmt: skip

INK, DIM, LINE, SHADE, REFERENCE, CANDIDATE, FLOOR, BAD = (
    f"#0102{index:02x}" for index in range(3, 11)
)
"""Stand for the page's own colours until a chart is text."""
_VARIABLES = dict(
    zip(
        (INK, DIM, LINE, SHADE, REFERENCE, CANDIDATE, FLOOR, BAD),
        ("ink", "dim", "line", "shade", "reference", "candidate", "floor", "bad"),
        strict=True,
    )
)
SMALL = 9.0
"""Points of a label; charts are about as wide as they are shown."""
_WIDTH = 280.0
_POINTS = 72.0


def new_figure(
    height: float, panels: Sequence[float], left: float = 46, bottom: float = 30, top: float = 14
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels one below the other.

    Parameters
    ----------
    height : float
        Points, as are the margins.
    panels : sequence of float
        Relative heights.
    left, bottom, top : float
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH / _POINTS, height / _POINTS))
    figure.patch.set_alpha(0)
    gap = 9.0
    room = height - bottom - top - gap * (len(panels) - 1)
    upper, axes = height - top, []
    for part in panels:
        tall = room * part / sum(panels)
        box = (left / _WIDTH, (upper - tall) / height, 1 - (left + 6) / _WIDTH, tall / height)
        axes.append(_restyled(figure.add_axes(box)))
        upper -= tall + gap
    return figure, axes


def _restyled(axes: Axes) -> Axes:
    """Make axes light."""
    axes.patch.set_alpha(0)
    axes.tick_params(
        colors=DIM, labelcolor=DIM, labelsize=SMALL - 0.5, length=2.5, pad=2, width=0.6
    )
    for name, spine in axes.spines.items():
        spine.set_color(LINE)
        spine.set_linewidth(0.8)
        spine.set_visible(name in ("left", "bottom"))
    return axes


def to_svg(figure: Figure, label: str) -> str:
    """Return a figure as an ``<svg>`` element whose colours are the page's.

    Parameters
    ----------
    figure : Figure
    label : str
        What it shows, for those who do not see it.
    """
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "pyclnf"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    drawing = text.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", drawing)
    drawing = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", drawing)
    drawing = re.sub(r"#0102[0-9a-f]{2}", _coloured, drawing)
    role = f'role="img" aria-label="{escape(label)}"'
    drawing = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', role, drawing, count=1)
    return re.sub(r"\n\s*", "\n", drawing)


def _coloured(match: re.Match[str]) -> Any:
    return f"var(--{_VARIABLES[match[0]]})"
