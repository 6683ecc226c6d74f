"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from support.backends import Plant

    from pyclnf.arithmetic import Arithmetic

REPOSITORY = Path(__file__).resolve().parents[1]

# Before NumPy is imported: threads of its BLAS wait for each other in loops, which takes minutes
# where others want the processors too. Nothing here is large enough to need them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The package may be installed elsewhere; the fixtures are the clone's.
os.environ.setdefault("PYCLNF_FIXTURES", str(REPOSITORY / "fixtures"))

# Every run draws the same examples, and none is a failure for being slow.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def openface_data() -> Path:
    """Folder with OpenFace's ``model``, ``golden`` and ``samples``; skips where it is absent."""
    configured = os.environ.get("PYCLNF_OPENFACE_DATA")
    folder = Path(configured) if configured else REPOSITORY.parent / "shared" / "openface"
    if not (folder / "model").is_dir():
        pytest.skip(f"no OpenFace data in {folder} (PYCLNF_OPENFACE_DATA names another folder)")
    return folder


@pytest.fixture(scope="session")
def cuda_somewhere() -> Iterator[None]:
    """Backend cuda on a GPU, or where there is none, on the host; skips without a compiler."""
    from support.host_device import HostDevice

    from pyclnf.backends import cuda
    from pyclnf.backends.cuda import availability

    if availability.problem() is None:
        yield
        return
    device = HostDevice()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(availability, "problem", lambda: None)
        patch.setattr(cuda, "open_device", lambda: device)
        yield


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Manifest of a model of twelve landmarks, four modes, two scales and two views."""
    from support.model_files import write_small_model

    return write_small_model(tmp_path_factory.mktemp("small_model"))


@pytest.fixture(scope="session", params=["rounded-once", "reference-order"])
def arithmetic(request: pytest.FixtureRequest) -> Arithmetic:
    """Each way of adding up."""
    from pyclnf.arithmetic.reference_order import ReferenceOrder
    from pyclnf.arithmetic.rounded_once import RoundedOnce

    return RoundedOnce() if request.param == "rounded-once" else ReferenceOrder()


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Puts entries before all others in the registry, until the test ends."""
    from pyclnf.backends import registry

    return lambda *entries: monkeypatch.setattr(registry, "ENTRIES", (*entries, *registry.ENTRIES))


@pytest.fixture
def not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without kernels."""
    monkeypatch.setattr("pyclnf.backends.cython_entry._KERNELS", "pyclnf.kernels._no_kernels")


def _backend_names() -> tuple[str, ...]:
    """All that are registered; imported here, after the environment is set."""
    from pyclnf.backends import backend_names

    return backend_names()


@pytest.fixture(scope="session", params=_backend_names())
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each backend's name; skips those that are not available.

    Without a GPU, ``cuda`` has its kernels compiled for the host; skips without a compiler.
    """
    from pyclnf.backends import is_available

    name: str = request.param
    if name == "cuda":
        request.getfixturevalue("cuda_somewhere")
    if not is_available(name):
        pytest.skip(f"backend {name} is not available")
    return name
