from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pyclnf

OPTIONAL = (
    *("cv2", "scipy", "matplotlib", "jinja2", "openface_bridge"),
    *("coremltools", "platformdirs", "rich", "urllib.request", "json", "importlib.resources"),
)

HEAVY = (
    "pyclnf.backends.cuda.",
    "pyclnf.coreml",
    "pyclnf.kernels.",
    "pyclnf.cli",
    "pyclnf.formats",
)
"""What only some of those need who load a model."""

TELL_IMPORTS = "sys.stdout.write(' '.join(sys.modules.keys() - before))"

IMPORT_AND_FIT = (
    """
import sys
before = set(sys.modules)
import numpy as np
import pyclnf
import pyclnf.backends.numpy_backend, pyclnf.observe

for name in ("numpy", "numpy-exact"):
    clnf = pyclnf.CLNF(sys.argv[1], backend=name)
    box = (30, 30, 100, 100)
    clnf.fit(np.zeros((150, 150, 3), np.uint8), box, observer=pyclnf.TraceRecorder())
"""
    + TELL_IMPORTS
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(pyclnf.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def imported(code: str) -> set[str]:
    """Return the modules that a program imports."""
    finished = run("-c", f"import sys; before = set(sys.modules); {code}; {TELL_IMPORTS}")
    assert finished.returncode == 0, finished.stderr
    return set(finished.stdout.split())


def packages(modules: set[str]) -> set[str]:
    """Return the packages that modules are of, without Python's own."""
    tops = {name.split(".")[0] for name in modules}
    return {name for name in tops if name not in sys.stdlib_module_names}


def test_import_and_fit_need_numpy_alone(small_model: Path):
    finished = run("-c", IMPORT_AND_FIT, str(small_model))
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    loaded = set(finished.stdout.split())
    assert packages(loaded) == {"numpy", "pyclnf"}
    assert loaded.isdisjoint(OPTIONAL)


def test_import_costs_no_more_than_it_must():
    loaded = imported("import pyclnf; pyclnf.CLNF")
    assert "pyclnf.clnf" in loaded
    assert packages(loaded) == {"numpy", "pyclnf"}
    assert loaded.isdisjoint({*OPTIONAL, "pyclnf.backends.numpy_backend", "pyclnf.kernels"})
    assert not any(name.startswith(HEAVY) for name in loaded)


def test_import_alone_costs_next_to_nothing():
    loaded = imported("import pyclnf")
    assert {name for name in loaded if name.split(".")[0] in packages(loaded)} == {"pyclnf"}
    assert loaded.isdisjoint(OPTIONAL)


@pytest.mark.parametrize("name", sorted({*pyclnf.__all__} - {"__version__"}))
def test_no_name_brings_another_package_along(name: str):
    loaded = imported(f"from pyclnf import {name}")
    assert packages(loaded) <= {"numpy", "pyclnf"}
    assert loaded.isdisjoint(OPTIONAL)


def test_names():
    for name in pyclnf.__all__:
        assert hasattr(pyclnf, name)
    assert set(pyclnf.__all__) == {*pyclnf._HOMES, "__version__"} <= set(dir(pyclnf))
    with pytest.raises(AttributeError, match="module 'pyclnf' has no attribute 'CLMF'"):
        getattr(pyclnf, "CLMF")  # noqa: B009 (type checkers know that there is none)
    assert {"CLNF", "FitResult", "FitSettings", "ModelFileError"} <= set(pyclnf.__all__)
