"""Which model fits a setting, and which traces can have come from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.model_files import write_lines, write_small_model

from openface_bridge.parity.models import Models
from openface_bridge.trace import TraceError
from pyclnf import ModelFileError


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Manifests as OpenFace names them, all of one model."""
    write_small_model(tmp_path, n_landmarks=5, n_modes=2, windows=(3,), support=3, scales=(0.25,))
    for name in ("main_clnf_general.txt", "main_clnf_wild.txt", "main.txt"):
        write_lines(tmp_path / name, ["LandmarkDetector clnf.txt"])
    return tmp_path


def test_wild_model_stands_beside_the_general_one(model_folder: Path):
    models = Models("numpy", model_folder / "main_clnf_general.txt", {})
    assert models.manifest("default").name == "main_clnf_general.txt"
    assert models.manifest("weighted").name == "main_clnf_general.txt"
    assert models.manifest("wild").name == "main_clnf_wild.txt"


def test_without_a_wild_model_the_one_there_is(model_folder: Path):
    (model_folder / "main_clnf_wild.txt").unlink()
    for name in ("main_clnf_general.txt", "main.txt"):
        models = Models("numpy", model_folder / name, {})
        assert models.manifest("wild") == model_folder / name


def test_models_of_one_setting_come_first(model_folder: Path):
    override = model_folder / "main.txt"
    models = Models("numpy", model_folder / "main_clnf_general.txt", {"wild": override})
    assert models.manifest("wild") == override
    assert models.manifest("default").name == "main_clnf_general.txt"


def test_no_model_for_a_setting(model_folder: Path):
    models = Models("numpy", None, {"wild": model_folder / "main.txt"})
    assert models.manifest("wild").name == "main.txt"
    with pytest.raises(TraceError, match="fits of setting 'default', but no model for it"):
        models.backend("default")


def test_models_are_loaded_once(model_folder: Path):
    models = Models("numpy-exact", model_folder / "main_clnf_general.txt", {})
    assert models.backend("default") is models.backend("weighted")
    assert models.backend("default") is not models.backend("wild")
    assert models.backend("default").name == "numpy-exact"


def test_missing_model(tmp_path: Path):
    with pytest.raises(ModelFileError):
        Models("numpy", tmp_path / "main.txt", {}).backend("default")


def test_unknown_backend(model_folder: Path):
    with pytest.raises(ValueError, match="backend: there is none called 'abacus'"):
        Models("abacus", model_folder / "main.txt", {}).backend("default")
