"""What PyInstaller is told: found as it finds it, and run without it."""

from __future__ import annotations

import runpy
import shutil
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pyclnf._pyinstaller import get_hook_dirs
from pyclnf.selfcheck.embedded import embedded


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the hook says, in this process."""
    pyinstaller = ModuleType("PyInstaller")
    pyinstaller.isolated = ModuleType("PyInstaller.isolated")  # type: ignore[attr-defined]
    pyinstaller.isolated.call = lambda function: function()
    monkeypatch.setitem(sys.modules, "PyInstaller", pyinstaller)
    [folder] = get_hook_dirs()
    return runpy.run_path(str(Path(folder) / "hook-pyclnf.py"))


def test_pyinstaller_finds_the_hook():
    found = [each for each in entry_points(group="pyinstaller40") if "pyclnf" in each.value]
    if not found:
        pytest.skip("pyclnf is not installed here")
    assert [(each.name, each.load()) for each in found] == [("hook-dirs", get_hook_dirs)]


def test_the_files_that_pyclnf_reads_go_into_the_application(hook: dict[str, Any], tmp_path: Path):
    for source, folder in hook["datas"]:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, tmp_path / folder)
    assert (tmp_path / "pyclnf" / "store" / "openface.json").is_file()
    found = embedded(tmp_path / "pyclnf" / "selfcheck" / "fixtures")
    assert found.model.is_file()
    assert len(found.faces) == 22
    endings = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert endings == {"", ".bin", ".json", ".png", ".txt"}


def test_backends_that_are_large_do_not(hook: dict[str, Any]):
    assert set(hook["excludedimports"]) == {"cupy", "coremltools"}
