"""What could not be compared: a fit, or a whole face, that one of the engines refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openface_bridge.reference import Case

__all__ = ["ERROR", "REASONS", "Refused", "refused_summary"]

ERROR = "error"
"""What stands in the place of a verdict."""

REASONS = (ValueError, OSError, RuntimeError)
"""What an engine raises, or a file that cannot be read: reasons to go on with the next fit."""


@dataclass(frozen=True)
class Refused:
    """A fit, or a whole face, that could not be compared.

    Attributes
    ----------
    case : Case
    backend : str
        The candidate's name.
    reason : str
    """

    case: Case
    backend: str
    reason: str


def refused_summary(refused: Refused) -> dict[str, Any]:
    """Return it as plain data, named like a fit's summary; it never passes."""
    return {
        "face": refused.case.face,
        "setting": refused.case.setting,
        "picture": None,
        "backend": refused.backend,
        "model": None,
        "passed": False,
        "verdict": {
            "kind": ERROR,
            "stage": None,
            "place": None,
            "finding": None,
            "branch": None,
            "sentence": refused.reason,
        },
        "free_run": None,
        "floor": None,
        "stages": {},
    }
