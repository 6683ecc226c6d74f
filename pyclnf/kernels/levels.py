"""Which level of instructions the kernels run at: the highest there is, or the one asked for."""

from __future__ import annotations

import os

from pyclnf.kernels import _kernels

__all__ = ["VARIABLE", "available_levels", "choose_level"]

VARIABLE = "PYCLNF_SIMD"
"""The environment variable that forces a level."""


def available_levels() -> tuple[str, ...]:
    """Return the names of this processor's levels, lowest first."""
    return tuple(_kernels.levels())


def choose_level(name: str | None = None) -> int:
    """Return the number by which the kernels know a level.

    Parameters
    ----------
    name : str, optional
        ``baseline``, ``avx2`` or ``avx512``. By default what the environment variable PYCLNF_SIMD
        says; without it, the highest of the processor's.

    Raises
    ------
    ValueError
        If this build or processor does not have the level.
    """
    levels = _kernels.levels()
    wanted = os.environ.get(VARIABLE, "") if name is None else name
    if not wanted:
        return max(levels.values())
    if wanted not in levels:
        raise ValueError(
            f"{VARIABLE}: this build and processor have no level {wanted!r}; "
            f"there are {', '.join(levels)}"
        )
    return levels[wanted]
