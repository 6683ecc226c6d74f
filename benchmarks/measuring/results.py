"""The JSON of a run, read: pytest-benchmark's times, and what was found beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["COMPILED", "FIT", "Results", "read_results"]

COMPILED = "cython"
"""The backend that is meant to be fast."""
FIT = "whole fit"
"""What it is called in the JSON when a picture in colour is fitted from begin to end."""

_QUIET = 0.03
"""Of all cores' time: what a system takes for itself."""

_Key = tuple[str, str, "int | None"]


class Results:
    """What a run measured.

    Parameters
    ----------
    content : dict
        Of the JSON file.

    Attributes
    ----------
    machine : dict
        See :func:`measuring.machine.machine`.
    taken_by_others : float or None
        The share of all cores' time, before or after, whichever was more.
    workload : str
    contests : list of dict
        See :mod:`measuring.contest`.
    memory : dict of str to dict of str to float
        Megabytes by backend and step.
    peaks : dict of str to float
    counts : dict of str to dict of str to float
        By stage.
    backends : list of str
        Those that were measured, fastest first.

    Raises
    ------
    ValueError
        If these are no results of this project's.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        found = content.get("pyclnf")
        if not isinstance(found, dict):
            raise ValueError("no results of nox -s bench: the entry 'pyclnf' is missing")
        self.machine: dict[str, Any] = found["machine"]
        others = [each for each in found["others"] if each is not None]
        self.taken_by_others: float | None = max(others, default=None)
        self.workload: str = found.get("workload", "")
        self.contests: list[dict[str, Any]] = found["contests"]
        self.memory: dict[str, dict[str, float]] = found["memory"]
        self.peaks: dict[str, float] = found.get("peaks", {})
        self.counts: dict[str, dict[str, float]] = found.get("counts", {})
        self._seconds = {_key(each): _per_face(each) for each in content["benchmarks"]}
        self.backends = list(dict.fromkeys(backend for _, backend, _ in self._seconds))

    @property
    def is_quiet(self) -> bool:
        """Tell whether nobody else was at work, as far as the system tells."""
        return self.taken_by_others is None or self.taken_by_others <= _QUIET

    @property
    def openface(self) -> dict[str, Any] | None:
        """What OpenFace computed with, if it was there."""
        told = (contest["openface"] for contest in self.contests)
        return next(filter(None, told), None)

    @property
    def stages(self) -> list[str]:
        """The stages of a fit, in order; none if they were not counted."""
        return list(self.counts)

    @property
    def whats(self) -> list[tuple[str, int | None]]:
        """What was timed, and in how many threads, whichever the backend."""
        return list(dict.fromkeys((what, threads) for what, _, threads in self._seconds))

    def seconds(self, what: str, backend: str, threads: int | None = None) -> float | None:
        """Return the median time per face; None if it was not measured."""
        return self._seconds.get((what, backend, threads))


def read_results(path: Path) -> Results:
    """Read the JSON of a run.

    Raises
    ------
    ValueError
        If the file does not hold such results.
    """
    return Results(json.loads(path.read_text("utf-8")))


def _key(benchmark: dict[str, Any]) -> _Key:
    """Return what was timed, on which backend, in how many threads."""
    told = benchmark["extra_info"]
    return told["what"], told["backend"], told.get("threads")


def _per_face(benchmark: dict[str, Any]) -> float:
    """Return the median seconds per face."""
    return float(benchmark["stats"]["median"]) / float(benchmark["extra_info"]["faces"])
