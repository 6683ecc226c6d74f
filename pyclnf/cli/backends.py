"""``backends``: which backends there are here, why not others, and whether they agree."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pyclnf.backends import AUTO, auto_order, available_backends, choose_backend, registry
from pyclnf.backends.entry import Entry
from pyclnf.cli.progress import progress
from pyclnf.cli.status import DONE, SKIPPED

if TYPE_CHECKING:
    from pyclnf.selfcheck.comparison import Distances

__all__ = ["add_parser"]

_WIDTH = 100
_HEADER = (
    *("backend", "fits", "= numpy", "= numpy-exact", "median, px", "worst, px", "maps"),
    *("ms per fit", "in a batch", ""),
)


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "backends",
        help="which backends there are here, and whether they agree",
        description="Tell which backends there are here, why not others and what to install, and "
        "what 'auto' takes.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="fit the pictures that come with pyclnf with every available backend, and compare "
        "with numpy; exit status 1 if one disagrees",
    )
    parser.add_argument("--json", action="store_true", help="print data instead")
    parser.set_defaults(run=_backends)


def _backends(options: argparse.Namespace) -> int:
    """List them, or compare them."""
    found = _compared() if options.check else []
    if options.json:
        print(json.dumps(_data(found), indent=1))
    elif options.check:
        print("\n".join(_table(found)))
    else:
        print("\n".join(_listing()))
    return SKIPPED if any(each.failures for each in found) else DONE


def _listing() -> Iterator[str]:
    """Yield lines about all backends, and what ``auto`` takes."""
    for entry in registry.ENTRIES:
        yield from _described(entry)
    yield from _auto()


def _described(entry: Entry) -> Iterator[str]:
    """Yield lines about a backend."""
    state = entry.state()
    indent = " " * 13
    yield f"{entry.name:12} {'available' if state.available else 'absent'}: it {state.reason}"
    yield f"{indent}{entry.summary}"
    lines = wrap(state.remedy, _WIDTH - len(indent), break_on_hyphens=False)
    yield from (f"{indent}{line}" for line in lines)


def _auto() -> Iterator[str]:
    """Yield lines about what ``auto`` takes for one face, and from which number on another."""
    wanted = (entry.auto_from for entry in registry.ENTRIES)
    thresholds = sorted({faces for faces in wanted if faces is not None})
    taken = None
    for faces in thresholds:
        name = choose_backend(AUTO, faces)
        if name != taken:
            order = ", ".join(auto_order(faces))
            where = "" if faces == 1 else f" for {faces} faces at once or more"
            yield f"{AUTO:12} takes {name}{where}: the first available one of {order}"
        taken = name


def _compared() -> list[Distances]:
    """Compare all that are available."""
    from pyclnf.selfcheck.comparison import Comparison

    comparison, names = Comparison(), available_backends()
    found = []
    with progress(len(names), "backends") as tell:
        for done, name in enumerate(names):
            tell(done, name)
            found.append(comparison.distances(name))
    return found


def _table(found: list[Distances]) -> Iterator[str]:
    """Yield a table of comparisons, and what is wrong."""
    rows = [_HEADER, *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield "  ".join((name.ljust(widths[0]), *right)).rstrip()
    for each in found:
        yield from (f"{each.backend}: {failure}" for failure in each.failures)


def _row(each: Distances) -> tuple[str, ...]:
    """Return the cells of a backend's row."""
    return (
        *(each.backend, str(each.fits), str(each.equal), str(each.equal_to_exact)),
        *(_number(each.median_px, ".5f"), _number(each.worst_px, ".5f"), _number(each.maps, ".1e")),
        *(_number(each.ms_per_fit, ".2f"), _number(each.ms_per_face_together, ".2f")),
        "NOT OK" if each.failures else "ok",
    )


def _number(value: float, spelling: str) -> str:
    """Return a number, or a dash for one that there is not."""
    return "–" if math.isnan(value) else format(value, spelling)


def _data(found: list[Distances]) -> dict[str, Any]:
    """Return backends, and comparisons where there are any, in types of JSON."""
    compared = {each.backend: _finite(asdict(each)) for each in found}
    return {
        "auto": choose_backend(AUTO),
        "backends": [_entry(e, compared) for e in registry.ENTRIES],
    }


def _entry(entry: Entry, compared: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what is known about a backend."""
    known = {
        "name": entry.name,
        "summary": entry.summary,
        **asdict(entry.state()),
        "auto_from": entry.auto_from,
        "exact": entry.exact,
    }
    return {**known, "check": compared[entry.name]} if entry.name in compared else known


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """Return values with None for what is no number in JSON."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
