"""The small model that other tests fit faces with is a sound one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.model_files import draw_blobs, expert_at, small_ccnf, small_pdm, write_small_model

from pyclnf.model import read_ccnf, read_manifest, read_pdm


def test_can_be_read(tmp_path: Path):
    manifest = read_manifest(write_small_model(tmp_path))
    pdm = read_pdm(manifest.detector.pdm)
    assert (pdm.n_landmarks, pdm.n_modes) == (12, 4)
    patches = [read_ccnf(path) for path in manifest.detector.ccnf]
    assert [expert.scale for expert in patches] == [0.25, 0.35]
    for experts in patches:
        assert experts.visibility.sum(axis=1).tolist() == [12, 8]
        assert {n: len(s) for n, s in experts.sigma_components.items()} == {11: 2, 9: 2, 7: 2}
        assert expert_at(experts).weights.shape == (3, 11, 11)


def test_depends_on_nothing_but_the_seed(tmp_path: Path):
    contents = []
    for name, seed in [("first", 4), ("second", 4), ("third", 5)]:
        (tmp_path / name).mkdir()
        detector = read_manifest(write_small_model(tmp_path / name, seed)).detector
        contents.append([path.read_bytes() for path in (detector.pdm, *detector.ccnf)])
    assert contents[0] == contents[1]
    assert all(one != other for one, other in zip(contents[1], contents[2], strict=True))


def test_shape_is_face_like():
    pdm = small_pdm()
    extents = np.ptp(pdm.mean_shape.reshape(3, -1), axis=1)
    assert np.all((extents > [110, 110, 35]) & (extents < [170, 170, 65]))
    assert np.all(np.diff(pdm.eigenvalues) < 0)
    np.testing.assert_allclose(pdm.components.T @ pdm.components, np.eye(4), atol=1e-6)


def test_precision_matrices_are_positive_definite():
    patches = small_ccnf(0.25)
    expert = expert_at(patches)
    for size, components in patches.sigma_components.items():
        edges = np.tensordot(expert.betas, components, 1)
        precision = 2 * (expert.alphas.sum() * np.eye(size**2) + edges)
        np.testing.assert_array_equal(precision, precision.T)
        assert np.linalg.eigvalsh(precision).min() >= 1.999 * expert.alphas.sum()


def test_experts_respond_where_a_landmark_is():
    scale = 0.25
    picture = draw_blobs([[12.0, 9.0]], scale, (21, 25))
    windows = np.lib.stride_tricks.sliding_window_view(picture, (11, 11)).astype(np.float64)
    windows = windows - windows.mean(axis=(2, 3), keepdims=True)
    windows /= np.linalg.norm(windows, axis=(2, 3), keepdims=True)
    for weights in expert_at(small_ccnf(scale), 0, 3).weights:
        response = np.einsum("yxij,ij->yx", windows, weights)
        assert np.unravel_index(response.argmax(), response.shape) == (9 - 5, 12 - 5)
        assert response.max() > 0.8
