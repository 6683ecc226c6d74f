"""Core ML where there is none: coremltools converts, an interpreter stands in for prediction."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
from support.coreml import Data, interpreter
from support.fixture_faces import FIXTURES

from openface_bridge.fixtures import Embedded, embedded
from pyclnf.backends import registry
from pyclnf.backends.coreml_entry import COREML
from pyclnf.backends.entry import State
from pyclnf.coreml import prediction


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is for Macs elsewhere."""
    state = COREML.state()
    if item.get_closest_marker("macos") is not None and not state.available:
        pytest.skip(f"backend coreml {state.reason}")


@pytest.fixture(scope="session")
def converts() -> None:
    """Skips where coremltools is not installed."""
    if importlib.util.find_spec("coremltools") is None:
        pytest.skip("coremltools is not installed")


@pytest.fixture(scope="session")
def fixtures() -> Embedded:
    """The embedded model, pictures and recordings."""
    return embedded(FIXTURES)


@pytest.fixture(scope="session")
def programs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that tests share, so that each program is converted once."""
    return tmp_path_factory.mktemp("programs")


@pytest.fixture(scope="session")
def embedded_data(fixtures: Embedded) -> Data:
    """The embedded model and recordings."""
    return Data(fixtures.model.parent, fixtures.recordings, fixtures.pictures)


@pytest.fixture(scope="session")
def real_data(openface_data: Path) -> Data:
    """OpenFace's own; skips where they are absent."""
    return Data(openface_data / "model", openface_data / "golden", openface_data / "samples")


@pytest.fixture
def as_on_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has the backends; programs cannot be loaded."""
    entries = (
        replace(entry, state=lambda: State(True, "is there"))
        if entry.name.startswith("coreml")
        else entry
        for entry in registry.ENTRIES
    )
    monkeypatch.setattr(registry, "ENTRIES", tuple(entries))


@pytest.fixture
def interpreted(as_on_a_mac: None, converts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has the backends and interprets programs."""
    monkeypatch.setattr(prediction, "load_program", interpreter())
