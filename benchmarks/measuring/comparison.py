"""The table of what was measured in turns: OpenFace, and how many times as fast pyclnf is."""

from __future__ import annotations

from typing import Any

from measuring.contest import NAMED, OPENFACE, OPENFACE_TWICE
from measuring.results import COMPILED, Results
from measuring.statistics import Estimate, median_of, ratio_of
from measuring.table import MISSING, Table, milliseconds

__all__ = ["AIMS", "ratios"]

AIMS = {
    ("one face", 1): 4.0,
    ("one face", 2): 4.0,
    ("eleven hypotheses", 1): 4.0,
    ("eleven hypotheses", 2): 4.0,
    ("batch of 64", 2): 6.0,
    ("finding faces", 1): 1.0,
    ("finding faces", 2): 1.0,
    ("a tracked frame", 1): 2.0,
    ("a tracked frame", 2): 2.0,
}
"""How many times faster than OpenFace backend ``cython`` is meant to be, on so many cores."""


def ratios(results: Results) -> Table:
    """Return a row for every scenario, on one core and on two, with either BLAS kernel."""
    others = _others(results)
    rows = [
        _row(name, contest, seconds, others, quiet=results.is_quiet)
        for contest in results.contests
        for name, seconds in contest["scenarios"].items()
    ]
    header = ("what", "cores", "BLAS", OPENFACE, f"`{COMPILED}`", "times as fast", "95 %", "aim")
    shown = (OPENFACE_TWICE, *(f"`{engine}`" for engine in others))
    return Table(
        "ratios", "In turns, ms per face, picture or frame", (*header, *shown), tuple(rows)
    )


def _others(results: Results) -> list[str]:
    """Return the backends beside the compiled one, those that no scenario names last."""
    timed = [name for each in results.contests for s in each["scenarios"].values() for name in s]
    return ["numpy", *dict.fromkeys(name for name in timed if name not in NAMED)]


def _row(
    name: str,
    contest: dict[str, Any],
    seconds: dict[str, list[float]],
    others: list[str],
    *,
    quiet: bool,
) -> tuple[str, ...]:
    """Return a scenario's row."""

    def ms(engine: str) -> str:
        return milliseconds(median_of(seconds[engine]).median if engine in seconds else None)

    cores = contest["cores"]
    kernel = contest["openface"]["blas_kernel"] if contest["openface"] else MISSING
    compared = MISSING, MISSING, MISSING
    if OPENFACE in seconds and COMPILED in seconds:
        ratio = ratio_of(seconds[OPENFACE], seconds[COMPILED])
        interval = f"{ratio.low:.2f} – {ratio.high:.2f}"
        judged = _judged(ratio, AIMS.get((name, cores)), quiet=quiet)
        compared = f"{ratio.median:.2f}", interval, judged
    first = (name, str(cores), kernel, ms(OPENFACE), ms(COMPILED))
    return (*first, *compared, ms(OPENFACE_TWICE), *map(ms, others))


def _judged(ratio: Estimate, aim: float | None, *, quiet: bool) -> str:
    """Tell an aim, if there is one, and on which side of it the interval lies, if on one."""
    if aim is None:
        return MISSING
    verdict = "reached" if ratio.low >= aim else "missed" if ratio.high < aim else "open"
    return f"≥ {aim:g}: {verdict if quiet else 'measure again'}"
