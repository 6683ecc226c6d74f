"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def openface_data() -> Path:
    """Folder with OpenFace's ``model``, ``golden`` and ``samples``; skips where it is absent."""
    configured = os.environ.get("PYCLNF_OPENFACE_DATA")
    folder = Path(configured) if configured else REPOSITORY.parent / "shared" / "openface"
    if not (folder / "model").is_dir():
        pytest.skip(f"no OpenFace data in {folder} (PYCLNF_OPENFACE_DATA names another folder)")
    return folder
