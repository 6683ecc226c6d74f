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

IMPORT_AND_FIT = """
import sys
import numpy as np
import pyclnf
import pyclnf.backends.numpy_backend, pyclnf.observe

for name in ("numpy", "numpy-exact"):
    clnf = pyclnf.CLNF(sys.argv[1], backend=name)
    box = (30, 30, 100, 100)
    clnf.fit(np.zeros((150, 150, 3), np.uint8), box, observer=pyclnf.TraceRecorder())
sys.stdout.write(" ".join({name.split(".")[0] for name in sys.modules}))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(pyclnf.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_import_and_fit_need_numpy_alone(small_model: Path):
    finished = run("-c", IMPORT_AND_FIT, str(small_model))
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    loaded = set(finished.stdout.split())
    assert {"numpy", "pyclnf"} <= loaded
    assert loaded.isdisjoint(OPTIONAL)


def test_import_costs_no_more_than_it_must():
    code = "import pyclnf, sys; pyclnf.CLNF; sys.stdout.write(' '.join(sys.modules))"
    finished = run("-c", code)
    assert finished.returncode == 0, finished.stderr
    loaded = set(finished.stdout.split())
    assert "pyclnf.clnf" in loaded
    assert loaded.isdisjoint({*OPTIONAL, "pyclnf.backends.numpy_backend", "pyclnf.kernels"})


def test_names():
    for name in pyclnf.__all__:
        assert hasattr(pyclnf, name)
    assert set(pyclnf.__all__) == {*pyclnf._HOMES, "__version__"} <= set(dir(pyclnf))
    with pytest.raises(AttributeError, match="module 'pyclnf' has no attribute 'CLMF'"):
        getattr(pyclnf, "CLMF")  # noqa: B009 (type checkers know that there is none)
    assert {"CLNF", "FitResult", "FitSettings", "ModelFileError"} <= set(pyclnf.__all__)
