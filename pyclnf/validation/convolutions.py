"""How convolutional layers are computed, by the names of backends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pyclnf.backends import choose_networks
from pyclnf.model.layers import Convolution
from pyclnf.validation import convolution
from pyclnf.validation.convolution import Convolve

__all__ = ["Prepare", "convolutions"]

Prepare: TypeAlias = Callable[[Convolution], Convolve]
"""What makes a function of a layer."""


def convolutions(backend: str) -> tuple[str, Prepare]:
    """Return the name of the backend that computes networks, and how it prepares a layer.

    Raises
    ------
    ValueError
        If there is none of that name.
    BackendUnavailableError
        If this installation does not have it.
    """
    name = choose_networks(backend)
    if name == "cython":
        from pyclnf.kernels.convolving import compiled

        return name, compiled
    exact = name == "numpy-exact"
    return name, convolution.in_reference_order if exact else convolution.rounded_once
