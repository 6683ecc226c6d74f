"""Parameters from landmarks: against SciPy's least squares, round trips, and the quirks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares
from support import naive
from support.model_files import small_pdm

from pyclnf import landmark_parameters
from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.landmark_parameters import MAX_ITERATIONS, descend, parameters_from_landmarks
from pyclnf.model import PointDistributionModelData
from pyclnf.pdm import Parameters, PointDistributionModel

Float32 = npt.NDArray[np.float32]

FEW, MANY = small_pdm(2), small_pdm(2, 40, 8)
"""Models on either side of the size from which on the sum over modes goes to the BLAS."""


def model(data: Any = FEW, arithmetic: Arithmetic | None = None) -> PointDistributionModel:
    return PointDistributionModel(data, arithmetic or ReferenceOrder())


def drawn(pdm: PointDistributionModel, seed: int, noise: float = 0.0) -> tuple[Parameters, Float32]:
    """Return some parameters, and their landmarks with noise."""
    rng = np.random.default_rng(seed)
    global_ = [rng.uniform(0.5, 3), *rng.uniform(-0.4, 0.4, 3), *rng.uniform(100, 400, 2)]
    local = rng.uniform(-1, 1, pdm.n_modes) * np.sqrt(pdm.eigenvalues)
    parameters = Parameters(np.array(global_, np.float32), local.astype(np.float32))
    landmarks = pdm.pose(parameters).landmarks
    return parameters, landmarks + rng.normal(0, noise, landmarks.shape).astype(np.float32)


def objective(data: Any, landmarks: Float32, vector: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return what the sum of squares is made of: residuals, and modes in standard deviations."""
    values = np.asarray(vector, np.float64)
    residuals = naive.landmarks(data, values[:6], values[6:]) - landmarks
    return np.concatenate((residuals.ravel(), values[6:] / np.sqrt(data.eigenvalues)))


@pytest.mark.parametrize("data", [FEW, MANY], ids=["few", "many"])
@pytest.mark.parametrize("seed", range(6))
def test_the_distance_with_its_prior_is_as_small_as_can_be(
    arithmetic: Arithmetic, data: Any, seed: int
):
    pdm = model(data, arithmetic)
    truth, landmarks = drawn(pdm, seed, noise=2.0)
    found = parameters_from_landmarks(pdm, landmarks, arithmetic)
    begin = np.concatenate((truth.global_, truth.local))
    best = least_squares(lambda vector: objective(data, landmarks, vector), begin)
    reached = objective(data, landmarks, np.concatenate((found.global_, found.local)))
    # Parameters in float32 and a finite number of iterations reach it to about a millionth.
    assert 2 * best.cost <= np.sum(reached**2) <= (1 + 1e-5) * 2 * best.cost


@given(st.integers(0, 2**20), st.booleans())
def test_landmarks_of_known_parameters_are_recovered(seed: int, few: bool):
    pdm = model(FEW if few else MANY)
    _, landmarks = drawn(pdm, seed)
    found = parameters_from_landmarks(pdm, landmarks, ReferenceOrder())
    assert found.global_.dtype == found.local.dtype == np.float32
    apart = np.abs(pdm.pose(found).landmarks - landmarks)
    size = np.ptp(landmarks, axis=0).max()
    assert apart.max() < 0.005 * size  # the prior holds the modes back a little


def test_it_starts_upright_with_the_extent_of_the_landmarks():
    landmarks = drawn(model(), 3)[1]
    begin = landmark_parameters.start(model(), landmarks)
    mean = FEW.mean_shape.reshape(3, -1)[:2].T.astype(np.float64)
    ratios = np.ptp(landmarks, axis=0) / np.ptp(mean, axis=0)
    middle = (landmarks.min(axis=0) + landmarks.max(axis=0)) / 2
    np.testing.assert_allclose(begin.global_, [ratios.mean(), 0, 0, 0, *middle], rtol=1e-6)
    assert not begin.local.any()


@pytest.mark.parametrize("data", [FEW, MANY], ids=["few", "many"])
def test_landmarks_whose_x_is_0_do_not_count(arithmetic: Arithmetic, data: Any):
    pdm = model(data, arithmetic)
    landmarks = drawn(pdm, 5, noise=1.0)[1]
    seen = np.ones(len(landmarks), np.bool_)
    seen[[1, 4, 5]] = False
    landmarks[~seen, 0] = 0
    found = parameters_from_landmarks(pdm, landmarks, arithmetic)
    expected, _ = descend(pdm.of_landmarks(seen), landmarks[seen], arithmetic)
    assert found.global_.tobytes() == expected.global_.tobytes()
    assert found.local.tobytes() == expected.local.tobytes()
    landmarks[~seen] = (-0.0, 1e9)
    again = parameters_from_landmarks(pdm, landmarks, arithmetic)
    assert found.global_.tobytes() == again.global_.tobytes()
    landmarks[1, 0] = 1e-30
    other = parameters_from_landmarks(pdm, landmarks, arithmetic)
    assert found.global_.tobytes() != other.global_.tobytes()


def test_a_model_of_some_landmarks():
    seen = np.arange(12) % 3 != 0
    pdm, part = model(), model().of_landmarks(seen)
    parameters, landmarks = drawn(pdm, 1)
    assert (part.n_landmarks, part.n_modes) == (8, pdm.n_modes)
    assert part.pose(parameters).landmarks.tobytes() == landmarks[seen].tobytes()


class Stubborn(ReferenceOrder):
    """Moves along x only, by a fixed share of what is missing."""

    def __init__(self, share: float, landmarks: int) -> None:
        self.share, self.landmarks = share, landmarks

    def solve(self, hessian: Float32, right: Float32) -> Float32:
        change = np.zeros_like(right)
        change[4] = self.share / 0.75 * right[4] / self.landmarks
        return change


def aside() -> PointDistributionModel:
    """Return a model whose mean shape lies 50 units beside its origin, in whole units."""
    mean = np.rint(FEW.mean_shape.reshape(3, -1))
    for axis, middle in enumerate((50, 0)):
        mean[axis] += middle - np.rint((mean[axis].min() + mean[axis].max()) / 2)
        mean[axis, mean[axis].argmax()] = 2 * middle - mean[axis].min()
    return model(PointDistributionModelData(mean.ravel(), FEW.components, FEW.eigenvalues))


@pytest.mark.parametrize(
    ("share", "iterations"),
    [(0.0, 3), (-0.01, 3), (0.0005, 3), (0.01, MAX_ITERATIONS), (1.0, MAX_ITERATIONS)],
    ids=["no step", "away", "too slowly", "slowly", "at once"],
)
def test_the_third_iteration_without_improvement_is_the_last(share: float, iterations: int):
    """50 px are missing along x at the start. A distance of 0 is not above 0.999 times 0."""
    pdm = aside()
    landmarks = np.ascontiguousarray(pdm.mean_shape.reshape(3, -1)[:2].T)
    begin = landmark_parameters.start(pdm, landmarks)
    np.testing.assert_array_equal(begin.global_, [1, 0, 0, 0, 50, 0])
    _, count = descend(pdm, landmarks, Stubborn(share, 12))
    assert count == iterations


@pytest.mark.parametrize("size", [1e-30, 1e18, 1e30, 3e38])
def test_what_ceases_to_be_finite_is_thrown_away(size: float):
    pdm = model()
    landmarks = drawn(pdm, 0)[1] / np.float32(1000) * np.float32(size)
    found = parameters_from_landmarks(pdm, landmarks.astype(np.float32), ReferenceOrder())
    assert np.isfinite(found.global_).all()
    assert np.isfinite(found.local).all()


def test_landmarks_in_one_place():
    found = parameters_from_landmarks(model(), np.full((12, 2), 70, np.float32), ReferenceOrder())
    np.testing.assert_array_equal(found.global_[[0, 4, 5]], [0, 70, 70])


@pytest.mark.parametrize(
    ("landmarks", "message"),
    [
        (np.zeros((12, 2)), "fewer than two are visible"),
        (np.eye(12)[:, :2], "fewer than two are visible"),
        (np.full((12, 2), np.nan), "not finite or tell no scale"),
        (np.where(np.eye(12)[:, :2], np.inf, 5), "not finite or tell no scale"),
    ],
)
def test_landmarks_that_tell_nothing(landmarks: npt.NDArray[np.float64], message: str):
    with pytest.raises(ValueError, match=f"^landmarks: .*{message}"):
        parameters_from_landmarks(model(), landmarks.astype(np.float32), ReferenceOrder())
