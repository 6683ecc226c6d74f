"""Choosing a backend by its name happens here and nowhere else."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from pyclnf.arguments import file_path, shown, whole_number
from pyclnf.backends import registry
from pyclnf.backends.base import Backend
from pyclnf.backends.entry import ROUNDED_MAPS, Entry
from pyclnf.cache import ArrayCache

__all__ = [
    "AUTO",
    "BackendUnavailableError",
    "auto_order",
    "available_backends",
    "backend_names",
    "choose_backend",
    "choose_networks",
    "create_backend",
    "is_available",
    "is_exact",
    "maps_within",
]

AUTO = "auto"
"""The name that stands for the best backend there is."""


class BackendUnavailableError(RuntimeError):
    """A backend that this machine or installation does not have."""


def backend_names() -> tuple[str, ...]:
    """Return the names of all backends, available here or not, besides ``auto``."""
    return tuple(entry.name for entry in registry.ENTRIES)


def available_backends() -> tuple[str, ...]:
    """Return the names that :func:`create_backend` takes here, besides ``auto``."""
    return tuple(filter(is_available, backend_names()))


def is_available(name: str) -> bool:
    """Tell whether there is a backend here; loads nothing of it but what must be asked."""
    return any(entry.name == name and entry.state().available for entry in registry.ENTRIES)


def is_exact(name: str) -> bool:
    """Tell whether a backend promises every bit of ``numpy-exact``'s landmarks."""
    return any(entry.name == name and entry.exact for entry in registry.ENTRIES)


def maps_within(name: str) -> float:
    """Return how far a backend's response maps may be off ``numpy``'s, of each map's maximum.

    What it promises; of what is no backend of this project, what rounding explains.
    """
    promised = (entry.maps_within for entry in registry.ENTRIES if entry.name == name)
    return next(promised, ROUNDED_MAPS)


def auto_order(faces: int = 1) -> tuple[str, ...]:
    """Return the backends that ``auto`` takes the first available one of.

    Parameters
    ----------
    faces : int
        How many are to be fitted at once: a device that is quick with many is slow with one.
    """
    count = max(whole_number("faces", faces, 0), 1)
    return tuple(
        entry.name
        for entry in registry.ENTRIES
        if entry.auto_from is not None and entry.auto_from <= count
    )


def choose_backend(name: str, faces: int = 1) -> str:
    """Return the name of a backend that there is here; what ``auto`` stands for.

    Parameters
    ----------
    name : str
    faces : int
        See :func:`auto_order`.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    BackendUnavailableError
        If this machine or installation does not have it, with what to do about it.
    """
    return _entry(name, faces).name


def choose_networks(name: str) -> str:
    """Return the name of the backend that computes the networks of face detector and validator.

    It is the one asked for, unless that one leaves them to another, which then promises the same
    bits if it does. Raises what :func:`choose_backend` does.
    """
    asked = _entry(name)
    others = (*filter(is_available, auto_order()), *available_backends())
    candidates = (asked, *map(_entry, others))
    return next(e.name for e in candidates if e.networks and (e.exact or not asked.exact))


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
        ``coreml`` — on Macs: response maps of CCNF experts by Core ML, in half precision where
        that suffices, see :mod:`pyclnf.coreml`; all else as ``auto`` does it. ``coreml-float32`` —
        the same, in single precision.
        ``cuda`` — batches of faces on a GPU, equal to ``cython`` in every bit; by way of CuPy.
        ``auto`` — the first of :func:`auto_order` that there is.
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
        If this machine or installation does not have it, with what to do about it.
    ModelFileError
        If the model cannot be read.
    """
    manifest = file_path("manifest", manifest_path)
    return _entry(name).create(manifest, ArrayCache(cache) if cache else None)


def _entry(name: str, faces: int = 1) -> Entry:
    """Return the entry of a backend that there is here."""
    if not isinstance(name, str):
        raise ValueError(f"backend: expected a name, got {shown(name)}")
    chosen = next(filter(is_available, auto_order(faces))) if name == AUTO else name
    found = next((entry for entry in registry.ENTRIES if entry.name == chosen), None)
    if found is None:
        names = ", ".join((AUTO, *backend_names()))
        raise ValueError(f"backend: there is none called {name!r}; choose one of {names}")
    state = found.state()
    if not state.available:
        remedy = f". {state.remedy}" if state.remedy else ""
        raise BackendUnavailableError(f"backend: {chosen!r} {state.reason}{remedy}")
    return found
