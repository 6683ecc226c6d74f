"""Which backends there are, and the order in which ``auto`` takes them."""

from __future__ import annotations

from pyclnf.backends.coreml_entry import COREML, COREML_FLOAT32
from pyclnf.backends.cuda_entry import CUDA
from pyclnf.backends.cython_entry import CYTHON
from pyclnf.backends.entry import Entry
from pyclnf.backends.numpy_entry import NUMPY, NUMPY_EXACT

__all__ = ["ENTRIES"]

ENTRIES: tuple[Entry, ...] = (CUDA, CYTHON, NUMPY, NUMPY_EXACT, COREML, COREML_FLOAT32)
"""All of them. ``auto`` takes the first one that is available and wants that many faces."""
