from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import naive
from support.expert_files import small_svr

from pyclnf.experts import svr
from pyclnf.experts.svr import ViewExperts, correlations, gradients, standardised
from pyclnf.model import SVRExpert
from pyclnf.model.svr_file import GRADIENT, RAW


def experts(*modalities: int, support: int = 5, n: int = 3) -> list[SVRExpert]:
    patches = small_svr(0.25, 0, n, 1, modalities=modalities, support=support)
    return [expert for expert in patches.experts[0] if expert is not None]


def greys(side: int, n: int = 3, seed: int = 0) -> np.ndarray:
    """Return areas of interest as sampling gives them: multiples of 1/1024."""
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 255 * 1024, (n, side, side)) / 1024).astype(np.float32)


@pytest.mark.parametrize("modalities", [(RAW,), (GRADIENT,), (RAW, GRADIENT), (1, 0, 0)])
@pytest.mark.parametrize("window", [3, 7])
def test_maps_against_the_formulas(modalities: tuple[int, ...], window: int):
    seen, areas = experts(*modalities), greys(window + 4)
    found = svr.response_maps(areas, ViewExperts.prepare(seen))
    assert found.shape == (3, window, window)
    assert found.dtype == np.float32
    expected = np.stack([naive.svr_map(*pair) for pair in zip(areas, seen, strict=True)])
    np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_landmarks_with_other_modalities_than_their_neighbours():
    mixed = [experts(RAW)[0], experts(GRADIENT)[1], experts(GRADIENT, RAW, RAW)[2]]
    areas = greys(9)
    found = svr.response_maps(areas, ViewExperts.prepare(mixed))
    for one, area, expert in zip(found, areas, mixed, strict=True):
        alone = svr.response_maps(area[None], ViewExperts.prepare([expert]))[0]
        np.testing.assert_array_equal(one, alone)
        np.testing.assert_allclose(one, naive.svr_map(area, expert), rtol=2e-6)


def test_invisible_landmarks_and_confidences():
    first, second, _ = experts(RAW, GRADIENT)
    view = ViewExperts.prepare([first, None, second])
    assert view.visible.tolist() == [True, False, True]
    expected = sum(modality.confidence for modality in second.modalities)
    assert view.confidences[2] == pytest.approx(expected, rel=1e-6)
    assert view.confidences[1] == 0
    assert view.support == 5
    for array in (view.visible, view.confidences):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_nobody_visible():
    view = ViewExperts.prepare([None, None])
    assert svr.response_maps(np.zeros((0, 7, 7), np.float32), view).shape == (0, 7, 7)


@given(seed=st.integers(0, 2**32 - 1), factor=st.integers(1, 40), lift=st.integers(0, 100))
@settings(max_examples=30)
def test_correlation_knows_neither_brightness_nor_contrast(seed: int, factor: int, lift: int):
    rng = np.random.default_rng(seed)
    areas = rng.integers(0, 100, (2, 9, 9)).astype(np.float32)
    weights = rng.standard_normal((2, 5, 5)).astype(np.float32)
    one = correlations(areas, weights)
    other = correlations(areas * np.float32(factor) + np.float32(lift), weights)
    assert np.abs(one).max() <= 1
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_correlation_with_itself():
    areas = greys(5)
    np.testing.assert_allclose(correlations(areas, areas), 1, rtol=1e-6)
    np.testing.assert_allclose(correlations(areas, -areas), -1, rtol=1e-6)


def test_windows_without_contrast_correlate_with_nothing():
    weights = np.random.default_rng(0).standard_normal((1, 3, 3)).astype(np.float32)
    assert not correlations(np.zeros((1, 5, 5), np.float32), weights).any()


def test_weights_without_contrast_correlate_with_everything():
    weights = np.full((1, 3, 3), 0.25, np.float32)
    np.testing.assert_array_equal(correlations(greys(5, 1), weights), np.ones((1, 3, 3)))


def test_standardised_areas():
    areas = greys(11)
    found = standardised(areas)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=(1, 2)), 1, rtol=1e-6)
    assert not standardised(np.full((1, 5, 5), 7, np.float32)).any()


def test_gradients():
    areas = greys(6)
    expected = np.stack([naive.squared_gradient(area) for area in areas.astype(np.float64)])
    np.testing.assert_allclose(gradients(areas), expected, rtol=1e-6)


def test_huge_arguments_saturate():
    (expert,) = experts(RAW, n=1)
    (modality,) = expert.modalities
    for bias, value in ((1e300, 1), (-1e300, 0)):
        extreme = dataclasses.replace(modality, bias=bias)
        view = ViewExperts.prepare([dataclasses.replace(expert, modalities=(extreme,))])
        assert (svr.response_maps(greys(7, 1), view) == value).all()
