"""How convolutional layers are computed, by the names of backends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pyclnf.backends import AUTO_ORDER, BackendUnavailableError, is_available
from pyclnf.model.network_layers import Convolution
from pyclnf.validation import convolution
from pyclnf.validation.convolution import Convolve

__all__ = ["Prepare", "convolutions"]

Prepare: TypeAlias = Callable[[Convolution], Convolve]
"""What makes a function of a layer."""


def convolutions(backend: str) -> tuple[str, Prepare]:
    """Return the name of a backend, ``auto`` resolved, and how it prepares a layer.

    Raises
    ------
    ValueError
        If there is none of that name.
    BackendUnavailableError
        If this installation does not have it.
    """
    name = next(filter(is_available, AUTO_ORDER)) if backend == "auto" else backend
    if name == "numpy":
        return name, convolution.rounded_once
    if name == "numpy-exact":
        return name, convolution.in_reference_order
    if name != "cython":
        known = "auto, cython, numpy, numpy-exact"
        raise ValueError(f"backend: there is none called {backend!r}; choose one of {known}")
    if not is_available(name):
        raise BackendUnavailableError(
            "backend: 'cython' was not compiled when pyclnf was installed; choose 'numpy', or "
            "'numpy-exact' for the same bits, slowly"
        )
    from pyclnf.kernels.convolving import compiled

    return name, compiled
