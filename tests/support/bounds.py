"""How far OpenFace and pyclnf may be apart on one parameter vector, and why.

Differences are relative to the largest value of OpenFace's array, or to a unit if that is larger. A
stage that is not named must agree in every bit. Bounds may only become tighter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Bound(NamedTuple):
    """The largest relative difference, and what values are at least compared to."""

    limit: float
    unit: float = float(np.finfo(np.float32).tiny)


Bounds = dict[str, Bound]

EXACT: Bounds = {}
"""Models of at least five modes, with the recordings' BLAS kernel: no difference at all."""

ROUNDED_ONCE: Bounds = {
    # Float32 sums of 122 and of 121 terms in either order: 122 roundings of 6e-8, were they all one
    # way; 1e-6 was seen. Of CEN experts, with a few such sums one after the other, 5.6e-6; of SVR
    # experts, whose correlations are the same in float64, no difference at all.
    "response_maps": Bound(1e-5),
    # Quotients of sums over such maps: positions up to 10 map px; 3e-6 px was seen.
    "mean_shift": Bound(1e-5, unit=10.0),
    # Hessians in float32, of condition up to 1e4, times roundings of 6e-8; 1.3e-5 was seen.
    "change": Bound(1e-4, unit=1.0),
    "scale": Bound(1e-5),
    "rotation": Bound(1e-4, unit=1.0),  # Near a gimbal lock; 3e-5 radians were seen.
    "translation": Bound(1e-6, unit=1.0),
    "params_local_out": Bound(1e-4, unit=1.0),
}
"""Float64 sums, rounded once, of whole iterations: maps, equations and update are all its own."""

OF_BACKEND = {"numpy": ROUNDED_ONCE, "numpy-exact": EXACT, "cython": EXACT}


def check(pairs: dict[str, tuple[Any, Any]], bounds: Bounds) -> None:
    """Fail on the first stage that is further apart than its bound."""
    for stage, (expected, found) in pairs.items():
        assert expected.shape == found.shape, stage
        if np.array_equal(expected, found, equal_nan=True):
            continue
        bound = bounds.get(stage, Bound(0.0))
        apart = relative(expected, found, bound.unit)
        assert apart <= bound.limit, f"{stage}: {apart:.3g} apart, bound {bound.limit:.3g}"


def relative(expected: npt.NDArray[Any], found: npt.NDArray[Any], unit: float) -> float:
    """Return the largest difference over the largest value, or over the unit if that is larger."""
    apart = np.abs(expected.astype(np.float64) - found.astype(np.float64)).max()
    return float(apart / max(float(np.abs(expected).max()), unit))
