from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support import naive
from support.model_files import expert_at, small_ccnf

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.experts.ccnf import ViewExperts, neuron_responses, response_maps, shifted_to_zero
from pyclnf.experts.sigma import sigma_matrices
from pyclnf.model import CCNFExpert

WINDOW = 7
PATCHES = small_ccnf(0.25, n_landmarks=20, windows=(WINDOW,), support=5)
COMPONENTS = PATCHES.sigma_components[WINDOW]
EXPERTS = tuple(expert_at(PATCHES, 0, landmark) for landmark in range(20))
TOLERANCE = 2e-5
"""Of a map's maximum. A neuron's argument, of size 40, is rounded at 2**-24 of that a few times."""


def draw_areas(count: int, side: int = WINDOW + 4, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return noise with something bright in it; nothing is symmetric."""
    rng = np.random.default_rng([count, side, seed])
    return rng.uniform(40, 90, (count, side, side)).astype(np.float32) + 2 * np.arange(side)


def maps_of(
    experts: tuple[CCNFExpert, ...],
    areas: npt.NDArray[np.float32],
    arithmetic: Arithmetic,
    components: npt.NDArray[np.float32] | None = COMPONENTS,
) -> npt.NDArray[np.float32]:
    prepared = ViewExperts.prepare(experts)
    sigmas = sigma_matrices(prepared.alpha_sums, prepared.betas, components, WINDOW, arithmetic)
    return response_maps(areas, prepared, sigmas, arithmetic)


def assert_maps_are(
    maps: npt.NDArray, areas: npt.NDArray, experts: Sequence[CCNFExpert], components=COMPONENTS
) -> None:
    for found, area, expert in zip(maps, areas, experts, strict=True):
        expected = naive.response_map(area, expert, components)
        np.testing.assert_allclose(found, expected, atol=TOLERANCE * expected.max())


def changed(expert: CCNFExpert, **changes: npt.ArrayLike) -> CCNFExpert:
    arrays: dict[str, Any] = {name: np.asarray(values) for name, values in changes.items()}
    return dataclasses.replace(expert, **arrays)


def test_window_by_window_and_neuron_by_neuron(arithmetic: Arithmetic):
    areas = draw_areas(20)
    maps = maps_of(EXPERTS, areas, arithmetic)
    assert maps.dtype == np.float32
    assert maps.shape == (20, WINDOW, WINDOW)
    assert_maps_are(maps, areas, EXPERTS)


def test_without_edge_features(arithmetic: Arithmetic):
    areas = draw_areas(3)
    maps = maps_of(EXPERTS[:3], areas, arithmetic, components=None)
    assert_maps_are(maps, areas, EXPERTS[:3], components=None)


def test_experts_of_openface_size(arithmetic: Arithmetic):
    patches = small_ccnf(0.5, n_landmarks=3, windows=(3,), n_neurons=7, support=11)
    experts = patches.experts[0]
    prepared = ViewExperts.prepare(experts)
    components = patches.sigma_components[3]
    sigmas = sigma_matrices(prepared.alpha_sums, prepared.betas, components, 3, arithmetic)
    areas = draw_areas(3, 13)
    maps = response_maps(areas, prepared, sigmas, arithmetic)
    assert_maps_are(maps, areas, [e for e in experts if e is not None], components)


def test_a_blob_is_found_where_it_is(arithmetic: Arithmetic):
    y, x = np.indices((WINDOW + 4, WINDOW + 4))
    for blob_x, blob_y in [(1, 5), (4, 0), (3, 3)]:
        squared = (x - 2 - blob_x) ** 2 + (y - 2 - blob_y) ** 2
        area = (50 + 150 * np.exp(-squared / (2 * 1.75**2))).astype(np.float32)
        (found,) = maps_of(EXPERTS[:1], area[None], arithmetic)
        assert np.unravel_index(found.argmax(), found.shape) == (blob_y, blob_x)


def test_negative_maps_are_lifted(arithmetic: Arithmetic):
    # Components with negative weights let far pixels inhibit each other.
    far = -np.ones((2, WINDOW**2, WINDOW**2), np.float32) + np.eye(WINDOW**2, dtype=np.float32)
    experts = tuple(changed(expert, betas=[-0.1, 0.0]) for expert in EXPERTS[:4])
    areas = draw_areas(4)
    maps = maps_of(experts, areas, arithmetic, far)
    lowest = [
        (naive.sigma(e, far, WINDOW) @ naive.raw_responses(a, e).ravel()).min()
        for e, a in zip(experts, areas, strict=True)
    ]
    assert max(lowest) < 0
    assert_maps_are(maps, areas, experts, far)
    np.testing.assert_array_equal(maps.min(axis=(1, 2)), 0)


def test_only_negative_maps_are_lifted():
    maps = np.array([[3, 1, 2], [-2, 5, -1], [0, 4, 0]], np.float32)
    lifted = shifted_to_zero(maps)
    np.testing.assert_array_equal(lifted, [[3, 1, 2], [0, 7, 1], [0, 4, 0]])


def test_weak_neurons_are_skipped_but_counted(arithmetic: Arithmetic):
    strong = EXPERTS[0]
    weak = changed(strong, alphas=[strong.alphas[0], 1e-4, strong.alphas[2]])
    first_and_last = [0, 2]
    without = dataclasses.replace(
        strong,
        **{
            name: getattr(weak, name)[first_and_last]
            for name in ("weights", "norms", "biases", "alphas", "neuron_types")
        },
    )
    prepared = [ViewExperts.prepare((expert,)) for expert in (weak, without)]
    assert prepared[0].alpha_sums[0] == np.float32(
        np.float32(np.float32(weak.alphas[0]) + 1e-4) + weak.alphas[2]
    )
    assert prepared[0].alpha_sums[0] > prepared[1].alpha_sums[0]
    sigmas = np.full((1, 1, 1), 0.1, np.float32)
    one, other = (response_maps(draw_areas(1), each, sigmas, arithmetic) for each in prepared)
    np.testing.assert_array_equal(one, other)


def test_a_neuron_just_above_the_limit_counts(arithmetic: Arithmetic):
    alone = changed(EXPERTS[0], alphas=[0.0, 1.001e-4, 0.0])
    (found,) = maps_of((alone,), draw_areas(1), arithmetic, None)
    assert found.max() > 0
    assert_maps_are(found[None], draw_areas(1), (alone,), None)
    silent = changed(EXPERTS[0], alphas=[1e-4, 1e-4, 1e-4])
    (nothing,) = maps_of((silent,), draw_areas(1), arithmetic, None)
    assert not nothing.any()


def test_landmarks_may_have_different_numbers_of_neurons(arithmetic: Arithmetic):
    experts = tuple(
        expert_at(small_ccnf(0.25, seed, 1, windows=(3,), n_neurons=neurons, support=5))
        for seed, neurons in enumerate([1, 5, 3])
    )
    areas = draw_areas(3)
    together = maps_of(experts, areas, arithmetic)
    assert_maps_are(together, areas, experts)
    for n, expert in enumerate(experts):
        alone = maps_of((expert,), areas[n : n + 1], arithmetic)[0]
        np.testing.assert_allclose(together[n], alone, atol=TOLERANCE * alone.max())


def test_landmarks_do_not_depend_on_each_other():
    areas = draw_areas(20)
    together = maps_of(EXPERTS, areas, ReferenceOrder())
    for n in (0, 5, 16, 17, 19):
        alone = maps_of(EXPERTS[n : n + 1], areas[n : n + 1], ReferenceOrder())
        np.testing.assert_array_equal(together[n], alone[0])


def test_flat_areas_give_the_same_response_everywhere(arithmetic: Arithmetic):
    areas = np.full((2, WINDOW + 4, WINDOW + 4), 77, np.float32)
    for found, expert in zip(maps_of(EXPERTS[:2], areas, arithmetic, None), EXPERTS, strict=False):
        responses = 2 * expert.alphas / (1 + np.exp(-expert.biases))
        expected = responses.sum() / (2 * expert.alphas.sum())
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE)


def test_sums_of_neurons_are_rounded_one_after_another():
    rng = np.random.default_rng(1)
    sums = rng.normal(0, 8, (2, 5, 9)).astype(np.float32)
    alphas = rng.uniform(0, 5, (2, 5))
    responses = neuron_responses(sums, alphas)
    for n in range(2):
        for x in range(3):
            for y in range(3):
                total = np.float32(0)
                for k in range(5):
                    exponential = np.float32(np.exp(-sums[n, k, 3 * x + y].astype(np.float64)))
                    total = np.float32(total + 2 * alphas[n, k] / (1 + float(exponential)))
                # Windows came column by column.
                assert abs(responses[n, 3 * y + x] - total) <= np.spacing(total)


def test_extreme_arguments_saturate():
    sums = np.array([[[-3e38, -200, 200, 3e38]]], np.float32)
    responses = neuron_responses(sums, np.array([[1.5]]))
    np.testing.assert_array_equal(responses, [[0, 3, 0, 3]])  # transposed


def test_gathered_arrays():
    experts = (EXPERTS[0], None, EXPERTS[2])
    prepared = ViewExperts.prepare(experts)
    assert prepared.visible.tolist() == [True, False, True]
    assert prepared.support == 5
    confidences = [EXPERTS[0].confidence, 0, EXPERTS[2].confidence]
    np.testing.assert_array_equal(prepared.confidences, np.array(confidences, np.float32))
    np.testing.assert_array_equal(prepared.betas, [EXPERTS[0].betas, EXPERTS[2].betas])
    bias, weights = prepared.weights[1, 1, 0], prepared.weights[1, 1, 1:].reshape(5, 5)
    assert bias == np.float32(EXPERTS[2].biases[1])
    scaled = EXPERTS[2].weights[1] * np.float32(EXPERTS[2].norms[1])
    np.testing.assert_array_equal(weights.T, scaled)  # column by column


@pytest.mark.parametrize("landmarks", [1, 5])
def test_a_view_in_which_nothing_is_visible(arithmetic: Arithmetic, landmarks: int):
    prepared = ViewExperts.prepare((None,) * landmarks)
    assert not prepared.visible.any()
    assert not prepared.confidences.any()
    areas = np.zeros((0, WINDOW + prepared.support - 1, WINDOW + prepared.support - 1), np.float32)
    sigmas = sigma_matrices(prepared.alpha_sums, prepared.betas, COMPONENTS, WINDOW, arithmetic)
    assert response_maps(areas, prepared, sigmas, arithmetic).shape == (0, WINDOW, WINDOW)
