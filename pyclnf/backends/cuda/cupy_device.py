"""A GPU by way of CuPy."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

import cupy

from pyclnf.backends.cuda.arguments import Struct
from pyclnf.backends.cuda.compiling import compiled_file
from pyclnf.backends.cuda.device import Array
from pyclnf.typing import AnyArray

__all__ = ["CupyDevice"]


class CupyDevice:
    """CuPy's current device; see :class:`pyclnf.backends.cuda.device.Device`.

    Work is queued on CuPy's current stream. The kernels are compiled when the first of them is
    launched, which takes seconds, and kept for later processes.
    """

    xp = cupy

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._functions: dict[str, Any] = {}

    @cached_property
    def largest_shared(self) -> int:
        """How much shared memory a block may have, bytes."""
        shared: int = cupy.cuda.Device().attributes["MaxSharedMemoryPerBlockOptin"]
        return shared

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return a new contiguous array."""
        return cupy.empty(shape, dtype)

    def upload(self, array: AnyArray) -> Array:
        """Return a contiguous copy of an array."""
        return cupy.array(array, order="C")

    def adopt(self, array: Any) -> Array:
        """Return an array that lies on the device already, not copied."""
        return cupy.asarray(array)

    def download(self, array: Array) -> AnyArray:
        """Return a copy of an array once all that has been launched is done."""
        host: AnyArray = cupy.asnumpy(array)
        return host

    def address(self, array: Array) -> int:
        """Return where an array begins."""
        address: int = array.data.ptr
        return address

    def launch(
        self, kernel: str, blocks: int, threads: int, shared_bytes: int, arguments: Struct
    ) -> None:
        """Run a kernel."""
        function = self._function(kernel, shared_bytes)
        function((blocks,), (threads,), (arguments,), shared_mem=shared_bytes)

    def release(self) -> None:
        """Give back memory that is kept for later arrays."""
        cupy.get_default_memory_pool().free_all_blocks()

    @cached_property
    def _module(self) -> Any:
        """The compiled kernels."""
        capability = int(cupy.cuda.Device().compute_capability)
        return cupy.RawModule(path=str(compiled_file(capability)))

    def _function(self, kernel: str, shared_bytes: int) -> Any:
        """Return a kernel that may have so much shared memory."""
        with self._lock:
            function = self._functions.get(kernel)
            if function is None:
                function = self._functions[kernel] = self._module.get_function(kernel)
            if shared_bytes > function.max_dynamic_shared_size_bytes:
                function.max_dynamic_shared_size_bytes = shared_bytes
            return function
