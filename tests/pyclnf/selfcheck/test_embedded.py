"""An installed package's copy of the fixtures; those of a clone: tests/fixtures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.fixture_faces import FIXTURES

import openface_bridge.fixtures
from pyclnf.selfcheck.embedded import FixtureError, embedded


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Model and pictures without all else, where an installed package has them."""
    folder = tmp_path / "installed"
    for name in ("model", "pictures"):
        shutil.copytree(FIXTURES / "data" / name, folder / "data" / name)
    for name in ("SHA256SUMS", "data/faces.json"):
        shutil.copy(FIXTURES / name, folder / name)
    monkeypatch.delenv("PYCLNF_FIXTURES", raising=False)
    monkeypatch.setattr("pyclnf.selfcheck.embedded._OF_THE_CLONE", tmp_path / "nowhere")
    monkeypatch.setattr("pyclnf.selfcheck.embedded._INSTALLED", folder)
    return folder


def test_model_and_pictures_are_enough(installed: Path):
    found = embedded()
    assert found.folder == installed
    assert len(found.faces) == 22
    assert all(face.picture.is_file() for face in found.faces)


def test_damage_is_seen(installed: Path):
    (installed / "data" / "model" / "pdm.txt").write_text("")
    with pytest.raises(FixtureError, match=r"pdm\.txt: is not the file .* install pyclnf again"):
        embedded()


def test_the_bridge_needs_recordings(installed: Path):
    with pytest.raises(FixtureError, match=r"has no fits of OpenFace's. They come with a clone"):
        openface_bridge.fixtures.embedded()
