"""Backend ``cuda``: batches of faces on a GPU, with every sum in the reference's own order.

The kernels are C++ sources in ``kernels/``, see the README there. CuPy compiles and launches them;
it is imported when the backend is asked for, and not before.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from os import PathLike
from typing import TYPE_CHECKING

from pyclnf.cache import ArrayCache

if TYPE_CHECKING:
    from pyclnf.arithmetic import Arithmetic
    from pyclnf.backends.cuda.backend import CudaBackend
    from pyclnf.backends.cuda.device import Device

__all__ = ["create", "exact_order", "open_device"]


@cache
def open_device() -> Device:
    """Return the GPU; all models share it."""
    from pyclnf.backends.cuda.cupy_device import CupyDevice

    return CupyDevice()


def create(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> CudaBackend:
    """Load a model onto the GPU; raises as :func:`pyclnf.backends.create_backend`."""
    from pyclnf.backends.cuda.backend import CudaBackend
    from pyclnf.detector import load_detector

    return CudaBackend(load_detector(manifest_path, exact_order(), cache), open_device())


def exact_order() -> Arithmetic:
    """Return sums in the reference's order, compiled where they can be: Sigma is made with them."""
    if importlib.util.find_spec("pyclnf.kernels._kernels") is None:
        from pyclnf.arithmetic.reference_order import ReferenceOrder

        return ReferenceOrder()
    from pyclnf.kernels.arithmetic import CompiledOrder
    from pyclnf.kernels.levels import choose_level

    return CompiledOrder(choose_level())
