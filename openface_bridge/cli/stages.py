"""How often each stage of whole faces came to each verdict, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from openface_bridge.cli.columns import aligned

__all__ = ["StageCounts", "stage_lines"]

StageCounts = Mapping[str, Mapping[str, int]]
"""By stage and verdict; empty where no face was compared."""


def stage_lines(by_backend: Mapping[str, StageCounts]) -> Iterator[str]:
    """Yield a row for each stage: of one backend with a column for each verdict, else for each."""
    stages = {name: counts for name, counts in by_backend.items() if counts}
    if len(stages) == 1:
        (counts,) = stages.values()
        yield from _of_one(counts)
    elif stages:
        names = next(iter(stages.values()))
        rows = [(name, *(_words(counts[name]) for counts in stages.values())) for name in names]
        yield from aligned([("whole faces", *stages), *rows])


def _of_one(stages: StageCounts) -> Iterator[str]:
    """Yield a table of stages and verdicts."""
    kinds = next(iter(stages.values()))
    yield f"{'whole faces':18}{''.join(f'{kind:>10}' for kind in kinds)}"
    for name, counts in stages.items():
        cells = (f"{count or '–':>10}" for count in counts.values())
        yield f"{name:18}{''.join(cells)}"


def _words(counts: Mapping[str, int]) -> str:
    """Return one stage's verdicts in words."""
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "–"
