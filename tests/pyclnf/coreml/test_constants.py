"""The numbers of a program; needs no coremltools."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from support.model_files import expert_at, small_ccnf

from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.coreml.constants import ProgramConstants
from pyclnf.coreml.precision import FLOAT16, FLOAT32
from pyclnf.experts.ccnf import ViewExperts
from pyclnf.experts.sigma import sigma_matrices
from pyclnf.experts.windows import normalised_windows
from pyclnf.typing import Float32Array

WINDOW, SUPPORT, LANDMARKS = 7, 5, 6
PATCHES = small_ccnf(0.25, n_landmarks=LANDMARKS, windows=(WINDOW,), support=SUPPORT)
EXPERTS = ViewExperts.prepare(tuple(expert_at(PATCHES, 0, each) for each in range(LANDMARKS)))
SIGMAS = sigma_matrices(
    EXPERTS.alpha_sums, EXPERTS.betas, PATCHES.sigma_components[WINDOW], WINDOW, RoundedOnce()
)


def constants(
    experts: ViewExperts = EXPERTS, sigmas: Float32Array = SIGMAS, precision=FLOAT32
) -> ProgramConstants:
    return ProgramConstants.of(experts, sigmas, WINDOW, precision)


def sigma_of(made: ProgramConstants) -> npt.NDArray[np.float64]:
    """Put the parts of Sigma together again, without the powers of two."""
    assert made.neighbours is not None
    parts = made.neighbours.astype(np.float64).transpose(0, 2, 1, 3)
    size = WINDOW**2
    whole = parts.reshape(-1, size, size) + made.diagonal * np.eye(size)
    scaled: npt.NDArray[np.float64] = whole * made.units
    return scaled


def test_neurons_are_those_of_the_definition():
    areas = np.random.default_rng(0).uniform(0, 255, (LANDMARKS, 11, 11)).astype(np.float32)
    expected = np.matmul(EXPERTS.weights, normalised_windows(areas, SUPPORT), dtype=np.float64)
    made = constants()
    rows = np.lib.stride_tricks.sliding_window_view(areas, (SUPPORT, SUPPORT), (1, 2))
    windows = rows.reshape(LANDMARKS, WINDOW**2, SUPPORT**2).astype(np.float64)
    windows -= windows.mean(axis=2, keepdims=True)
    windows /= np.linalg.norm(windows, axis=2, keepdims=True)
    found = windows @ made.weights + made.biases
    by_row = expected.reshape(LANDMARKS, -1, WINDOW, WINDOW).transpose(0, 3, 2, 1)
    np.testing.assert_allclose(found, by_row.reshape(found.shape), atol=1e-4)


def test_sigma_is_that_of_the_definition():
    np.testing.assert_allclose(sigma_of(constants()), SIGMAS, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("magnitude", [2.0**-30, 2.0**-9, 1.0, 2.0**30])
def test_products_are_held_within_one(magnitude: float):
    made = constants(sigmas=SIGMAS * np.float32(magnitude), precision=FLOAT16)
    usual = constants(precision=FLOAT16)
    assert made.neighbours is not None
    assert usual.neighbours is not None
    assert made.neighbours.dtype == np.float16
    rows = np.abs(made.neighbours.astype(np.float64)).sum(axis=3).max(axis=(1, 2))
    assert ((rows <= 1.001) & (rows > 0.499)).all()
    # Powers of two change no digit: the same as for other magnitudes.
    assert made.neighbours.tobytes() == usual.neighbours.tobytes()
    assert made.diagonal.tobytes() == usual.diagonal.tobytes()
    assert (made.units == magnitude * usual.units).all()


def test_sigma_of_a_window_without_components():
    alone = np.float32(0.5) / EXPERTS.alpha_sums[:, None, None]
    made = constants(sigmas=alone, precision=FLOAT16)
    assert made.neighbours is None
    assert (made.diagonal * made.units == alone).all()


def test_neurons_that_do_nothing():
    silent = dataclasses.replace(EXPERTS, alphas=np.zeros_like(EXPERTS.alphas))
    made = constants(silent, np.zeros_like(SIGMAS), FLOAT16)
    for array in vars(made).values():
        assert not isinstance(array, np.ndarray) or np.isfinite(array).all()
    assert not made.shares.any()
