"""The files that OpenFace comes with, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.model_files import ccnf_bytes

from pyclnf.model import read_ccnf, read_manifest, read_pdm
from pyclnf.model.text_matrix import TextMatrixReader

PATCHES = "patch_experts/ccnf_patches_"
EYE = "model_eye/" + PATCHES.replace("ccnf", "{}ccnf")
GENERAL = ("0.25", "0.35", "0.5")
WILD = ("0.25", "0.35", "0.5", "1")
CCNF_FILES = {
    **{f"{PATCHES}{scale}_general.txt": (float(scale), 7, 68) for scale in GENERAL},
    **{f"{PATCHES}{scale}_wild.txt": (float(scale), 3, 68) for scale in WILD},
    f"model_inner/{PATCHES}1.00_inner.txt": (1.0, 7, 51),
    **{
        f"{EYE.format(side)}{scale}_synth_lid_.txt": (float(scale), 1, 28)
        for side in ("", "left_")
        for scale in ("1.00", "1.50")
    },
}
PDM_FILES = {
    "pdms/In-the-wild_aligned_PDM_68.txt": (68, 34),
    "model_inner/pdms/pdm_51_inner.txt": (51, 32),
    "model_eye/pdms/pdm_28_eye_3D_closed.txt": (28, 10),
    "model_eye/pdms/pdm_28_l_eye_3D_closed.txt": (28, 10),
}
MANIFESTS = {
    "main_clnf_general.txt": (3, ["inner", "left_eye_28", "right_eye_28"]),
    "main_clnf_wild.txt": (4, ["left_eye_28", "right_eye_28"]),
    "model_inner/main_clnf_inner.txt": (1, []),
    "model_eye/main_clnf_synth_left.txt": (2, []),
    "model_eye/main_clnf_synth_right.txt": (2, []),
}


@pytest.fixture
def model(openface_data: Path) -> Path:
    return openface_data / "model"


@pytest.mark.parametrize("name", CCNF_FILES)
def test_ccnf(name: str, model: Path):
    patches = read_ccnf(model / name)
    assert (patches.scale, patches.n_views, patches.n_landmarks) == CCNF_FILES[name]
    # Nothing is lost, added or taken for something else: writing it gives the same bytes.
    assert ccnf_bytes(patches) == (model / name).read_bytes()


@pytest.mark.parametrize("name", CCNF_FILES)
def test_every_ccnf_expert_is_of_the_usual_kind(name: str, model: Path):
    patches = read_ccnf(model / name)
    experts = [expert for view in patches.experts for expert in view if expert is not None]
    assert len(experts) == patches.visibility.sum()
    assert {expert.weights.shape for expert in experts} == {(7, 11, 11)}
    assert {kind for expert in experts for kind in expert.neuron_types.tolist()} == {0}
    assert {7, 9, 11, 15} <= set(patches.sigma_components)


@pytest.mark.parametrize("name", PDM_FILES)
def test_pdm(name: str, model: Path):
    pdm = read_pdm(model / name)
    assert (pdm.n_landmarks, pdm.n_modes) == PDM_FILES[name]
    gram = pdm.components.T.astype(np.float64) @ pdm.components
    assert np.all(np.abs(np.diag(gram) - 1.0) < 0.5)


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifest(name: str, model: Path):
    manifest = read_manifest(model / name)
    scales, parts = MANIFESTS[name]
    assert len(manifest.detector.ccnf) == scales
    assert [part.name for part in manifest.parts] == parts
    for part in manifest.parts:
        pdm = read_pdm(read_manifest(part.manifest).detector.pdm)
        assert all(whole < 68 and index < pdm.n_landmarks for whole, index in part.pairs)


def test_other_text_matrices(model: Path):
    conversion = TextMatrixReader.open(model / "haarAlign.txt")
    assert conversion.matrix("conversion").shape == (3, 4)
    conversion.finish()
    triangulations = TextMatrixReader.open(model / "tris_68.txt")
    triangulations.skip_comments()
    for _ in range(triangulations.integer("number of triangulations")):
        triangles = triangulations.matrix("triangles", (None, 3))
        assert 0 <= triangles.min() <= triangles.max() < 68
    triangulations.finish()
