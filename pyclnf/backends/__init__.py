"""Backends by name. Choosing one happens here and nowhere else."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from pyclnf.backends.base import Backend
from pyclnf.cache import ArrayCache

__all__ = [
    "AUTO_ORDER",
    "BackendUnavailableError",
    "available_backends",
    "choose_backend",
    "create_backend",
    "is_available",
]

AUTO_ORDER = ("cython", "numpy")
"""What ``auto`` takes the first one of that there is, fastest first."""

_COMPILED = {"cython": "pyclnf.kernels._kernels"}
"""The modules of backends that are not always built."""


class BackendUnavailableError(RuntimeError):
    """A backend that this installation does not have."""


def available_backends() -> tuple[str, ...]:
    """Return the names that :func:`create_backend` takes here, besides ``auto``."""
    return tuple(filter(is_available, _FACTORIES))


def is_available(name: str) -> bool:
    """Tell whether this installation has a backend; imports nothing of it."""
    return name in _FACTORIES and (
        name not in _COMPILED or importlib.util.find_spec(_COMPILED[name]) is not None
    )


def choose_backend(name: str) -> str:
    """Return the name of a backend that this installation has; what ``auto`` stands for.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    BackendUnavailableError
        If this installation does not have it, with what to do about it.
    """
    chosen = next(filter(is_available, AUTO_ORDER)) if name == "auto" else name
    if chosen not in _FACTORIES:
        names = ", ".join(("auto", *_FACTORIES))
        raise ValueError(f"backend: there is none called {name!r}; choose one of {names}")
    if not is_available(chosen):
        raise BackendUnavailableError(
            f"backend: {chosen!r} was not compiled when pyclnf was installed. With a C++17 "
            f"compiler, install it again with the environment variable PYCLNF_KERNELS=ON, which "
            f"says what is missing; or choose 'numpy', or 'numpy-exact' for the same bits, slowly"
        )
    return chosen


def create_backend(
    name: str, manifest_path: str | PathLike[str], cache: Path | None = None
) -> Backend:
    """Load a model into a backend.

    Parameters
    ----------
    name : str
        ``cython`` — compiled kernels, every sum in the reference's own order: equal to it in every
        bit where that order is known, and the fastest.
        ``numpy`` — the definition; order-dependent sums in float64, rounded once.
        ``numpy-exact`` — the same, but every sum as ``cython`` adds it, and equal to that in every
        bit; several times slower.
        ``auto`` — the fastest one there is, in the order of :data:`AUTO_ORDER`.
    manifest_path : path
    cache : Path, optional
        Folder that keeps what preparing the model costs, see :mod:`pyclnf.cache`.

    Returns
    -------
    Backend
        Its ``name`` tells what ``auto`` chose.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    BackendUnavailableError
        If this installation does not have it, with what to do about it.
    ModelFileError
        If the model cannot be read.
    """
    return _FACTORIES[choose_backend(name)](manifest_path, ArrayCache(cache) if cache else None)


def _numpy(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Backend:
    """Create the NumPy backend that rounds once."""
    from pyclnf.arithmetic.rounded_once import RoundedOnce
    from pyclnf.backends.numpy_backend import NumpyBackend
    from pyclnf.detector import load_detector

    arithmetic = RoundedOnce()
    return NumpyBackend("numpy", load_detector(manifest_path, arithmetic, cache), arithmetic)


def _numpy_exact(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Backend:
    """Create the NumPy backend that adds in the reference's order."""
    from pyclnf.arithmetic.reference_order import ReferenceOrder
    from pyclnf.backends.numpy_backend import NumpyBackend
    from pyclnf.detector import load_detector

    arithmetic = ReferenceOrder()
    return NumpyBackend("numpy-exact", load_detector(manifest_path, arithmetic, cache), arithmetic)


def _cython(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Backend:
    """Create the backend of compiled kernels."""
    from pyclnf.backends.cython_backend import CythonBackend
    from pyclnf.detector import load_detector
    from pyclnf.kernels.arithmetic import CompiledOrder
    from pyclnf.kernels.levels import choose_level

    arithmetic = CompiledOrder(choose_level())
    return CythonBackend(load_detector(manifest_path, arithmetic, cache))


_FACTORIES: dict[str, Callable[[str | PathLike[str], ArrayCache | None], Backend]] = {
    "cython": _cython,
    "numpy": _numpy,
    "numpy-exact": _numpy_exact,
}
