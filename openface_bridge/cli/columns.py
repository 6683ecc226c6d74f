"""A decision about several backends: a row for each fit, a column for each of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence

from openface_bridge.gate.decision import FitDecision
from openface_bridge.gate.results import FitResult

__all__ = ["aligned", "columns"]

_Row = tuple[str, ...]


def columns(fits: Sequence[FitDecision]) -> Iterator[str]:
    """Yield the lines of the table, then a line for each fit that fails or is known to diverge."""
    backends = list(dict.fromkeys(each.fit.key.backend for each in fits))
    rows = [("worst landmark, px", *backends), *_fits(fits, backends), *_totals(fits, backends)]
    yield from aligned(rows)
    for each in fits:
        if each.status != "pass":
            yield f"{each.status:5} {each.fit.key}: {each.sentence}"


def aligned(rows: Sequence[_Row]) -> Iterator[str]:
    """Yield rows as lines, with columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _fits(fits: Sequence[FitDecision], backends: Sequence[str]) -> Iterator[_Row]:
    """Yield a row for each fit."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for each in fits:
        key = each.fit.key
        found.setdefault((key.face, key.setting), {})[key.backend] = _cell(each)
    for (face, setting), cells in found.items():
        yield (f"{face} {setting}", *(cells.get(name, "–") for name in backends))


def _cell(decided: FitDecision) -> str:
    """Return what is said of one backend's fit."""
    mark = "" if decided.status == "pass" else f"  {decided.status}"
    worst = f"{decided.fit.max_px:8.4f}" if decided.fit.compared else f"{'–':>8}"
    return f"{worst}  {decided.fit.kind}{mark}"


def _totals(fits: Sequence[FitDecision], backends: Sequence[str]) -> Iterator[_Row]:
    """Yield rows about the fits of each backend; the verdict is on its whole faces as well."""
    its = [[each for each in fits if each.fit.key.backend == name] for name in backends]
    alone = [[each.fit for each in some if not each.fit.of_face] for some in its]
    equal = (f"{sum(fit.kind == 'equal' for fit in some)} of {len(some)}" for some in alone)
    failed = (sum(each.status == "FAIL" for each in some) for some in its)
    compared = [[fit for fit in some if fit.compared] for some in alone]
    yield ("median fit", *(_px(statistics.median, some) for some in compared))
    yield ("worst fit", *(_px(max, some) for some in compared))
    yield ("fits equal in every bit", *equal)
    yield ("verdict", *(f"{count} failed" if count else "passed" for count in failed))


def _px(measure: Callable[[list[float]], float], fits: Sequence[FitResult]) -> str:
    """Return a measure of the worst landmarks of some fits."""
    return f"{measure([fit.max_px for fit in fits]):8.4f}" if fits else "–"
