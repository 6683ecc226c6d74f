"""A decision on one screen."""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from shutil import get_terminal_size

from openface_bridge.cli.columns import columns
from openface_bridge.cli.stages import StageCounts, stage_lines
from openface_bridge.gate.decision import Decision, FitDecision
from pyclnf.cli.words import counted

__all__ = ["print_summary"]

_BESIDE_TABLE = 8
"""Lines on the screen that are not a fit's."""

_COLUMNS = ("", "face", "setting", "verdict", "worst, px", "floor, px", "")
_NUMBERS = ("worst, px", "floor, px")
_STYLES = {"FAIL": "bold red", "known": "yellow", "pass": ""}


def print_summary(decision: Decision, face_stages: Mapping[str, StageCounts]) -> None:
    """Print what is decided: on a terminal what fits on one screen, failures first; else all.

    Of several backends, a column for each.

    Parameters
    ----------
    decision : Decision
    face_stages : mapping of str to StageCounts
        By backend, how often each stage of whole faces came to each verdict.
    """
    stages = list(stage_lines(face_stages))
    if len({decided.fit.key.backend for decided in decision.fits}) > 1:
        print("\n".join(columns(decision.fits)))
    elif sys.stdout.isatty():
        taken = _BESIDE_TABLE + len(decision.problems) + len(stages)
        room = max(get_terminal_size().lines - taken, 1)
        shown = sorted(decision.fits, key=_urgency)[:room]
        _print_fits(shown)
        if len(shown) < len(decision.fits):
            print(
                f"… and {counted(len(decision.fits) - len(shown), 'more fit')}, none of them worse"
            )
    else:
        _print_lines(decision.fits)
    for line in stages:
        print(line)
    for problem in decision.problems:
        print(f"{'FAIL' if problem.fatal else 'note'}  {problem.title}: {problem.sentence}")
    print(_conclusion(decision))


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
    """Return the last line: what was compared, and what came of it."""
    statuses = Counter(each.status for each in decision.fits)
    kinds = Counter(each.fit.kind for each in decision.fits)
    named = [kind for kind in ("equal", "rounding", "branch", "bug", "error") if kinds[kind]]
    verdicts = ", ".join(f"{kinds[kind]} {kind}" for kind in named)
    known = f", {statuses['known']} known to diverge" if statuses["known"] else ""
    return (
        f"{'passed' if decision.passed else 'FAILED'}: {_compared(decision)} "
        f"({verdicts or 'none'}), {statuses['FAIL']} failed{known}{_median(decision)}"
    )


def _compared(decision: Decision) -> str:
    """Say what was compared; of several backends also how many comparisons that makes."""
    keys = [each.fit.key for each in decision.fits]
    backends = {key.backend for key in keys}
    fits, faces = (
        {(key.face, key.setting) for key in keys if key.of_face == of_face}
        for of_face in (False, True)
    )
    beside = f" and {counted(len(faces), 'face')}" if faces else ""
    several = f" on {len(backends)} backends: {counted(len(keys), 'comparison')}"
    return f"{counted(len(fits), 'fit')}{beside}{several if len(backends) > 1 else ''}"


def _median(decision: Decision) -> str:
    """Say how far the median fit is off; several backends have a column each for that."""
    fits = [each.fit for each in decision.fits if not each.fit.of_face]
    if len({fit.key.backend for fit in fits}) > 1:
        return ""
    errors = [fit.max_px for fit in fits if fit.compared]
    median = f"{statistics.median(errors):.4f}" if errors else "–"
    return f"; worst landmark {median} px in the median fit"
