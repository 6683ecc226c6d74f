"""What is known about backend ``cuda``: a GPU that CuPy can use, or none."""

from __future__ import annotations

from os import PathLike

from pyclnf.backends.base import Backend
from pyclnf.backends.entry import Entry, State
from pyclnf.cache import ArrayCache

__all__ = ["CUDA"]

_FEWEST_FACES = 64
"""With fewer, ``auto`` stays on the host: a guess, until it is measured where the GPU begins to
gain."""


def _state() -> State:
    """Tell whether there is a GPU; CuPy is asked for it where it is installed."""
    from pyclnf.backends.cuda import availability

    found = availability.problem()
    if found is None:
        return State(True, "has CuPy and a CUDA device")
    return State(False, *found)


def _create(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Backend:
    """Load a model onto the GPU."""
    from pyclnf.backends import cuda

    return cuda.create(manifest_path, cache)


CUDA = Entry(
    name="cuda",
    summary="many faces at once on an NVIDIA GPU; equal to the reference in every bit",
    state=_state,
    create=_create,
    auto_from=_FEWEST_FACES,
    exact=True,
)
