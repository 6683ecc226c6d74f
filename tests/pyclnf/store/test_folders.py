from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pyclnf
from openface_bridge.fixtures import embedded
from openface_bridge.pictures import read_picture
from pyclnf import CLNF, ModelNotFoundError
from pyclnf.detection import MTCNN
from pyclnf.store.folders import (
    face_detector_path,
    installed_face_detector,
    installed_models,
    model_path,
    models_folder,
)
from pyclnf.store.install import install_models
from pyclnf.store.official import OfficialFiles


def test_without_models_the_error_says_what_to_do(models: Path):
    with pytest.raises(ModelNotFoundError) as caught:
        CLNF()
    text = str(caught.value)
    assert "pyclnf model install --from" in text
    assert "pyclnf model download" in text
    assert str(models) in text


def test_the_embedded_model_is_never_found_by_itself(tmp_path: Path):
    root = Path(pyclnf.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYCLNF_MODELS": str(tmp_path)}
    finished = subprocess.run(
        [sys.executable, "-c", "import pyclnf; pyclnf.CLNF()"],
        cwd=Path(__file__).resolve().parents[3],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 1
    assert "no model 'general' is installed" in finished.stderr


def test_names(models: Path, source: Path, official: OfficialFiles):
    manifest = source / "main_clnf_general.txt"
    for name in ("clnf_wild", "clnf_multi-view", "ceclm_general"):
        (source / f"main_{name}.txt").write_bytes(manifest.read_bytes())
    install_models(source, official)
    folder = models / "openface"
    assert installed_models() == {
        "ceclm_general": folder / "main_ceclm_general.txt",
        "general": folder / "main_clnf_general.txt",
        "multi-view": folder / "main_clnf_multi-view.txt",
        "wild": folder / "main_clnf_wild.txt",
    }
    assert model_path() == model_path("general") == folder / "main_clnf_general.txt"
    assert model_path("wild") == folder / "main_clnf_wild.txt"
    assert model_path("multi-view") == folder / "main_clnf_multi-view.txt"
    with pytest.raises(
        ModelNotFoundError, match=r"no model 'wilt'.*ceclm_general, general, multi-view, wild"
    ):
        model_path("wilt")


@pytest.mark.parametrize(
    "path", ["main_clnf_general.txt", "model/general", "./general", Path("general")]
)
def test_a_path_is_a_path(path: str | Path, models: Path):
    assert model_path(path) == Path.cwd() / path


def test_a_file_comes_before_a_name(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("general").touch()
    assert model_path("general") == tmp_path / "general"


def test_users_folder(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PYCLNF_MODELS", raising=False)
    assert models_folder().is_absolute()
    assert models_folder().parts[-2:] == ("pyclnf", "models")


def test_face_detector(models: Path):
    assert face_detector_path() is None
    expected = models / "openface" / "mtcnn_detector" / "MTCNN_detector.txt"
    expected.parent.mkdir(parents=True)
    expected.touch()
    assert face_detector_path() == installed_face_detector() == expected


def test_no_face_detector(models: Path):
    with pytest.raises(ModelNotFoundError) as caught:
        MTCNN()
    assert f"no face detector is installed in {models}. " in str(caught.value)
    assert "pyclnf model install --from OPENFACE_DIR" in str(caught.value)


def test_the_installed_face_detector(models: Path):
    fixtures = embedded()
    shutil.copytree(fixtures.face_detector.parent, models / "openface" / "mtcnn_detector")
    face = next(face for face in fixtures.faces if face.name == "frontal01")
    picture = read_picture(face.picture)
    expected = MTCNN(fixtures.face_detector).detect(picture).boxes
    assert len(expected) == 1
    assert np.array_equal(MTCNN().detect(picture).boxes, expected)
