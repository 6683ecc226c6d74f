"""Backends by name. Choosing one happens here and nowhere else."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from os import PathLike

from pyclnf.backends.base import Backend

__all__ = [
    "AUTO_ORDER",
    "BackendUnavailableError",
    "available_backends",
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


def create_backend(name: str, manifest_path: str | PathLike[str]) -> Backend:
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
    chosen = next(filter(is_available, AUTO_ORDER)) if name == "auto" else name
    if chosen not in _FACTORIES:
        names = ", ".join(("auto", *_FACTORIES))
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


def _cython(manifest_path: str | PathLike[str]) -> Backend:
    """Create the backend of compiled kernels."""
    if not is_available("cython"):
        raise BackendUnavailableError(
            "backend: 'cython' was not compiled when pyclnf was installed. With a C++17 compiler, "
            "install it again with the environment variable PYCLNF_KERNELS=ON, which says what is "
            "missing; or choose 'numpy', or 'numpy-exact' for the same bits, slowly"
        )
    from pyclnf.backends.cython_backend import CythonBackend
    from pyclnf.detector import load_detector
    from pyclnf.kernels.arithmetic import CompiledOrder

    return CythonBackend(load_detector(manifest_path, CompiledOrder()))


_FACTORIES: dict[str, Callable[[str | PathLike[str]], Backend]] = {
    "cython": _cython,
    "numpy": _numpy,
    "numpy-exact": _numpy_exact,
}
