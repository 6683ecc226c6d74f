from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support import naive
from support.model_files import small_pdm

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.mean_shift import KernelTable, map_offsets, mean_shifts
from pyclnf.nu_rlms import (
    Iteration,
    Phase,
    PhaseResult,
    has_converged,
    iterate,
    normal_equations,
    regularisation,
    run_phase,
)
from pyclnf.pdm import Parameters, PointDistributionModel, PosedShape

Float32 = npt.NDArray[np.float32]
ROUNDING = 2.0**-24
DATA = small_pdm(seed=2)
PDM = PointDistributionModel(DATA, RoundedOnce())
N, M, SIZE = DATA.n_landmarks, DATA.n_modes, 9
VISIBLE = np.ones(N, np.bool_)
SOME_VISIBLE = np.arange(N) % 4 != 2
SCALE, ANGLE = 3.5, 0.4  # from the experts' frame to the picture
TO_IMAGE = (
    SCALE * np.array([[math.cos(ANGLE), -math.sin(ANGLE)], [math.sin(ANGLE), math.cos(ANGLE)]])
).astype(np.float32)
TO_REFERENCE = np.linalg.inv(TO_IMAGE).astype(np.float32)


def start(seed: int = 0, spread: float = 0.5) -> PosedShape:
    rng = np.random.default_rng(seed)
    local = spread * rng.uniform(-1, 1, M) * np.sqrt(DATA.eigenvalues)
    global_ = [1.6, *rng.uniform(-0.3, 0.3, 3), 150, 130]
    return PDM.pose(Parameters(np.array(global_, np.float32), local.astype(np.float32)))


def smooth_maps(targets: npt.NDArray, height: float = 0.05) -> Float32:
    """Return a wide hill around each of (n, 2) points of the maps, on a plain."""
    hills = [naive.gaussian(SIZE, x, y, 2.0) for x, y in targets]
    return (np.array(hills) + height).astype(np.float32)


def phase(base: PosedShape, *, rigid: bool = False, **changes: Any) -> Phase:
    """Return a phase whose maps pull each landmark somewhere else."""
    targets = np.random.default_rng(9).uniform(2.5, SIZE - 3.5, (N, 2))
    whole = Phase(
        rigid=rigid,
        response_maps=smooth_maps(targets),
        visible=VISIBLE,
        base_landmarks=base.landmarks,
        image_to_reference=TO_REFERENCE,
        reference_to_image=TO_IMAGE,
        kernels=KernelTable.build(SIZE, 1.5),
        prior=regularisation(DATA.eigenvalues, np.float32(25), rigid=rigid),
        landmark_weights=None,
        max_iterations=5,
    )
    return dataclasses.replace(whole, **changes)


def equations(
    chosen: Phase, arithmetic: Arithmetic, seed: int = 0
) -> tuple[Float32, Float32, Float32, Float32, Float32]:
    """Return Jacobian, shifts, local parameters and both sides of the normal equations."""
    posed = start(seed)
    jacobian = PDM.jacobian(posed, rigid=chosen.rigid)
    shifts = np.random.default_rng(seed).normal(0, 5, (N, 2)).astype(np.float32)
    local = posed.parameters.local
    return jacobian, shifts, local, *normal_equations(jacobian, shifts, chosen, local, arithmetic)


# ---- Normal equations ----


@pytest.mark.parametrize("rigid", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("visible", [VISIBLE, SOME_VISIBLE])
def test_normal_equations(
    arithmetic: Arithmetic, rigid: bool, weighted: bool, visible: npt.NDArray[np.bool_]
):
    weights = np.random.default_rng(1).uniform(0.2, 4, N).astype(np.float32) if weighted else None
    chosen = phase(start(), rigid=rigid, landmark_weights=weights, visible=visible)
    jacobian, shifts, local, hessian, right = equations(chosen, arithmetic)

    j, v = jacobian.astype(np.float64), shifts.astype(np.float64).T.ravel()
    per_landmark = visible * (np.ones(N) if weights is None else weights.astype(np.float64))
    w = np.diag(np.concatenate([per_landmark, per_landmark]))
    r = 0.0 if rigid else 25.0
    inverse_variances = np.concatenate([np.zeros(6), 1 / DATA.eigenvalues.astype(np.float64)])
    q = np.concatenate([np.zeros(6), local])
    prior = r * inverse_variances[: j.shape[1]]
    expected_hessian = j.T @ w @ j + np.diag(prior)
    expected_right = j.T @ w @ v - prior * q[: j.shape[1]]

    # A sum of 2n terms, their weighting, the prior's term: that many roundings of its size.
    terms = 2 * N + 4
    size = abs(j).T @ w @ abs(j) + np.diag(prior)
    assert np.all(abs(hessian - expected_hessian) <= terms * ROUNDING * size)
    bound = 4 * ROUNDING * (abs(j).T @ w @ abs(v) + prior * abs(q[: j.shape[1]]))
    assert np.all(abs(right - expected_right) <= bound)


def test_prior_is_the_regularisation_over_the_eigenvalues():
    prior = regularisation(np.array([4, 0.5], np.float32), np.float32(10), rigid=False)
    np.testing.assert_array_equal(prior, [0, 0, 0, 0, 0, 0, 2.5, 20])
    assert prior.dtype == np.float32
    np.testing.assert_array_equal(
        regularisation(np.array([4, 0.5], np.float32), np.float32(10), rigid=True), np.zeros(6)
    )


@pytest.mark.parametrize("rigid", [True, False])
def test_invisible_landmarks_have_no_influence(arithmetic: Arithmetic, rigid: bool):
    weights = np.linspace(0.5, 2, N).astype(np.float32)
    chosen = phase(start(), rigid=rigid, visible=SOME_VISIBLE, landmark_weights=weights)
    jacobian, shifts, local, *sides = equations(chosen, arithmetic)
    other, elsewhere, heavier = jacobian.copy(), shifts.copy(), weights.copy()
    hidden = np.concatenate([~SOME_VISIBLE, ~SOME_VISIBLE])
    other[hidden] = 1000
    elsewhere[~SOME_VISIBLE] = np.nan
    heavier[~SOME_VISIBLE] = 77
    chosen = dataclasses.replace(chosen, landmark_weights=heavier)
    for one, two in zip(
        sides, normal_equations(other, elsewhere, chosen, local, arithmetic), strict=True
    ):
        np.testing.assert_array_equal(one, two)


def test_a_landmark_without_weight_has_no_influence(arithmetic: Arithmetic):
    weights = np.where(SOME_VISIBLE, 1, 0).astype(np.float32)
    weighted = equations(phase(start(), landmark_weights=weights), arithmetic)
    hidden = equations(phase(start(), visible=SOME_VISIBLE), arithmetic)
    np.testing.assert_allclose(weighted[3], hidden[3], rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(weighted[4], hidden[4], rtol=1e-6, atol=1e-3)


def test_equal_weights_count_as_none_but_for_the_prior(arithmetic: Arithmetic):
    plain = equations(phase(start(), rigid=True), arithmetic)
    doubled = phase(start(), rigid=True, landmark_weights=np.full(N, 2, np.float32))
    weighted = equations(doubled, arithmetic)
    np.testing.assert_array_equal(weighted[3], 2 * plain[3])
    np.testing.assert_array_equal(weighted[4], 2 * plain[4])


# ---- One iteration ----


@pytest.mark.parametrize("rigid", [True, False])
@pytest.mark.parametrize("visible", [VISIBLE, SOME_VISIBLE])
def test_iteration(arithmetic: Arithmetic, rigid: bool, visible: npt.NDArray[np.bool_]):
    base, posed = start(), start(1, 0.3)
    chosen = phase(base, rigid=rigid, visible=visible)
    found = iterate(PDM, posed, chosen, arithmetic)
    assert found.posed is posed
    offsets = map_offsets(posed.landmarks, base.landmarks, TO_REFERENCE, SIZE)
    np.testing.assert_array_equal(found.offsets, offsets)
    shifts = mean_shifts(chosen.response_maps, offsets, chosen.kernels, visible)
    np.testing.assert_array_equal(found.mean_shifts, shifts)
    np.testing.assert_array_equal(found.jacobian, PDM.jacobian(posed, rigid=rigid))

    # All in float64 from here; mean shifts are turned into the picture.
    j = found.jacobian * np.concatenate([visible, visible])[:, None].astype(np.float64)
    v = (shifts.astype(np.float64) @ TO_IMAGE.T.astype(np.float64)).T.ravel()
    prior = chosen.prior.astype(np.float64)
    q = np.concatenate([np.zeros(6), posed.parameters.local])[: len(prior)]
    hessian, right = j.T @ j + np.diag(prior), j.T @ v - prior * q
    np.testing.assert_allclose(found.hessian, hessian, rtol=1e-5, atol=1e-5 * hessian.max())
    np.testing.assert_allclose(found.right, right, atol=1e-5 * abs(right).max())
    # Columns are of very different sizes; once they are alike, Cholesky's bound is a good one.
    units = 1 / np.sqrt(np.diag(hessian))
    condition = np.linalg.cond(units[:, None] * hessian * units)
    change = np.linalg.solve(hessian, right)
    bound = 40 * condition * ROUNDING * np.linalg.norm(change / units)
    assert np.linalg.norm((found.change - change) / units) <= bound
    assert bound < 0.01 * np.linalg.norm(change / units)

    updated = PDM.clamped(PDM.updated(posed, found.change))
    np.testing.assert_array_equal(found.parameters.global_, updated.global_)
    np.testing.assert_array_equal(found.parameters.local, updated.local)


def test_iteration_clamps_the_local_parameters(arithmetic: Arithmetic):
    far = phase(start(), reference_to_image=1000 * TO_IMAGE)
    found = iterate(PDM, start(), far, arithmetic)
    limits = np.float32(3) * np.sqrt(DATA.eigenvalues)
    assert np.any(abs(found.change[6:]) > 2 * limits)
    assert np.all(abs(found.parameters.local) <= limits)
    assert np.any(abs(found.parameters.local) == limits)


def test_rigid_iteration_keeps_the_local_parameters(arithmetic: Arithmetic):
    posed = start(3)
    found = iterate(PDM, posed, phase(start(), rigid=True), arithmetic)
    np.testing.assert_array_equal(found.parameters.local, posed.parameters.local)
    assert np.all(found.parameters.global_ != posed.parameters.global_)


def arrays_of(value: object) -> list[npt.NDArray[Any]]:
    """Return all arrays in a dataclass, at any depth."""
    if isinstance(value, np.ndarray):
        return [value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [getattr(value, field.name) for field in dataclasses.fields(value)]
        return [array for inner in fields for array in arrays_of(inner)]
    return []


@pytest.mark.parametrize("rigid", [True, False])
def test_iteration_is_a_pure_function(arithmetic: Arithmetic, rigid: bool):
    weights = np.linspace(0.5, 2, N).astype(np.float32)
    posed, chosen = start(1), phase(start(), rigid=rigid, landmark_weights=weights)
    inputs = arrays_of(posed) + arrays_of(chosen)
    kept = [array.copy() for array in inputs]
    first = iterate(PDM, posed, chosen, arithmetic)
    outputs = [array.copy() for array in arrays_of(first)]
    iterate(PDM, start(2), phase(start(3), rigid=not rigid), arithmetic)
    second = iterate(PDM, posed, chosen, arithmetic)
    assert len(inputs) >= 12
    for array, before in zip(inputs, kept, strict=True):
        np.testing.assert_array_equal(array, before)
    for one, later, before in zip(arrays_of(first), arrays_of(second), outputs, strict=True):
        np.testing.assert_array_equal(one, before)
        np.testing.assert_array_equal(later, before)


# ---- Phases ----


def run(chosen: Phase, posed: PosedShape) -> tuple[PhaseResult, list[Iteration]]:
    """Run a phase and return its iterations, in order."""
    iterations: list[Iteration] = []

    def keep(index: int, iteration: Iteration) -> None:
        assert index == len(iterations)
        iterations.append(iteration)

    return run_phase(PDM, posed, chosen, RoundedOnce(), keep), iterations


@pytest.mark.parametrize(
    ("distance", "still"), [(0.0, True), (0.0099, True), (0.0101, False), (0.1, False)]
)
def test_convergence_is_a_distance_over_all_coordinates(distance: float, still: bool):
    before = np.zeros((N, 2), np.float32)
    spread = np.full((N, 2), distance / math.sqrt(2 * N), np.float32)
    one = before.copy()
    one[3, 1] = -distance
    assert has_converged(before, spread) is still
    assert has_converged(before, one) is still


def test_shapes_that_are_not_finite_have_not_converged():
    before = np.zeros((N, 2), np.float32)
    assert not has_converged(before, before + np.float32(np.nan))


@pytest.mark.parametrize("rigid", [True, False])
def test_a_phase_stops_when_the_shape_stands_still(rigid: bool):
    # Pulled back only part of the way, the shape comes to rest in small steps.
    slow = phase(start(), rigid=rigid, max_iterations=300, reference_to_image=0.2 * TO_IMAGE)
    smallest = math.inf
    for seed in range(4):
        result, iterations = run(slow, start(seed, 0.2))
        shapes = [iteration.posed.landmarks for iteration in iterations]
        shapes.append(result.posed.landmarks)
        moves = [float(np.linalg.norm(b - a)) for a, b in itertools.pairwise(shapes)]
        assert 3 < len(iterations) < 300
        assert moves[-1] < 0.01
        assert min(moves[:-1]) >= 0.01
        assert not result.diverged
        smallest = min(smallest, *moves[:-1])
    assert smallest < 0.1  # so a limit ten times as high would have been seen


def test_a_phase_ends_after_the_iterations_allowed():
    chosen = phase(start(), max_iterations=3)
    result, iterations = run(chosen, start(1))
    assert len(iterations) == 3
    assert result.posed.parameters is iterations[-1].parameters
    for before, after in itertools.pairwise(iterations):
        assert after.posed.parameters is before.parameters
    expected = PDM.pose(iterations[-1].parameters)
    np.testing.assert_array_equal(result.posed.landmarks, expected.landmarks)
    np.testing.assert_array_equal(result.offsets, iterations[-1].offsets)


def test_maps_that_agree_with_the_start_end_a_phase_at_once():
    middle = np.full((N, 2), (SIZE - 1) / 2)
    posed = start(spread=0)
    result, iterations = run(phase(posed, response_maps=smooth_maps(middle)), posed)
    assert len(iterations) == 1
    np.testing.assert_allclose(result.posed.landmarks, posed.landmarks, atol=0.01)


def test_landmarks_move_to_where_the_maps_are_high():
    base = start(spread=0)
    step = np.array([1.0, -0.75])  # map px
    maps = smooth_maps((SIZE - 1) / 2 + np.tile(step, (N, 1)), height=0)
    result, _ = run(phase(base, rigid=True, response_maps=maps, max_iterations=40), base)
    moved = result.posed.landmarks - base.landmarks
    # The kernel's cells are 0.1 map px wide, and the hill is cut off at the map's border.
    np.testing.assert_allclose(moved, np.tile(TO_IMAGE @ step, (N, 1)), atol=0.15 * SCALE)


def test_a_phase_without_anyone_listening_is_the_same():
    chosen = phase(start())
    result, _ = run(chosen, start(1))
    alone = run_phase(PDM, start(1), chosen, RoundedOnce())
    np.testing.assert_array_equal(alone.posed.landmarks, result.posed.landmarks)


@pytest.mark.parametrize("rigid", [True, False])
def test_divergence_keeps_the_last_finite_parameters(arithmetic: Arithmetic, rigid: bool):
    maps = phase(start()).response_maps.copy()
    maps[5] = 0
    posed = start(1)
    found: list[Iteration] = []
    chosen = phase(start(), rigid=rigid, response_maps=maps)
    result = run_phase(PDM, posed, chosen, arithmetic, lambda _, each: found.append(each))
    assert result.diverged
    assert result.posed is posed
    assert len(found) == 1
    assert not np.isfinite(found[0].parameters.global_).all()
    np.testing.assert_array_equal(result.offsets, found[0].offsets)


def test_divergence_later_keeps_what_was_reached():
    posed = start(1)
    # Maps that vanish under the kernel everywhere but around the first offsets.
    first = iterate(PDM, posed, phase(start()), RoundedOnce()).offsets
    nearest = np.rint(first).astype(int).clip(0, SIZE - 1)
    maps = np.zeros((N, SIZE, SIZE), np.float32)
    maps[range(N), nearest[:, 1], nearest[:, 0]] = 1
    narrow = KernelTable.build(SIZE, 0.12)
    far = phase(start(), response_maps=maps, kernels=narrow, reference_to_image=-9 * TO_IMAGE)
    result, iterations = run(far, posed)
    assert result.diverged
    assert len(iterations) == 2
    assert result.posed.parameters is iterations[0].parameters
    assert np.isfinite(result.posed.landmarks).all()
    np.testing.assert_array_equal(result.offsets, iterations[1].offsets)


def test_nothing_visible_moves_nothing(arithmetic: Arithmetic):
    posed = start(1)
    chosen = phase(start(), visible=np.zeros(N, np.bool_), rigid=True)
    result = run_phase(PDM, posed, chosen, arithmetic)
    assert not result.diverged
    np.testing.assert_allclose(result.posed.landmarks, posed.landmarks, atol=0.01)
