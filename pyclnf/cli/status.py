"""Exit statuses, and telling what goes wrong on the way."""

from __future__ import annotations

import sys

__all__ = ["DONE", "INTERRUPTED", "SKIPPED", "UNUSABLE", "Problems"]

DONE, SKIPPED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


class Problems:
    """What was skipped: told at once on standard error, and counted."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._count = 0

    def report(self, message: str) -> None:
        """Tell of one."""
        self._count += 1
        self.remark(message)

    def remark(self, message: str) -> None:
        """Tell of what is worth knowing, but is no problem."""
        print(f"pyclnf {self._command}: {message}", file=sys.stderr)

    def status(self, *, interrupted: bool) -> int:
        """Return the exit status of a run."""
        if interrupted:
            return INTERRUPTED
        return SKIPPED if self._count else DONE
