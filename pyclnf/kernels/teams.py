"""Threads that help the one that fits a face, kept from one fit to the next."""

from __future__ import annotations

import threading

from pyclnf.kernels import _kernels

__all__ = ["MOST_MEMBERS", "team_of"]

MOST_MEMBERS = 4
"""That are worth it: a scale's maps take a sixth of a millisecond, to wake a helper some hundredth.
"""


class _Kept(threading.local):
    """The team of each thread; it ends with its thread."""

    team: _kernels.Team | None = None


_kept = _Kept()


def team_of(members: int) -> _kernels.Team:
    """Return the calling thread's team of so many members, itself included.

    It serves all models: teams of their own would be in each other's way. Its helpers look out for
    work a moment longer than the phases between two scales take, and then sleep.
    """
    team = _kept.team
    if team is None or team.members != members:
        team = _kept.team = _kernels.Team(members)
    return team
