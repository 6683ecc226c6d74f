"""A table, and numbers as they stand in tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["MISSING", "Table", "milliseconds"]

MISSING = "–"
"""What stands where nothing was measured."""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    name : str
        By which a document asks for it.
    title : str
    header : tuple of str
    rows : tuple of tuples of str
        The first column is text, the others are numbers.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        """Return it in Markdown, its columns aligned."""
        cells = (self.header, *self.rows)
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.header))]
        rule = (f"{'-' * (width + 1)}:" for width in widths[1:])
        lines = [_line(self.header, widths), f"|:{'-' * (widths[0] + 1)}|{'|'.join(rule)}|"]
        return "\n".join([*lines, *(_line(row, widths) for row in self.rows)])


def milliseconds(seconds: float | None) -> str:
    """Return milliseconds with three digits, four below ten."""
    if seconds is None:
        return MISSING
    value = seconds * 1e3
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 3
    return f"{value:.{digits}f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return a row in Markdown, the first column to the left."""
    cells = [
        cell.ljust(width) if not column else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"
