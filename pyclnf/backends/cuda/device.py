"""What runs the kernels: a GPU by way of CuPy, or, in the tests, a processor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from pyclnf.backends.cuda.arguments import Struct
from pyclnf.typing import AnyArray

__all__ = ["Array", "Device", "filled"]

Array = Any
"""An array of a device's namespace: CuPy's, or NumPy's."""


class Device(Protocol):
    """Memory for arrays, and kernels that work on it, in the order in which they are launched."""

    @property
    def xp(self) -> Any:
        """The namespace of its arrays: ``cupy``, or ``numpy``."""
        ...

    @property
    def largest_shared(self) -> int:
        """How much shared memory a block may have, bytes."""
        ...

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return a new contiguous array; raises MemoryError if there is no room."""
        ...

    def upload(self, array: AnyArray) -> Array:
        """Return a contiguous copy of an array; raises MemoryError if there is no room."""
        ...

    def adopt(self, array: Any) -> Array:
        """Return an array that lies on the device already, not copied."""
        ...

    def download(self, array: Array) -> AnyArray:
        """Return a copy of an array once all that has been launched is done."""
        ...

    def address(self, array: Array) -> int:
        """Return where an array begins."""
        ...

    def launch(
        self, kernel: str, blocks: int, threads: int, shared_bytes: int, arguments: Struct
    ) -> None:
        """Run a kernel of ``kernels/program.cu``."""
        ...

    def release(self) -> None:
        """Give back memory that is kept for later arrays."""
        ...


def filled(device: Device, dtype: np.dtype[np.void], values: Mapping[str, Any]) -> Struct:
    """Return a struct, (1,): numbers, other structs, and arrays, of which it holds the address.

    Fields that are not named, or None, are zero. The arrays must be kept as long as it is used.
    """
    struct: Struct = np.zeros(1, dtype)
    for name, value in values.items():
        if value is not None:
            struct[name] = device.address(value) if _is_array(value) else value
    return struct


def _is_array(value: Any) -> bool:
    """Tell arrays, of which a struct holds the address, from numbers and structs."""
    return hasattr(value, "dtype") and value.ndim > 0 and value.dtype.names is None
