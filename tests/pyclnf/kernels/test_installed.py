"""Where a clone's sources find the extension that was compiled from them."""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from pyclnf import kernels

EXTENSION = f"_kernels{EXTENSION_SUFFIXES[0]}"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The folders of a clone's kernels and of installed ones; the latter have an extension."""
    clone, installed = (tmp_path / where / "pyclnf" / "kernels" for where in ("clone", "site"))
    for folder in (clone, installed):
        (folder / "simd").mkdir(parents=True)
        (folder / "_kernels.pyx").write_text("one")
        (folder / "simd" / "lanes.h").write_text("two")
    (installed / EXTENSION).touch()
    monkeypatch.setattr(kernels, "_HERE", clone)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "clone"), str(tmp_path / "site")])
    return clone, installed


def test_an_extension_of_the_same_sources_is_used(folders: tuple[Path, Path]):
    assert kernels._installed() == [str(folders[1])]


def test_an_extension_of_other_sources_is_not(folders: tuple[Path, Path]):
    (folders[0] / "simd" / "lanes.h").write_text("three")
    assert kernels._installed() == []


def test_the_clone_has_its_own(folders: tuple[Path, Path]):
    (folders[0] / EXTENSION).touch()
    assert kernels._installed() == []


def test_nothing_is_installed(folders: tuple[Path, Path]):
    (folders[1] / EXTENSION).unlink()
    assert kernels._installed() == []
