from __future__ import annotations

import numpy as np
import pytest
from support import exact, naive
from support.model_files import expert_at, small_ccnf

from pyclnf.arithmetic import Arithmetic
from pyclnf.experts.sigma import precision_matrices, sigma_matrices

PATCHES = small_ccnf(0.25, n_landmarks=20, windows=(11, 5, 3), n_betas=2)
EXPERTS = [expert_at(PATCHES, 0, landmark) for landmark in range(20)]
ALPHA_SUMS = np.array([expert.alphas.sum() for expert in EXPERTS], np.float32)
BETAS = np.array([expert.betas for expert in EXPERTS])
ROUNDING = 2.0**-24


@pytest.mark.parametrize("size", [3, 5, 11])
def test_precision_matrices(size: int):
    components = PATCHES.sigma_components[size]
    precisions = precision_matrices(ALPHA_SUMS, BETAS, components)
    assert precisions.dtype == np.float32
    for n, precision in enumerate(precisions):
        edges = sum(b * s.astype(np.float64) for b, s in zip(BETAS[n], components, strict=True))
        expected = 2 * (float(ALPHA_SUMS[n]) * np.eye(size**2) + edges)
        # β and three sums are rounded.
        np.testing.assert_allclose(precision, expected, rtol=4 * ROUNDING)


def test_terms_are_added_by_fused_multiply_adds():
    rng = np.random.default_rng(0)
    components = rng.normal(size=(3, 4, 4)).astype(np.float32)
    betas = rng.normal(size=(5, 3))
    precisions = precision_matrices(np.zeros(5, np.float32), betas, components)
    for n in range(5):
        weights = betas[n].astype(np.float32)
        sums = [
            exact.fused_sum(weights, components[:, i, j], range(3))
            for i in range(4)
            for j in range(4)
        ]
        np.testing.assert_array_equal(precisions[n].ravel(), 2 * np.array(sums))


@pytest.mark.parametrize("size", [5, 11])
def test_sigma_is_the_inverse(arithmetic: Arithmetic, size: int):
    components = PATCHES.sigma_components[size]
    sigmas = sigma_matrices(ALPHA_SUMS, BETAS, components, size, arithmetic)
    assert sigmas.dtype == np.float32
    for n, expert in enumerate(EXPERTS):
        expected = naive.sigma(expert, components, size)
        condition = np.linalg.cond(expected)
        bound = size**2 * condition * ROUNDING
        assert bound < 1e-3
        np.testing.assert_allclose(sigmas[n], expected, atol=bound * np.linalg.norm(expected, 2))


@pytest.mark.parametrize("size", [7, 13])
@pytest.mark.parametrize("components", [None, np.zeros((0, 0, 0), np.float32)])
def test_without_components_sigma_is_a_multiple_of_the_identity(
    arithmetic: Arithmetic, size: int, components: np.ndarray | None
):
    sigmas = sigma_matrices(ALPHA_SUMS, BETAS, components, size, arithmetic)
    assert sigmas.shape == (20, 1, 1)
    np.testing.assert_allclose(sigmas.ravel(), 0.5 / ALPHA_SUMS, rtol=6 * ROUNDING)
    full = arithmetic.invert(2 * ALPHA_SUMS[:, None, None] * np.eye(size**2, dtype=np.float32))
    np.testing.assert_array_equal(full, sigmas * np.eye(size**2, dtype=np.float32))


def test_neighbours_support_each_other(arithmetic: Arithmetic):
    components = PATCHES.sigma_components[5]
    sigma = sigma_matrices(ALPHA_SUMS[:1], BETAS[:1], components, 5, arithmetic)[0]
    centre = sigma[12].reshape(5, 5)
    assert centre[2, 2] > centre[2, 1] > centre[1, 1] > 0


def test_a_damaged_model_s_matrices_overflow_without_a_warning():
    sums, components = np.full(1, 3e38, np.float32), np.full((1, 4, 4), 1e10, np.float32)
    assert np.isinf(precision_matrices(sums, np.full((1, 1), 1e38), components)).all()
