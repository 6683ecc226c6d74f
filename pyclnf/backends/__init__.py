"""Backends by name. Choosing one happens here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike

from pyclnf.backends.base import Backend

__all__ = ["AUTO_ORDER", "available_backends", "create_backend"]

AUTO_ORDER = ("numpy",)
"""What ``auto`` tries, fastest first."""


def available_backends() -> tuple[str, ...]:
    """Return the names that :func:`create_backend` takes, besides ``auto``."""
    return tuple(_FACTORIES)


def create_backend(name: str, manifest_path: str | PathLike[str]) -> Backend:
    """Load a model into a backend.

    Parameters
    ----------
    name : str
        ``numpy`` — the definition; order-dependent sums in float64, rounded once.
        ``numpy-exact`` — the same, but every sum in the reference's own order: equal to it in
        every bit where that order is known, several times slower.
        ``auto`` — the fastest one there is, in the order of :data:`AUTO_ORDER`.
    manifest_path : path

    Returns
    -------
    Backend
        Its ``name`` tells what ``auto`` chose.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    ModelFileError
        If the model cannot be read.
    """
    chosen = AUTO_ORDER[0] if name == "auto" else name
    if chosen not in _FACTORIES:
        names = ", ".join(("auto", *available_backends()))
        raise ValueError(f"backend: there is none called {name!r}; choose one of {names}")
    return _FACTORIES[chosen](manifest_path)


def _numpy(manifest_path: str | PathLike[str]) -> Backend:
    """Create the NumPy backend that rounds once."""
    from pyclnf.arithmetic.rounded_once import RoundedOnce
    from pyclnf.backends.numpy_backend import NumpyBackend
    from pyclnf.detector import load_detector

    arithmetic = RoundedOnce()
    return NumpyBackend("numpy", load_detector(manifest_path, arithmetic), arithmetic)


def _numpy_exact(manifest_path: str | PathLike[str]) -> Backend:
    """Create the NumPy backend that adds in the reference's order."""
    from pyclnf.arithmetic.reference_order import ReferenceOrder
    from pyclnf.backends.numpy_backend import NumpyBackend
    from pyclnf.detector import load_detector

    arithmetic = ReferenceOrder()
    return NumpyBackend("numpy-exact", load_detector(manifest_path, arithmetic), arithmetic)


_FACTORIES: dict[str, Callable[[str | PathLike[str]], Backend]] = {
    "numpy": _numpy,
    "numpy-exact": _numpy_exact,
}
