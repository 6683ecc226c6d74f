"""A row for each fit, a column for each backend: for pages of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openface_bridge.parity.refused import ERROR

__all__ = ["Anchors", "Cell", "Row", "rows_of"]

Anchors = Mapping[tuple[str, str, str], str]
"""Where on the page a fit is shown, by face, setting and backend."""


@dataclass(frozen=True)
class Cell:
    """What a backend made of a fit; see :func:`openface_bridge.parity.summary.fit_summary`.

    `max_px` is None where it is not finite, `anchor` where the fit could not be compared.
    """

    passed: bool
    kind: str
    max_px: float | None
    anchor: str | None


@dataclass(frozen=True)
class Row:
    """A fit, and a cell for each backend; None for one that did not take part in it."""

    name: str
    cells: tuple[Cell | None, ...]


def rows_of(
    fits: Sequence[Mapping[str, Any]], run: Mapping[str, Any], anchors: Anchors
) -> list[Row]:
    """Return a run's fits, or its whole faces, with cells in the order of its backends."""
    found: dict[tuple[str, str], dict[str, Cell]] = {}
    for fit in fits:
        cells = found.setdefault((fit["face"], fit["setting"]), {})
        cells[fit["backend"]] = _cell(fit, anchors)
    return [
        Row(f"{face} · {setting}", tuple(map(cells.get, run["backends"])))
        for (face, setting), cells in found.items()
    ]


def _cell(fit: Mapping[str, Any], anchors: Anchors) -> Cell:
    """Return what is shown of a fit."""
    kind = fit["verdict"]["kind"]
    if kind == ERROR:
        return Cell(passed=False, kind=kind, max_px=None, anchor=None)
    anchor = anchors[fit["face"], fit["setting"], fit["backend"]]
    return Cell(fit["passed"], kind, fit["free_run"]["max_px"], anchor)
