"""What the build backend compiles, and when."""

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
    for name in ("OPENFACE_BRIDGE", "PYCLNF_KERNELS", "OPENFACE_ROOT", "CMAKE_PREFIX_PATH", "CXX"):
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


def settings_of(backend: ModuleType, given: dict[str, str] | None = None) -> dict[str, str]:
    settings: dict[str, str] = backend._settings(given, backend._wanted())
    return settings


def is_compiled(settings: dict[str, str]) -> dict[str, bool]:
    """Which parts the settings have compiled."""
    cmake = settings.get("wheel.cmake") == "true"
    return {
        part: cmake and settings[f"cmake.define.{variable}"] == "ON"
        for part, variable in (("kernels", "PYCLNF_KERNELS"), ("bridge", "OPENFACE_BRIDGE"))
    }


def test_a_compiler_is_enough_for_the_kernels(backend: ModuleType, tmp_path: Path) -> None:
    assert is_compiled(settings_of(backend)) == {"kernels": True, "bridge": False}
    for tool in ("cmake", "ninja"):
        (tmp_path / "bin" / tool).unlink()
    assert is_compiled(settings_of(backend)) == {"kernels": True, "bridge": False}
    (tmp_path / "bin" / "c++").unlink()
    assert settings_of(backend) == {}


def test_cxx_names_a_compiler(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin" / "c++").rename(tmp_path / "bin" / "my-compiler")
    monkeypatch.setenv("CXX", "my-compiler -m64")
    assert is_compiled(settings_of(backend))["kernels"]


def test_an_openface_is_found(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install_openface(tmp_path)  # The prefix of bin/, which is on the path.
    assert is_compiled(settings_of(backend, {"a": "b"})) == {"kernels": True, "bridge": True}
    monkeypatch.setenv("OPENFACE_ROOT", str(tmp_path / "elsewhere"))
    assert is_compiled(settings_of(backend)) == {"kernels": True, "bridge": False}
    install_openface(tmp_path / "elsewhere")
    settings = settings_of(backend)
    assert settings["cmake.define.OPENFACE_ROOT"] == str(tmp_path / "elsewhere")


@pytest.mark.parametrize("tool", ["c++", "cmake", "ninja"])
def test_without_tools_there_is_no_bridge(backend: ModuleType, tmp_path: Path, tool: str) -> None:
    install_openface(tmp_path)
    (tmp_path / "bin" / tool).unlink()
    settings = settings_of(backend)
    assert is_compiled(settings) == {"kernels": tool != "c++", "bridge": False}


@pytest.mark.parametrize("variable", ["PYCLNF_KERNELS", "OPENFACE_BRIDGE"])
def test_users_decide(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    (tmp_path / "bin" / "c++").unlink()
    monkeypatch.setenv(variable, "on")
    assert settings_of(backend)[f"cmake.define.{variable}"] == "ON"
    (tmp_path / "bin" / "c++").touch(mode=0o755)
    install_openface(tmp_path)
    assert settings_of(backend, {"wheel.cmake": "false"}) == {"wheel.cmake": "false"}
    monkeypatch.setenv(variable, "OFF")
    assert settings_of(backend)[f"cmake.define.{variable}"] == "OFF"
    monkeypatch.setenv(variable, "perhaps")
    with pytest.raises(ValueError, match=f"{variable} must be AUTO, ON or OFF"):
        settings_of(backend)


def test_nothing_is_compiled_if_nobody_wants_it(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYCLNF_KERNELS", "OFF")
    assert settings_of(backend) == {}


def test_requirements(backend: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def names(given: dict[str, str] | None = None) -> set[str]:
        required: list[str] = backend._requires(lambda settings: [], given)
        return {requirement.split(">")[0] for requirement in required}

    assert names() == {"cython"}
    install_openface(tmp_path)
    assert names() == {"cython", "pybind11"}
    assert names({"wheel.cmake": "false"}) == set()
    assert names({"wheel.cmake": "true"}) == {"cython", "pybind11"}
    monkeypatch.setenv("PYCLNF_KERNELS", "OFF")
    assert names() == {"pybind11"}
    monkeypatch.setenv("OPENFACE_BRIDGE", "OFF")
    assert names() == set()


@pytest.mark.parametrize(
    ("broken", "built", "left_out"),
    [
        ("OPENFACE_BRIDGE", ["PYCLNF_KERNELS"], ["OPENFACE_BRIDGE"]),
        ("PYCLNF_KERNELS", [], ["OPENFACE_BRIDGE", "PYCLNF_KERNELS"]),
    ],
)
def test_a_failure_is_an_error_only_for_what_was_asked_for(
    backend: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    broken: str,
    built: list[str],
    left_out: list[str],
) -> None:
    def hook(folder: str, settings: dict[str, str]) -> str:
        if settings.get(f"cmake.define.{broken}") == "ON":
            raise RuntimeError("does not compile")
        variables = ("PYCLNF_KERNELS", "OPENFACE_BRIDGE")
        return " ".join(each for each in variables if settings.get(f"cmake.define.{each}") == "ON")

    install_openface(tmp_path)
    assert backend._build(hook, "out", None).split() == built
    warned = capsys.readouterr().err
    assert "failed (does not compile)" in warned
    assert all(f"going on without {name}." in warned for name in left_out)
    monkeypatch.setenv(broken, "ON")
    with pytest.raises(RuntimeError, match="does not compile"):
        backend._build(hook, "out", None)
