"""The kernels compiled for an architecture by NVIDIA's runtime compiler, which needs no GPU.

CuPy's own ``RawModule(code=…)`` will not do: whatever options it is given, it adds ``-ftz=true``,
which flushes subnormal numbers to zero.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from pyclnf.backends.cuda.source import OPTIONS, device_source

__all__ = ["CompilerError", "compiled", "compiled_file"]


class CompilerError(RuntimeError):
    """The kernels cannot be compiled; says what to do about it."""


def compiled(capability: int, *, assembly: bool = False) -> tuple[bytes, str]:
    """Compile the kernels.

    Parameters
    ----------
    capability : int
        The device's compute capability: 90 for 9.0.
    assembly : bool
        Whether to leave the last step to the driver; it is where the device is newer than the
        compiler, too.

    Returns
    -------
    code : bytes
    suffix : str
        What kind it is: ``.cubin`` or ``.ptx``.

    Raises
    ------
    CompilerError
        If the compiler is missing, too old, or refuses the source.
    """
    nvrtc = _compiler()
    known = [arch for arch in nvrtc.getSupportedArchs() if arch <= capability]
    if not known:
        raise CompilerError(
            f"backend: 'cuda' cannot be compiled for compute capability {capability / 10}: the "
            f"runtime compiler knows {nvrtc.getSupportedArchs()}"
        )
    newest = max(known)
    if assembly or newest < capability:
        return _run(nvrtc, f"compute_{newest}", nvrtc.getPTX), ".ptx"
    return _run(nvrtc, f"sm_{newest}", nvrtc.getCUBIN), ".cubin"


def compiled_file(capability: int) -> Path:
    """Return a file of the compiled kernels, in the folder where CuPy keeps its own.

    Compiled when first asked for, which takes seconds. Another source, option, or version of the
    compiler makes another file. Errors are those of :func:`compiled`.
    """
    version = _compiler().getVersion()
    told = "\n".join((device_source(), *OPTIONS, str(version), str(capability)))
    stem = f"pyclnf-{hashlib.sha256(told.encode()).hexdigest()[:32]}"
    folder = _folder()
    for suffix in (".cubin", ".ptx"):
        if (folder / (stem + suffix)).is_file():
            return folder / (stem + suffix)
    code, suffix = compiled(capability)
    return _written(folder, stem + suffix, code)


def _compiler() -> Any:
    """Return CuPy's interface to the compiler, where that can be loaded."""
    try:
        from cupy.cuda import nvrtc

        nvrtc.getVersion()
    except (ImportError, OSError, RuntimeError) as error:
        raise CompilerError(
            f"backend: 'cuda' needs NVIDIA's runtime compiler (NVRTC), which cannot be loaded "
            f"({error}); it comes with pip install nvidia-cuda-nvrtc-cu12 for CUDA 12, "
            f"nvidia-cuda-nvrtc for CUDA 13, and with the CUDA toolkit"
        ) from error
    return nvrtc


def _run(nvrtc: Any, architecture: str, result: Any) -> bytes:
    """Compile for an architecture; CuPy's interface to the compiler is given."""
    program = nvrtc.createProgram(device_source(), "pyclnf.cu", (), ())
    try:
        nvrtc.compileProgram(program, (*OPTIONS, f"--gpu-architecture={architecture}"))
        code = result(program)
    except nvrtc.NVRTCError as error:
        log = nvrtc.getProgramLog(program)
        raise CompilerError(
            f"backend: 'cuda' does not compile for {architecture} with NVRTC "
            f"{nvrtc.getVersion()} ({error}):\n{log}"
        ) from error
    finally:
        nvrtc.destroyProgram(program)
    return code if isinstance(code, bytes) else code.encode()


def _folder() -> Path:
    """Return the folder of CuPy's compiled kernels."""
    named = os.environ.get("CUPY_CACHE_DIR")
    return Path(named) if named else Path.home() / ".cupy" / "kernel_cache"


def _written(folder: Path, name: str, code: bytes) -> Path:
    """Write a file whole or not at all; elsewhere if the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=folder, suffix=Path(name).suffix)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="pyclnf-"))
        handle, unfinished = tempfile.mkstemp(dir=folder, suffix=Path(name).suffix)
    with os.fdopen(handle, "wb") as file:
        file.write(code)
    return Path(unfinished).replace(folder / name)
