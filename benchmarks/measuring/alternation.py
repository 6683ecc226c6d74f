"""Timing several engines in turns, so that whatever else happens on the machine happens to all."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FEWEST_ROUNDS", "Turn", "alternate"]

Work = Callable[[int], object]
"""Something to do; told the index of the round."""


@dataclass(frozen=True)
class Turn:
    """What an engine does each round.

    Attributes
    ----------
    work : callable
    before : callable, optional
        What is done right before, and not timed.
    """

    work: Work
    before: Work | None = None

    def take(self, index: int) -> float:
        """Return the seconds that the work takes."""
        if self.before is not None:
            self.before(index)
        started = time.perf_counter()
        self.work(index)
        return time.perf_counter() - started


FEWEST_ROUNDS = 6
"""Fewer make no interval, see :mod:`measuring.statistics`."""


def alternate(
    turns: Mapping[str, Turn], rounds: int, most_seconds: float = 10.0
) -> dict[str, list[float]]:
    """Time engines in turns, in an order that moves on by one from round to round.

    Parameters
    ----------
    turns : mapping of str to Turn
        By engine. Each takes one turn before the first that counts.
    rounds : int
    most_seconds : float
        After these no round begins, once there have been six.

    Returns
    -------
    dict of str to list of float
        Seconds, round by round.
    """
    names = list(turns)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in turns.values():
        turn.take(0)
    collecting = gc.isenabled()
    gc.disable()
    try:
        begun = time.perf_counter()
        for index in range(rounds):
            if index >= FEWEST_ROUNDS and time.perf_counter() - begun > most_seconds:
                break
            for name in _moved_on(names, index):
                seconds[name].append(turns[name].take(index))
    finally:
        if collecting:
            gc.enable()
    return seconds


def _moved_on(names: Sequence[str], by: int) -> list[str]:
    """Return names in another order each round."""
    first = by % len(names)
    return [*names[first:], *names[:first]]
