"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
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


@pytest.fixture(scope="session", params=["numpy", "numpy-exact", "cython"])
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each backend's name; skips those that are not built."""
    from pyclnf.backends import is_available

    name: str = request.param
    if not is_available(name):
        pytest.skip(f"backend {name} is not built")
    return name
