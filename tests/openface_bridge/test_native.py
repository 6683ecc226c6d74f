"""Finding the compiled bridge, and saying why there is none."""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

import pytest

from openface_bridge import native as finding
from openface_bridge.native import BridgeUnavailableError, is_available, native

STUB = Path(finding.__file__).with_name("_native.pyi")


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package without an extension beside it, none of which is loaded yet."""

    def missing(name: str) -> ModuleType:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(finding, "import_module", missing)
    monkeypatch.delitem(sys.modules, "openface_bridge._native", raising=False)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, stub: bytes) -> Path:
    """Let a distribution be installed in a folder, whose extension is no library."""
    name = f"_native{EXTENSION_SUFFIXES[0]}"
    package, metadata = folder / "openface_bridge", folder / "pyclnf-0.1.0.dist-info"
    package.mkdir()
    metadata.mkdir()
    (package / "_native.pyi").write_bytes(stub)
    (package / name).write_bytes(b"not a library")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: pyclnf\nVersion: 0.1.0\n")
    (metadata / "RECORD").write_text(f"openface_bridge/_native.pyi,,\nopenface_bridge/{name},,\n")
    monkeypatch.syspath_prepend(str(folder))
    return package / name


@pytest.mark.usefixtures("sources")
def test_the_installed_extension_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is no library, and says so: what matters is that it was tried."""
    extension = install(tmp_path, monkeypatch, STUB.read_bytes())
    with pytest.raises(BridgeUnavailableError, match="OPENFACE_BRIDGE=ON") as caught:
        native()
    assert str(extension) in str(caught.value)
    assert not is_available()
    assert "openface_bridge._native" not in sys.modules


@pytest.mark.usefixtures("sources")
def test_an_extension_of_another_state_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, STUB.read_bytes() + b"def more() -> None: ...\n")
    with pytest.raises(BridgeUnavailableError, match="compiled from other sources"):
        native()


@pytest.mark.usefixtures("sources")
def test_no_distribution(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(BridgeUnavailableError, match=r"No module named 'openface_bridge\._native'"):
        native()


def test_a_missing_library_is_not_a_missing_bridge(monkeypatch: pytest.MonkeyPatch):
    def broken(name: str) -> ModuleType:
        raise ImportError("libopenblas.so.0: cannot open shared object file", name=name)

    monkeypatch.setattr(finding, "import_module", broken)
    with pytest.raises(BridgeUnavailableError, match=r"libopenblas\.so\.0: cannot open"):
        native()
