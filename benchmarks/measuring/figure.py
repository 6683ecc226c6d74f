"""One figure: milliseconds of every engine in every scenario, and how they compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring.contest import OPENFACE, OPENFACE_TWICE
from measuring.results import Results
from measuring.statistics import median_of, ratio_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

_COLOURS = {
    OPENFACE: "#7a7a7a",
    OPENFACE_TWICE: "#b5b5b5",
    "cython": "#0b6e99",
    "numpy": "#e08e45",
}
_OTHER_COLOURS = ("#5b8c5a", "#9b5d9e", "#444444")
"""Of backends that no scenario names."""
_ROOM = 0.81
"""Of a scenario's row, for its bars; three or more."""
_TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)


def draw(results: Results, path: Path) -> bool:
    """Write the figure, if anything competed; its format is that of the path's suffix."""
    contests = [contest for contest in results.contests if contest["kernel"] is None]
    if not contests:
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.9 + 0.75 * len(contests[0]["scenarios"])), layout="constrained")
    axes = figure.subplots(1, len(contests), sharex=True, sharey=True, squeeze=False)[0]
    colours = _colours(contests)
    for at, contest in zip(axes, contests, strict=True):
        _draw_contest(at, contest, colours)
    handles = {h.get_label(): h for at in axes for h in at.containers}
    shown = {name: handles[name] for name in colours if name in handles}
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=4, frameon=False)
    where = f"{results.workload}, {results.machine['processor']}"
    where += "" if results.is_quiet else " (others were at work: measure again)"
    figure.suptitle(f"ms (times as fast as OpenFace): {where}", fontsize=10)
    figure.savefig(path, dpi=130)
    return True


def _colours(contests: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return every engine's colour, in the order of the legend."""
    timed = [name for each in contests for s in each["scenarios"].values() for name in s]
    others = dict.fromkeys(name for name in timed if name not in _COLOURS)
    return {**_COLOURS, **dict(zip(others, cycle(_OTHER_COLOURS), strict=False))}


def _draw_contest(axes: Axes, contest: dict[str, Any], colours: Mapping[str, str]) -> None:
    """Draw a bar for each engine in each scenario."""
    names = list(contest["scenarios"])
    for row, name in enumerate(names):
        seconds = contest["scenarios"][name]
        for place, (engine, taken) in enumerate(seconds.items()):
            height = _ROOM / max(3, len(seconds))
            at = axes, row + (place - (len(seconds) - 1) / 2) * height, height
            _draw_bar(*at, engine, colours[engine], taken, seconds.get(OPENFACE))
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
    axes.minorticks_off()
    axes.set_xlim(0.4, 400)
    axes.set_xlabel("ms per face, picture or frame")
    cores = contest["cores"]
    axes.set_title(f"{cores} core{'s' if cores > 1 else ''}", fontsize=10)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_bar(
    axes: Axes,
    at: float,
    height: float,
    engine: str,
    colour: str,
    taken: Sequence[float],
    reference: Sequence[float] | None,
) -> None:
    """Draw a bar with its interval, its median, and how many times as fast as OpenFace that is."""
    found = median_of([1e3 * each for each in taken])
    whiskers = [[found.median - found.low], [found.high - found.median]]
    axes.barh(
        [at],
        [found.median],
        0.9 * height,
        color=colour,
        xerr=whiskers,
        error_kw={"elinewidth": 0.8},
        label=engine,
    )
    text = f"{found.median:.2f}" if found.median < 10 else f"{found.median:.0f}"
    if reference is not None and engine != OPENFACE:
        text += f"  ({ratio_of(reference, taken).median:.2g}×)"
    axes.text(found.high * 1.08, at, text, va="center", fontsize=7)
