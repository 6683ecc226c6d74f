"""What a user may choose about a fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

__all__ = ["FitSettings"]

LARGEST_WINDOW = 63
"""Sigma of one landmark has window**4 entries: 63 would already be 63 MB each."""


@dataclass(frozen=True)
class FitSettings:
    """Settings of one fit; the defaults are OpenFace's for still pictures.

    Parameters
    ----------
    window_sizes : tuple of int
        Response map size in pixels of the reference frame, one per scale, coarse to fine. Odd.
        A 0 skips its scale; scales without an entry are skipped, surplus entries are unused.
    sigma : float
        Standard deviation in map pixels of the mean shift's Gaussian kernel at patch scale 0.25.
    reg_factor : float
        Weight r of the shape prior at patch scale 0.25.
    weight_factor : float
        How strongly patch experts' confidences weigh landmarks (NU-RLMS); 0 weighs them alike.
    max_iterations : int
        Most iterations of each rigid and each non-rigid phase.

    Raises
    ------
    ValueError
        Naming the field, if a value is out of range.

    Notes
    -----
    ``sigma``, ``reg_factor`` and ``weight_factor`` change with the patch scale, see
    :func:`pyclnf.fitting.plan_scale`.
    """

    window_sizes: tuple[int, ...] = (11, 9, 7, 5)
    sigma: float = 1.5
    reg_factor: float = 25.0
    weight_factor: float = 0.0
    max_iterations: int = 5

    def __post_init__(self) -> None:
        sizes = tuple(int(size) for size in self.window_sizes)
        object.__setattr__(self, "window_sizes", sizes)
        if not sizes or not any(sizes):
            raise ValueError("window_sizes: at least one scale must have a window, got none")
        for size in sizes:
            if size != 0 and not (3 <= size <= LARGEST_WINDOW and size % 2 == 1):
                raise ValueError(
                    f"window_sizes: {size} is neither 0 nor an odd number from 3 to "
                    f"{LARGEST_WINDOW}"
                )
        _require(self.sigma > 0, "sigma", self.sigma, "positive")
        _require(self.reg_factor >= 0, "reg_factor", self.reg_factor, "zero or positive")
        _require(self.weight_factor >= 0, "weight_factor", self.weight_factor, "zero or positive")
        _require(self.max_iterations >= 1, "max_iterations", self.max_iterations, "at least 1")

    @classmethod
    def wild(cls) -> FitSettings:
        """Return OpenFace's in-the-wild setting (larger windows, weights, more iterations)."""
        return cls(
            window_sizes=(15, 13, 11, 11),
            sigma=1.25,
            reg_factor=35.0,
            weight_factor=2.5,
            max_iterations=10,
        )

    @classmethod
    def named(cls, name: str) -> FitSettings:
        """Return a setting by the name recordings use: ``default``, ``weighted``, ``wild``.

        Raises
        ------
        ValueError
            If there is no setting of that name.
        """
        settings = {"default": cls(), "weighted": cls(weight_factor=2.5), "wild": cls.wild()}
        if name not in settings:
            raise ValueError(f"no setting is called {name!r}; there are {', '.join(settings)}")
        return settings[name]

    def with_changes(self, **changes: Any) -> FitSettings:
        """Return a copy with some fields changed."""
        unknown = set(changes) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"FitSettings has no field {', '.join(sorted(unknown))}")
        return replace(self, **changes)


def _require(condition: bool, name: str, value: float, what: str) -> None:
    """Raise a ValueError naming a field unless its condition holds and it is finite."""
    if not condition or not math.isfinite(value):
        raise ValueError(f"{name}: must be finite and {what}, got {value}")
