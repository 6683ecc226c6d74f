from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.networks import write_face_detector

from pyclnf import CLNF
from pyclnf.store.errors import StoreError
from pyclnf.store.install import find_model_folder, install_models
from pyclnf.store.official import OfficialFiles, official_files


@pytest.mark.parametrize(
    "place",
    [
        ".",
        "model",
        "lib/local/LandmarkDetector/model",
        "bin/model",
        "build/bin/model",
        "etc/OpenFace/model",
        "share/OpenFace/model",
    ],
)
def test_every_place_is_found(place: str, tmp_path: Path):
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main_clnf_general.txt").touch()
    assert find_model_folder(tmp_path).resolve() == folder.resolve()


@pytest.mark.parametrize("missing", ["", "nowhere"])
def test_no_openface(missing: str, tmp_path: Path):
    with pytest.raises(StoreError, match="name the folder of an OpenFace"):
        find_model_folder(tmp_path / missing)


def test_install_and_use(models: Path, source: Path, official: OfficialFiles):
    (source / "LICENSE.txt").write_text("yours")
    (source / "unrelated.dat").write_bytes(b"x" * 100)
    installed = install_models(source, official)
    assert installed.folder == models / "openface"
    assert installed.models[0].usable
    assert {file.verdict for file in installed.models[0].files} == {"known official file"}
    copied = {path.name for path in installed.folder.rglob("*")}
    assert "unrelated.dat" not in copied
    assert {"LICENSE.txt", "main_clnf_general.txt"} <= copied
    assert CLNF().n_landmarks == CLNF("general").n_landmarks == 12
    assert [path.name for path in models.iterdir()] == ["openface"]


def test_unknown_versions_are_told(models: Path, source: Path):
    installed = install_models(source, official_files())
    verdicts = {file.verdict for file in installed.models[0].files}
    assert "unknown version, parsed fine" in verdicts
    assert "known official file" not in verdicts


@pytest.mark.parametrize("cut", [1, 1000])
def test_a_damaged_file_stops_it(models: Path, source: Path, official: OfficialFiles, cut: int):
    expert = max(source.rglob("*"), key=lambda path: path.stat().st_size)
    expert.write_bytes(expert.read_bytes()[:-cut])
    with pytest.raises(StoreError, match=rf"nothing was installed: .*{expert.name}"):
        install_models(source, official)
    assert not models.exists()


def test_files_that_do_not_fit_each_other_stop_it(
    models: Path, source: Path, official: OfficialFiles
):
    from support.model_files import pdm_text, small_pdm

    pdm = next(path for path in source.rglob("*pdm*") if path.is_file())
    pdm.write_text(pdm_text(small_pdm(n_landmarks=11)))
    with pytest.raises(StoreError, match=r"nothing was installed: .*landmarks"):
        install_models(source, official)


def test_an_incomplete_model_is_left_out(models: Path, source: Path, official: OfficialFiles):
    (source / "main_clnf_demos.txt").write_text("LandmarkDetector nowhere.txt\n")
    installed = install_models(source, official)
    assert [model.manifest.name for model in installed.models] == ["main_clnf_general.txt"]
    assert [model.manifest.name for model in installed.left_out] == ["main_clnf_demos.txt"]
    assert "nowhere.txt" in installed.left_out[0].problem


def test_only_incomplete_models(models: Path, source: Path, official: OfficialFiles):
    (source / "main_clnf_general.txt").write_text("LandmarkDetector nowhere.txt\n")
    with pytest.raises(StoreError, match=r"no model is complete: .*nowhere"):
        install_models(source, official)


def test_a_face_detector_comes_along(models: Path, source: Path, official: OfficialFiles):
    folder = source / "mtcnn_detector"
    names = {"MTCNN_detector.txt", "proposal.dat", "refinement.dat", "output.dat"}
    write_face_detector(folder)
    installed = install_models(source, official)
    assert {file.path.name for file in installed.detector} == names
    assert all(file.parsed for file in installed.detector)
    assert {path.name for path in (models / "openface" / "mtcnn_detector").iterdir()} == names
    (folder / "proposal.dat").unlink()
    with pytest.raises(StoreError, match=r"nothing was installed: .*proposal"):
        install_models(source, official, replace=True)
    assert (models / "openface" / "mtcnn_detector" / "proposal.dat").is_file()


def test_files_outside_the_model_folder(models: Path, source: Path, official: OfficialFiles):
    detector = next(
        line.split()[1]
        for line in (source / "main_clnf_general.txt").read_text().splitlines()
        if line.startswith("LandmarkDetector ")
    )
    inner = source / "inner"
    inner.mkdir()
    (inner / "main_clnf_general.txt").write_text(f"LandmarkDetector ../{detector}\n")
    with pytest.raises(StoreError, match="lies outside the model folder"):
        install_models(inner, official)
    assert list(models.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("target", ["elsewhere", "source/another.txt"])
def test_links_are_copied_as_files(
    models: Path, source: Path, official: OfficialFiles, tmp_path: Path, target: str
):
    manifest = source / "main_clnf_general.txt"
    manifest.rename(tmp_path / target)
    manifest.symlink_to(tmp_path / target)
    installed = install_models(source, official)
    copied = installed.folder / manifest.name
    assert copied.read_bytes() == manifest.read_bytes()
    assert not copied.is_symlink()
    assert CLNF().n_landmarks == 12


def test_replacing(models: Path, source: Path, official: OfficialFiles):
    install_models(source, official)
    with pytest.raises(StoreError, match="installed there already"):
        install_models(source, official)
    install_models(source, official, replace=True)
    assert [path.name for path in models.iterdir()] == ["openface"]


def test_openfaces_own(models: Path, openface_data: Path):
    installed = install_models(openface_data, official_files())
    for model in installed.models:
        assert {file.verdict for file in model.files} == {"known official file"}
    assert {file.verdict for file in installed.detector} == {"known official file"}
    assert CLNF("wild").n_landmarks == CLNF().n_landmarks == 68
    assert {path.name for path in installed.folder.glob("*LICEN*")} != set()
