"""What is known about backends ``numpy`` and ``numpy-exact``: they are always there."""

from __future__ import annotations

from os import PathLike

from pyclnf.backends.base import Backend
from pyclnf.backends.entry import Entry, State
from pyclnf.cache import ArrayCache

__all__ = ["NUMPY", "NUMPY_EXACT"]


def _state() -> State:
    """Tell that they are there."""
    return State(True, "needs NumPy alone")


def _numpy(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Backend:
    """Create the backend that rounds once."""
    from pyclnf.arithmetic.rounded_once import RoundedOnce
    from pyclnf.backends.numpy_backend import NumpyBackend
    from pyclnf.detector import load_detector

    arithmetic = RoundedOnce()
    return NumpyBackend("numpy", load_detector(manifest_path, arithmetic, cache), arithmetic)


def _numpy_exact(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Backend:
    """Create the backend that adds in the reference's order."""
    from pyclnf.arithmetic.reference_order import ReferenceOrder
    from pyclnf.backends.numpy_backend import NumpyBackend
    from pyclnf.detector import load_detector

    arithmetic = ReferenceOrder()
    return NumpyBackend("numpy-exact", load_detector(manifest_path, arithmetic, cache), arithmetic)


NUMPY = Entry(
    name="numpy",
    summary="the definition, in NumPy; large sums in float64, rounded once",
    state=_state,
    create=_numpy,
    auto_from=1,
    networks=True,
)

NUMPY_EXACT = Entry(
    name="numpy-exact",
    summary="the same, every sum in the reference's order; equal to it in every bit, slowly",
    state=_state,
    create=_numpy_exact,
    exact=True,
    networks=True,
)
