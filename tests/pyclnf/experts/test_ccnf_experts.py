from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.model_files import expert_at, small_ccnf

from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.experts.sigma import sigma_matrices
from pyclnf.model import CCNFExpert, CCNFPatchExperts, ModelFileError

COARSE, FINE = (
    small_ccnf(scale, n_landmarks=6, windows=windows, support=5)
    for scale, windows in [(0.25, (5,)), (0.5, (3, 5))]
)
PATH = Path("patches.txt")


def gather(*scales: CCNFPatchExperts, n_landmarks: int = 6) -> CCNFExperts:
    return CCNFExperts(list(scales), [PATH] * len(scales), n_landmarks, RoundedOnce())


def with_expert(patches: CCNFPatchExperts, expert: CCNFExpert) -> CCNFPatchExperts:
    """Replace the expert of landmark 2 in view 1."""
    views = [list(view) for view in patches.experts]
    views[1][2] = expert
    return dataclasses.replace(patches, experts=tuple(map(tuple, views)))


def test_scales_views_and_centres():
    experts = gather(COARSE, FINE)
    assert experts.patch_scales == (0.25, 0.5)
    expected = np.array([[0, 0, 0], [0, -np.pi / 6, 0]])
    np.testing.assert_allclose(experts.scales[1].centers, expected)
    assert experts.view(0, 1).visible.tolist() == [True] * 4 + [False] * 2
    bias = experts.view(1, 1).weights[3, 0, 0]
    assert bias == np.float32(expert_at(FINE, 1, 3).biases[0])


def test_components_of_the_last_file_serve_all_scales():
    other = {5: 2 * COARSE.sigma_components[5]}
    coarse = dataclasses.replace(COARSE, sigma_components=other)
    experts = gather(coarse, FINE)
    prepared = experts.view(0, 0)
    expected = sigma_matrices(
        prepared.alpha_sums, prepared.betas, FINE.sigma_components[5], 5, RoundedOnce()
    )
    np.testing.assert_array_equal(experts.sigmas(0, 0, 5), expected)
    assert np.any(gather(coarse).sigmas(0, 0, 5) != expected)


def test_a_window_without_components():
    assert gather(COARSE, FINE).sigmas(0, 1, 7).shape == (4, 1, 1)


def test_what_is_prepared_is_kept():
    experts = gather(COARSE, FINE)
    assert experts.view(1, 0) is experts.view(1, 0)
    assert experts.sigmas(1, 0, 3) is experts.sigmas(1, 0, 3)
    assert experts.kernels(3, 1.5) is experts.kernels(3, 1.5)
    assert experts.kernels(3, 1.5) is not experts.kernels(3, 1.75)
    assert experts.kernels(3, 1.75).sigma == 1.75
    assert experts.kernels(5, 1.5).window_size == 5


def test_what_is_kept_cannot_be_changed():
    experts = gather(COARSE, FINE)
    view = experts.view(1, 0)
    kept = [experts.sigmas(1, 0, 3), experts.sigmas(1, 0, 7), experts.kernels(3, 1.5).kernels]
    for array in (*kept, view.visible, view.confidences, view.weights, view.alphas, view.betas):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_kernels_of_many_sigmas_are_not_all_kept():
    experts = gather(COARSE)
    first = experts.kernels(3, 1.0)
    assert experts.kernels(3, 1.0) is first
    for sigma in np.linspace(1.25, 2, 50):
        assert experts.kernels(3, sigma).sigma == sigma
    assert experts.kernels(3, 2.0) is experts.kernels(3, 2.0)
    again = experts.kernels(3, 1.0)
    assert again is not first
    np.testing.assert_array_equal(again.kernels, first.kernels)


def test_threads_share_what_is_prepared():
    experts = gather(COARSE, FINE)
    with ThreadPoolExecutor(8) as pool:
        sigmas = list(pool.map(lambda _: experts.sigmas(1, 0, 5), range(16)))
    assert all(each is sigmas[0] for each in sigmas)


def test_another_number_of_landmarks_is_refused():
    with pytest.raises(ModelFileError, match="7 landmarks of the model's PDM, found 6") as caught:
        gather(COARSE, n_landmarks=7)
    assert caught.value.path == PATH


@pytest.mark.parametrize(("height", "width"), [(5, 3), (3, 3)])
def test_supports_must_be_square_and_alike(height: int, width: int):
    weights = np.zeros((3, height, width), np.float32)
    narrow = dataclasses.replace(expert_at(COARSE), width=width, height=height, weights=weights)
    with pytest.raises(ModelFileError, match="one square support"):
        gather(FINE, with_expert(COARSE, narrow))


def test_neurons_must_look_at_raw_intensity():
    gradient = dataclasses.replace(expert_at(COARSE), neuron_types=np.array([0, 1, 0], np.int32))
    with pytest.raises(ModelFileError, match=r"raw intensity .* found types \[0, 1\]"):
        gather(with_expert(COARSE, gradient))
