"""A decision on one screen."""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from shutil import get_terminal_size

from openface_bridge.cli.columns import columns
from openface_bridge.gate.decision import Decision, FitDecision
from pyclnf.cli.words import counted

__all__ = ["print_summary"]

_BESIDE_TABLE = 8
"""Lines on the screen that are not a fit's."""

_COLUMNS = ("", "face", "setting", "verdict", "worst, px", "floor, px", "")
_NUMBERS = ("worst, px", "floor, px")
_STYLES = {"FAIL": "bold red", "known": "yellow", "pass": ""}


def print_summary(decision: Decision, face_stages: Mapping[str, Mapping[str, int]]) -> None:
    """Print what is decided: on a terminal what fits on one screen, failures first; else all.

    Of several backends, a column for each.

    Parameters
    ----------
    decision : Decision
    face_stages : mapping of str to mapping of str to int
        How often each stage of whole faces came to each verdict; empty if there are none.
    """
    if len({decided.fit.key.backend for decided in decision.fits}) > 1:
        print("\n".join(columns(decision.fits)))
    elif sys.stdout.isatty():
        taken = (
            _BESIDE_TABLE + len(decision.problems) + (len(face_stages) + 1 if face_stages else 0)
        )
        room = max(get_terminal_size().lines - taken, 1)
        shown = sorted(decision.fits, key=_urgency)[:room]
        _print_fits(shown)
        if len(shown) < len(decision.fits):
            print(
                f"… and {counted(len(decision.fits) - len(shown), 'more fit')}, none of them worse"
            )
    else:
        _print_lines(decision.fits)
    _print_stages(face_stages)
    for problem in decision.problems:
        print(f"{'FAIL' if problem.fatal else 'note'}  {problem.title}: {problem.sentence}")
    print(_conclusion(decision))


def _print_stages(stages: Mapping[str, Mapping[str, int]]) -> None:
    """Print a table of stages and verdicts."""
    if stages:
        kinds = next(iter(stages.values()))
        print(f"{'whole faces':18}{''.join(f'{kind:>10}' for kind in kinds)}")
    for name, counts in stages.items():
        cells = (f"{count or '–':>10}" for count in counts.values())
        print(f"{name:18}{''.join(cells)}")


def _urgency(decided: FitDecision) -> tuple[int, float]:
    """Return a sorting key: failures first, the largest errors first."""
    return ("FAIL", "known", "pass").index(decided.status), -decided.fit.max_px


def _print_fits(fits: Sequence[FitDecision]) -> None:
    """Print fits as a table where Rich is installed, as lines elsewhere."""
    if find_spec("rich") is None:
        _print_lines(fits)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name in _NUMBERS else "left", no_wrap=True)
    for decided in fits:
        cells = (escape(cell) for cell in _cells(decided))
        table.add_row(*cells, style=_STYLES[decided.status])
    Console().print(table)


def _print_lines(fits: Sequence[FitDecision]) -> None:
    """Print a line for each fit."""
    for decided in fits:
        status, face, setting, kind, px, floor, remark = _cells(decided)
        line = (
            f"{status:5} {face:16} {setting:9} {kind:8} worst {px:>8} px  floor {floor:>6} px  "
            f"{remark}"
        )
        print(line.rstrip())


def _cells(decided: FitDecision) -> tuple[str, ...]:
    """Return what is said of a fit."""
    fit = decided.fit
    floor = "–" if fit.floors is None else f"{max(fit.floors):.3f}"
    remark = decided.sentence if decided.failures else ""
    if decided.status == "known":
        known = decided.known[0][1]
        remark = f"until {known.expires}: {known.reason}"
    worst = f"{fit.max_px:.4f}" if fit.compared else "–"
    return decided.status, fit.key.face, fit.key.setting, fit.kind, worst, floor, remark


def _conclusion(decision: Decision) -> str:
    """Return the last line."""
    statuses = Counter(each.status for each in decision.fits)
    faces = sum(each.fit.of_face for each in decision.fits)
    beside = f" and {counted(faces, 'face')}" if faces else ""
    compared = f"{counted(len(decision.fits) - faces, 'fit')}{beside}"
    kinds = Counter(each.fit.kind for each in decision.fits)
    named = [kind for kind in ("equal", "rounding", "branch", "bug", "error") if kinds[kind]]
    verdicts = ", ".join(f"{kinds[kind]} {kind}" for kind in named)
    known = f", {statuses['known']} known to diverge" if statuses["known"] else ""
    fits = (each.fit for each in decision.fits if each.fit.compared and not each.fit.of_face)
    errors = [fit.max_px for fit in fits]
    median = f"{statistics.median(errors):.4f}" if errors else "–"
    return (
        f"{'passed' if decision.passed else 'FAILED'}: {compared} "
        f"({verdicts or 'none'}), {statuses['FAIL']} failed{known}; worst landmark {median} px in "
        f"the median fit"
    )
