"""When the build backend compiles the bridge."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("scikit_build_core", reason="the build backend runs on scikit-build-core")

BACKEND = Path(__file__).resolve().parents[1] / "build_backend" / "pyclnf_build.py"


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The backend on a machine with compiler and CMake, but nothing else."""
    spec = importlib.util.spec_from_file_location("pyclnf_build", BACKEND)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("OPENFACE_BRIDGE", "OPENFACE_ROOT", "CMAKE_PREFIX_PATH", "CXX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(module, "_SYSTEM_PREFIXES", ())
    (tmp_path / "bin").mkdir()
    for tool in ("c++", "cmake", "ninja"):
        (tmp_path / "bin" / tool).touch(mode=0o755)
    return module


def install_openface(prefix: Path) -> None:
    folder = prefix / "include" / "OpenFace"
    folder.mkdir(parents=True)
    (folder / "LandmarkCoreIncludes.h").touch()


def test_without_openface_nothing_is_compiled(backend: ModuleType) -> None:
    assert backend._settings(None) == {}


def test_an_openface_is_found(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install_openface(tmp_path)  # The prefix of bin/, which is on the path.
    assert backend._settings({"a": "b"})["wheel.cmake"] == "true"
    monkeypatch.setenv("OPENFACE_ROOT", str(tmp_path / "elsewhere"))
    assert backend._settings(None) == {}
    install_openface(tmp_path / "elsewhere")
    settings = backend._settings(None)
    assert settings["cmake.define.OPENFACE_ROOT"] == str(tmp_path / "elsewhere")


@pytest.mark.parametrize("tool", ["c++", "cmake", "ninja"])
def test_without_tools_nothing_is_compiled(backend: ModuleType, tmp_path: Path, tool: str) -> None:
    install_openface(tmp_path)
    (tmp_path / "bin" / tool).unlink()
    assert backend._settings(None) == {}


def test_users_decide(backend: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENFACE_BRIDGE", "on")
    assert backend._settings(None)["cmake.define.OPENFACE_BRIDGE"] == "ON"
    install_openface(tmp_path)
    assert backend._settings({"wheel.cmake": "false"}) == {"wheel.cmake": "false"}
    monkeypatch.setenv("OPENFACE_BRIDGE", "OFF")
    assert backend._settings(None) == {}
    monkeypatch.setenv("OPENFACE_BRIDGE", "perhaps")
    with pytest.raises(ValueError, match="AUTO, ON or OFF"):
        backend._settings(None)


def test_a_failure_is_an_error_only_if_the_bridge_was_asked_for(
    backend: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def hook(folder: str, settings: dict[str, str] | None) -> str:
        if settings:
            raise RuntimeError("does not compile")
        return "pure.whl"

    install_openface(tmp_path)
    assert backend._build(hook, "out", None) == "pure.whl"
    assert "could not be compiled (does not compile)" in capsys.readouterr().err
    monkeypatch.setenv("OPENFACE_BRIDGE", "ON")
    with pytest.raises(RuntimeError, match="does not compile"):
        backend._build(hook, "out", None)
