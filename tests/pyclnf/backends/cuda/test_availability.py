"""Where backend cuda cannot be used, it says why and what to do."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyclnf import CLNF
from pyclnf.backends import BackendUnavailableError, available_backends, create_backend
from pyclnf.backends.cuda import availability

REAL_PROBLEM = availability.problem


@pytest.fixture(autouse=True)
def no_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask what is there, even while other tests have a stand-in for a GPU."""
    monkeypatch.setattr(availability, "problem", REAL_PROBLEM)


@pytest.fixture
def cupy_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], None]:
    """Return a function that puts a CuPy in place that counts devices so."""

    def put(count: Callable[[], int]) -> None:
        runtime = types.SimpleNamespace(getDeviceCount=count)
        module: Any = types.ModuleType("cupy")
        module.__spec__ = importlib.util.spec_from_loader("cupy", None)
        module.cuda = types.SimpleNamespace(runtime=runtime)
        monkeypatch.setitem(sys.modules, "cupy", module)
        monkeypatch.setattr(
            availability, "_device_problem", availability._device_problem.__wrapped__
        )

    return put


def test_without_cupy(monkeypatch: pytest.MonkeyPatch, small_model: Path):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "cupy" else found(name)
    )
    with pytest.raises(BackendUnavailableError, match=r"cuda.* pip install cupy-cuda12x"):
        create_backend("cuda", small_model)
    assert "cuda" not in available_backends()


def test_what_to_install_is_what_the_extras_have(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    problem = availability.problem()
    assert problem is not None
    project = (Path(__file__).parents[4] / "pyproject.toml").read_text("utf-8")
    for extra in ("cuda12", "cuda13"):
        (listed,) = re.findall(rf"^{extra} = \[(.*?)\]", project, re.MULTILINE)
        names = re.findall(r'"([a-z0-9-]+)', listed)
        assert f"pip install {' '.join(names)}" in problem[1]
    assert "pyclnf[" not in problem[1]  # the package index has another project's pyclnf


def test_without_a_driver(cupy_with: Callable[..., None], small_model: Path):
    def fail() -> int:
        raise RuntimeError("cudaErrorInsufficientDriver")

    cupy_with(fail)
    with pytest.raises(BackendUnavailableError, match=r"driver \(cudaErrorInsufficientDriver\)"):
        create_backend("cuda", small_model)


def test_without_a_device(cupy_with: Callable[..., None], small_model: Path):
    cupy_with(lambda: 0)
    with pytest.raises(BackendUnavailableError, match="no CUDA device"):
        CLNF(small_model, backend="cuda")
    assert "cuda" not in available_backends()


def test_with_a_device(cupy_with: Callable[..., None]):
    cupy_with(lambda: 1)
    assert "cuda" in available_backends()


def test_importing_and_fitting_on_the_host_load_nothing_of_it(small_model: Path):
    script = (
        "import sys, pyclnf\n"
        f"pyclnf.CLNF({str(small_model)!r})\n"
        "loaded = {'cupy', 'pyclnf.backends.cuda'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
