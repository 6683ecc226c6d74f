"""Faces, backends and recorded calls of the benchmarks; and what they found beside times."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

# Before NumPy is imported: its BLAS takes one thread, and the kernel that it thinks is best.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)

FINDINGS = pytest.StashKey[dict[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with where this runs, and whether it is quiet there."""
    from measuring.machine import machine, taken_by_others

    config.stash[FINDINGS] = {
        "machine": machine(),
        "others": [taken_by_others()],
        "contests": [],
        "memory": {},
    }


def pytest_benchmark_update_json(
    config: pytest.Config, benchmarks: list[Any], output_json: dict[str, Any]
) -> None:
    """Add what was found to pytest-benchmark's own JSON."""
    from measuring.machine import taken_by_others

    config.stash[FINDINGS]["others"].append(taken_by_others())
    output_json["pyclnf"] = config.stash[FINDINGS]


@pytest.fixture(scope="session")
def findings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What goes into the JSON besides times."""
    return request.config.stash[FINDINGS]


@pytest.fixture(scope="session")
def work(findings: dict[str, Any]) -> Any:
    """The faces."""
    from measuring.workload import workload

    found = workload()
    findings["workload"] = found.title
    return found


def _backend_names() -> tuple[str, ...]:
    """All that are registered; imported here, after the environment is set."""
    from pyclnf.backends import backend_names

    return backend_names()


@pytest.fixture(scope="session", params=_backend_names())
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each backend's name; skips those that are not available."""
    from pyclnf.backends import is_available

    name: str = request.param
    if not is_available(name):
        pytest.skip(f"backend {name} is not available")
    return name


@pytest.fixture(scope="session")
def load_backend(work: Any) -> Callable[[str], Any]:
    """A function that loads the model into a backend, once."""
    from pyclnf.backends import create_backend

    return cache(lambda name: create_backend(name, work.manifest))


@pytest.fixture(scope="session")
def load_clnf(work: Any) -> Callable[[str], Any]:
    """A function that loads the model for a user, once per backend."""
    from pyclnf import CLNF

    return cache(lambda name: CLNF(work.manifest, backend=name))


@pytest.fixture(scope="session")
def recorded(work: Any, load_backend: Callable[[str], Any]) -> Any:
    """What fits of all faces ask of a backend, and the right answers."""
    from measuring.calls import calls_of
    from measuring.workload import DEFINITION

    return calls_of(load_backend(DEFINITION), work.faces)
