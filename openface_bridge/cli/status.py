"""Exit statuses, and progress on a terminal."""

from __future__ import annotations

import sys

from openface_bridge.reference import Case

__all__ = ["FAILED", "PASSED", "UNUSABLE", "show_progress"]

PASSED, FAILED, UNUSABLE = 0, 1, 2


def show_progress(done: int, total: int, case: Case) -> None:
    """Show on a terminal which fit is next."""
    if sys.stderr.isatty():
        print(f"\r{done + 1}/{total} {case.face} {case.setting} …\033[K\r", end="", file=sys.stderr)
