"""Evaluating programs, which Core ML does on macOS only."""

from __future__ import annotations

import os
import platform
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from pyclnf.coreml.program import INPUT, OUTPUT
from pyclnf.coreml.tools import coremltools, quietly
from pyclnf.typing import Float32Array

__all__ = ["Load", "Predict", "load_program"]

Predict: TypeAlias = Callable[[Float32Array], Float32Array]
"""Areas of interest, (v, s, s), to response maps, (v, w, w). Safe to share between threads."""

Load: TypeAlias = Callable[[Path], Predict]
"""What makes a saved program ready."""


def load_program(package: Path) -> Predict:
    """Compile a saved program, or take what was compiled of it, and load it for all processors.

    What is compiled lies beside the package, named by the version of macOS that compiled it.

    Raises
    ------
    RuntimeError
        If Core ML cannot compile or load it.
    """
    with quietly():
        ct = coremltools()
    compiled = package.with_name(f"{package.stem}-{platform.mac_ver()[0]}.mlmodelc")
    model = _kept(ct, compiled) or _loaded(ct, _compiled(ct, package, compiled))
    lock = threading.Lock()  # Core ML asks for one thread at a time.

    def predict(areas: Float32Array) -> Float32Array:
        with lock:
            found = model.predict({INPUT: areas})
        return np.ascontiguousarray(found[OUTPUT], np.float32)

    return predict


def _kept(ct: Any, compiled: Path) -> Any | None:
    """Load what was compiled earlier; remove what cannot be loaded."""
    if not compiled.is_dir():
        return None
    try:
        return _loaded(ct, compiled)
    except RuntimeError:
        shutil.rmtree(compiled, ignore_errors=True)
        return None


def _loaded(ct: Any, compiled: Path) -> Any:
    """Load what was compiled."""
    return ct.models.CompiledMLModel(str(compiled), compute_units=ct.ComputeUnit.ALL)


def _compiled(ct: Any, package: Path, compiled: Path) -> Path:
    """Compile a package; to the place where it is kept, if that can be written to."""
    temporary = Path(ct.models.utils.compile_model(str(package)))
    partial = compiled.with_name(f"{compiled.name}.{os.getpid()}.tmp")
    try:
        shutil.copytree(temporary, partial)
        partial.rename(compiled)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        return temporary
    shutil.rmtree(temporary, ignore_errors=True)
    return compiled
