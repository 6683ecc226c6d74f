"""What a user may choose about a fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from pyclnf.arguments import instance, number, shown, whole_number, whole_numbers

__all__ = ["FitSettings", "checked_settings"]

MOST_ITERATIONS = 1000
"""An observer's kernels make room for all that a phase may take, 22 kB or more each."""

LARGEST_WINDOW = 23
"""The kernels of a window have 100 * window**4 entries: 112 MB for 23."""

_CECLM = "main_ceclm_general"
_SMALLEST_SIGMA, _LARGEST = 1e-3, 1e6
"""Within these, what is made of the settings stays well inside float32."""


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
        Most iterations of each rigid and each non-rigid phase; 1,000 at most.

    Raises
    ------
    ValueError
        Naming the field, if a value is out of range.

    Notes
    -----
    ``sigma``, ``reg_factor`` and ``weight_factor`` change with the patch scale, see
    :func:`pyclnf.scale_plan.plan_scale`.
    """

    window_sizes: tuple[int, ...] = (11, 9, 7, 5)
    sigma: float = 1.5
    reg_factor: float = 25.0
    weight_factor: float = 0.0
    max_iterations: int = 5

    # Whether sigma, r and w change with the patch scale; those of a part do not.
    adapts_to_scale: ClassVar[bool] = True

    def __post_init__(self) -> None:
        sizes = whole_numbers("window_sizes", self.window_sizes)
        iterations = whole_number("max_iterations", self.max_iterations, 1, MOST_ITERATIONS)
        object.__setattr__(self, "window_sizes", sizes)
        object.__setattr__(self, "max_iterations", iterations)
        if not sizes or not any(sizes):
            raise ValueError("window_sizes: at least one scale must have a window, got none")
        for size in sizes:
            if size != 0 and not (3 <= size <= LARGEST_WINDOW and size % 2 == 1):
                raise ValueError(
                    f"window_sizes: {shown(size)} is neither 0 nor an odd number from 3 to "
                    f"{LARGEST_WINDOW}"
                )
        number("sigma", self.sigma, _SMALLEST_SIGMA, _LARGEST)
        number("reg_factor", self.reg_factor, 0.0, _LARGEST)
        number("weight_factor", self.weight_factor, 0.0, _LARGEST)

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

    def for_ceclm(self) -> FitSettings:
        """Return these settings as OpenFace's programs change them for their CE-CLM model.

        A wider kernel, 1.5 σ, and a weaker prior, 0.9 r; both products are rounded to float32.
        :meth:`for_model` tells when.
        """
        sigma = float(np.float32(1.5) * np.float32(self.sigma))
        reg_factor = float(np.float32(0.9) * np.float32(self.reg_factor))
        return replace(self, sigma=sigma, reg_factor=reg_factor)

    def for_model(self, manifest: Path) -> FitSettings:
        """Return these settings as OpenFace's programs change them for a model.

        They go by the name of its file: ``main_ceclm_general.txt`` is fitted :meth:`for_ceclm`.
        """
        return self.for_ceclm() if manifest.stem == _CECLM else self

    @classmethod
    def named(cls, name: str) -> FitSettings:
        """Return a setting by the name recordings use: ``default``, ``weighted``, ``wild``.

        ``ceclm`` and ``ceclm-wild`` are the first and the last :meth:`for_ceclm`.

        Raises
        ------
        ValueError
            Naming ``name``, if there is no setting of that name.
        """
        settings = {"default": cls(), "weighted": cls(weight_factor=2.5), "wild": cls.wild()}
        settings |= {"ceclm": cls().for_ceclm(), "ceclm-wild": cls.wild().for_ceclm()}
        if not isinstance(name, str) or name not in settings:
            there_are = ", ".join(settings)
            raise ValueError(f"name: no setting is called {shown(name)}; there are {there_are}")
        return settings[name]


def checked_settings(settings: FitSettings | None) -> FitSettings:
    """Return the settings, the defaults for None; a ValueError if they are anything else."""
    if settings is None:
        return FitSettings()
    advice = "; FitSettings.named() knows settings by name"
    return instance("settings", settings, FitSettings, advice)
