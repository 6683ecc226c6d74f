"""What is known about backend ``cython``: there are kernels, or there are none."""

from __future__ import annotations

import importlib.util
from os import PathLike

from pyclnf.backends.base import Backend
from pyclnf.backends.entry import Entry, State
from pyclnf.cache import ArrayCache

__all__ = ["CYTHON"]

_KERNELS = "pyclnf.kernels._kernels"


def _state() -> State:
    """Tell whether the kernels were compiled; does not import them."""
    if importlib.util.find_spec(_KERNELS) is not None:
        return State(True, "is compiled")
    return State(
        False,
        "was not compiled when pyclnf was installed",
        "With a C++17 compiler, install it again with the environment variable PYCLNF_KERNELS=ON, "
        "which says what is missing; or choose 'numpy', or 'numpy-exact' for the same bits, slowly",
    )


def _create(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Backend:
    """Create the backend of compiled kernels."""
    from pyclnf.backends.cython_backend import CythonBackend
    from pyclnf.detector import load_detector
    from pyclnf.kernels.arithmetic import CompiledOrder
    from pyclnf.kernels.levels import choose_level

    arithmetic = CompiledOrder(choose_level())
    return CythonBackend(load_detector(manifest_path, arithmetic, cache))


CYTHON = Entry(
    name="cython",
    summary="compiled kernels; equal to the reference in every bit, and the fastest for a face",
    state=_state,
    create=_create,
    auto_from=1,
    exact=True,
    networks=True,
)
