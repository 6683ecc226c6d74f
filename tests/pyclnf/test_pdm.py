from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from support import naive
from support.model_files import small_pdm

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.model import PointDistributionModelData
from pyclnf.pdm import Parameters, PointDistributionModel, PosedShape

Float32 = npt.NDArray[np.float32]
ROUNDING = 2.0**-24
DATA = small_pdm(seed=5)
PDM = PointDistributionModel(DATA, RoundedOnce())
N, M = DATA.n_landmarks, DATA.n_modes


def floats(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, width=16)


@st.composite
def parameters(draw: st.DrawFn, largest_angle: float = 1.25) -> Parameters:
    angle, shift = floats(-largest_angle, largest_angle), floats(-500, 500)
    angles = draw(st.tuples(angle, angle, angle))
    global_ = [draw(floats(0.25, 8)), *angles, *draw(st.tuples(shift, shift))]
    sigmas = np.array(draw(st.tuples(*[floats(-3, 3)] * M)))
    local = sigmas * np.sqrt(DATA.eigenvalues)
    return Parameters(np.array(global_, np.float32), local.astype(np.float32))


def some_parameters(seed: int = 0, largest_angle: float = 0.9) -> Parameters:
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-largest_angle, largest_angle, 3)
    global_ = [rng.uniform(0.5, 3), *angles, *rng.uniform(50, 300, 2)]
    local = rng.uniform(-2, 2, M) * np.sqrt(DATA.eigenvalues)
    return Parameters(np.array(global_, np.float32), local.astype(np.float32))


def sizes(posed: PosedShape) -> npt.NDArray[np.float64]:
    """Return |X| + |Y| + |Z| of each landmark, which bounds its roundings."""
    return np.asarray(abs(posed.shape_3d.astype(np.float64)).sum(axis=0))


# ---- Shapes ----


@given(parameters(), parameters(), floats(-1, 1), floats(-1, 1))
def test_shapes_are_linear_in_the_modes(one: Parameters, other: Parameters, a: float, b: float):
    mixed = np.float32(a) * one.local + np.float32(b) * other.local
    mean = DATA.mean_shape.reshape(3, -1).astype(np.float64)
    offsets = [PDM.shape_3d(each.local) - mean for each in (one, other)]
    expected = mean + a * offsets[0] + b * offsets[1]
    # Each of the three shapes is some sums of M + 1 terms, of up to about 200 units together.
    np.testing.assert_allclose(PDM.shape_3d(mixed), expected, atol=200 * 3 * (M + 2) * ROUNDING)


@given(parameters())
def test_landmarks(arithmetic: Arithmetic, given_parameters: Parameters):
    posed = PointDistributionModel(DATA, arithmetic).pose(given_parameters)
    assert posed.landmarks.shape == (N, 2)
    assert posed.landmarks.dtype == posed.shape_3d.dtype == np.float32
    expected = naive.landmarks(DATA, given_parameters.global_, given_parameters.local)
    # Sums over modes, rotation, scaling and shift are about a dozen roundings.
    scale, shift = given_parameters.global_[0], abs(given_parameters.global_[4:]).max()
    bound = 12 * ROUNDING * (scale * (sizes(posed) + 100) + shift)
    assert np.all(abs(posed.landmarks - expected) <= bound[:, None])


def test_mean_shape_is_the_sum_with_no_mode(arithmetic: Arithmetic):
    zeros = np.zeros(M, np.float32)
    pdm = PointDistributionModel(DATA, arithmetic)
    for local in (zeros, -zeros):
        summed = arithmetic.affine(DATA.mean_shape, DATA.components, local)
        assert pdm.shape_3d(local).tobytes() == summed.tobytes()


def test_mean_shape_of_no_modes():
    np.testing.assert_array_equal(
        PDM.shape_3d(np.zeros(M, np.float32)), DATA.mean_shape.reshape(3, -1)
    )


def counting_model() -> PointDistributionModelData:
    """Return a model whose numbers tell where they stood in the file."""
    components = np.zeros((9, 2), np.float32)
    components[[1, 3, 8], [0, 0, 1]] = 1  # x of landmark 1, y of landmark 0; z of landmark 2
    return PointDistributionModelData(
        np.array([10, 20, 30, 1, 2, 3, 100, 200, 300], np.float32),
        components,
        np.array([4, 1], np.float32),
    )


def test_coordinates_are_never_interleaved():
    pdm = PointDistributionModel(counting_model(), RoundedOnce())
    posed = pdm.pose(
        Parameters(np.array([1, 0, 0, 0, 0, 0], np.float32), np.array([5, 7], np.float32))
    )
    np.testing.assert_array_equal(posed.shape_3d, [[10, 25, 30], [6, 2, 3], [100, 200, 307]])
    np.testing.assert_array_equal(posed.landmarks, [[10, 6], [25, 2], [30, 3]])
    jacobian = pdm.jacobian(posed, rigid=False)
    np.testing.assert_array_equal(jacobian[:, 0], [10, 25, 30, 6, 2, 3])
    np.testing.assert_array_equal(jacobian[:, 4], [1, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(jacobian[:, 5], [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(jacobian[:, 6], [0, 1, 0, 1, 0, 0])
    np.testing.assert_array_equal(jacobian[:, 7], np.zeros(6))


def test_shape_2d_is_the_landmarks_of_a_pose():
    chosen = some_parameters(3)
    expected = PDM.pose(chosen).landmarks
    np.testing.assert_array_equal(PDM.shape_2d(chosen.global_, chosen.local), expected)


def test_a_pose_may_take_over_the_3d_shape_of_another():
    before, other = PDM.pose(some_parameters(1)), some_parameters(2)
    moved = Parameters(other.global_, before.parameters.local)
    for chosen in (moved, other):
        alone, after = PDM.pose(chosen), PDM.pose(chosen, before)
        np.testing.assert_array_equal(after.landmarks, alone.landmarks)
        np.testing.assert_array_equal(after.shape_3d, alone.shape_3d)
        np.testing.assert_array_equal(after.rotation, alone.rotation)
        assert after.parameters is chosen


@given(parameters(), floats(0.125, 1))
def test_reference_shape_is_upright_and_has_the_local_parameters(
    given_parameters: Parameters, patch_scale: float
):
    expected = patch_scale * naive.points_3d(DATA, given_parameters.local)[:, :2]
    found = PDM.reference_shape(PDM.pose(given_parameters), patch_scale)
    np.testing.assert_allclose(found, expected, atol=12 * ROUNDING * patch_scale * 300)


# ---- Jacobian ----


def central_differences(chosen: Parameters) -> npt.NDArray[np.float64]:
    """Return how float64 landmarks change with every parameter; turns are composed on the right."""
    columns, step = [], 1e-4
    for k in range(6 + M):
        moved = []
        for sign in (1, -1):
            global_, turn = chosen.global_.astype(np.float64), np.zeros(3)
            local = chosen.local.astype(np.float64)
            if 1 <= k < 4:
                turn[k - 1] = sign * step
            elif k < 6:
                global_[k] += sign * step
            else:
                local[k - 6] += sign * step
            moved.append(naive.landmarks(DATA, global_, local, turn))
        columns.append(((moved[0] - moved[1]) / (2 * step)).T.ravel())
    return np.stack(columns, axis=1)


@given(parameters())
def test_jacobian_equals_central_differences(given_parameters: Parameters):
    posed = PDM.pose(given_parameters)
    jacobian = PDM.jacobian(posed, rigid=False)
    assert jacobian.dtype == np.float32
    # An entry is up to three products of coordinates, which are sums of M + 1 terms, with elements
    # of a matrix of rounded sines: about 20 roundings of s · (|X| + |Y| + |Z|), or of that without
    # s for the scale. Modes have length 1. Differences add (1e-4)²/6 of it, and cancellation.
    scale = float(given_parameters.global_[0])
    per_landmark = np.tile(sizes(posed) + 100, 2)
    bound = np.full((2 * N, 6 + M), 1e-7)
    bound[:, 0] += 20 * ROUNDING * per_landmark
    bound[:, 1:4] += 20 * ROUNDING * scale * per_landmark[:, None]
    bound[:, 6:] += 20 * ROUNDING * scale
    assert np.all(abs(jacobian - central_differences(given_parameters)) <= bound)


@given(parameters())
def test_rigid_jacobian_is_part_of_the_other(given_parameters: Parameters):
    posed = PDM.pose(given_parameters)
    rigid = PDM.jacobian(posed, rigid=True)
    assert rigid.shape == (2 * N, 6)
    np.testing.assert_array_equal(rigid, PDM.jacobian(posed, rigid=False)[:, :6])


# ---- Updates ----


@given(parameters(), st.lists(floats(-0.25, 0.25), min_size=6 + M, max_size=6 + M))
def test_update(given_parameters: Parameters, entries: list[float]):
    change = np.array(entries, np.float32)
    before = given_parameters
    after = PDM.updated(PDM.pose(before), change)
    for k in (0, 4, 5):
        assert after.global_[k] == before.global_[k] + change[k]
    np.testing.assert_array_equal(after.local, before.local + change[6:])


def test_update_composes_rotations():
    for seed in range(20):
        before = some_parameters(seed)
        turn = np.random.default_rng(seed).uniform(-0.1, 0.1, 3)
        change = np.array([0, *turn, 0, 0], np.float32)
        after = PDM.updated(PDM.pose(before), change)
        start = Rotation.from_euler("XYZ", before.global_[1:4].astype(np.float64))
        angle = np.linalg.norm(turn)
        expected = start * Rotation.from_rotvec(turn * np.arctan(angle) / angle)
        found = Rotation.from_euler("XYZ", after.global_[1:4].astype(np.float64))
        assert (expected.inv() * found).magnitude() < 1e-6
        on_the_left = Rotation.from_rotvec(turn) * start
        assert (on_the_left.inv() * found).magnitude() > 1e-3
        np.testing.assert_array_equal(after.local, before.local)


def test_update_leaves_its_arguments_alone():
    before = some_parameters(1)
    posed = PDM.pose(before)
    kept = before.global_.copy(), before.local.copy()
    after = PDM.updated(posed, np.full(6 + M, 0.1, np.float32))
    assert np.all(after.global_ != before.global_)
    np.testing.assert_array_equal(before.global_, kept[0])
    np.testing.assert_array_equal(before.local, kept[1])


def test_landmarks_follow_an_update_to_first_order():
    before = some_parameters(2)
    posed = PDM.pose(before)
    change = np.random.default_rng(2).normal(0, 1e-3, 6 + M).astype(np.float32)
    after = PDM.pose(PDM.updated(posed, change))
    expected = (PDM.jacobian(posed, rigid=False) @ change).reshape(2, N).T
    np.testing.assert_allclose(after.landmarks - posed.landmarks, expected, atol=2e-3)
    assert abs(expected).max() > 0.1


@given(st.lists(st.floats(-1000, 1000, width=32), min_size=M, max_size=M))
def test_clamp(local: list[float]):
    before = Parameters(some_parameters().global_, np.array(local, np.float32))
    after = PDM.clamped(before)
    assert after.global_ is before.global_
    limits = np.float32(3) * np.sqrt(DATA.eigenvalues)
    inside = abs(before.local) <= limits
    np.testing.assert_array_equal(after.local[inside], before.local[inside])
    np.testing.assert_array_equal(after.local[~inside], (np.sign(local) * limits)[~inside])


def test_clamp_keeps_what_is_not_a_number():
    local = np.array([np.nan, 1e9, -1e9, 0.5], np.float32)
    after = PDM.clamped(Parameters(some_parameters().global_, local)).local
    assert np.isnan(after[0])
    limits = 3 * np.sqrt(DATA.eigenvalues)
    np.testing.assert_allclose(after[1:], [limits[1], -limits[2], 0.5])


# ---- Boxes ----


def extent(points: npt.NDArray) -> tuple[npt.NDArray, npt.NDArray]:
    lowest, highest = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    return highest - lowest, (highest + lowest) / 2


BOXES = st.tuples(floats(-300, 300), floats(-300, 300), floats(1, 800), floats(1, 800))
HYPOTHESES = [(0.0, 0.0, 0.0), (0.0, 0.5, 0.0), (-0.3, -0.6, 0.4), (0.0, 0.0, 1.5)]


@pytest.mark.parametrize("rotation", HYPOTHESES)
@given(BOXES)
def test_parameters_from_box(
    rotation: tuple[float, float, float], box: tuple[float, float, float, float]
):
    start = PDM.parameters_from_box(np.array(box, np.float32), rotation)
    np.testing.assert_array_equal(start.global_[1:4], np.array(rotation, np.float32))
    np.testing.assert_array_equal(start.local, np.zeros(M))
    unscaled = naive.landmarks(DATA, (1, *rotation, 0, 0), start.local)
    size, middle = extent(unscaled)
    scale = (box[2] / size[0] + box[3] / size[1]) / 2
    assert start.global_[0] == pytest.approx(scale, rel=1e-5)
    expected = np.array(box[:2]) + np.array(box[2:]) / 2 - scale * middle
    np.testing.assert_allclose(start.global_[4:], expected, atol=1e-5 * max(300, *box[2:]))


@pytest.mark.parametrize("rotation", HYPOTHESES)
@given(parameters())
def test_box_round_trip(rotation: tuple[float, float, float], given_parameters: Parameters):
    scale, tx, ty = given_parameters.global_[[0, 4, 5]]
    before = np.array([scale, *rotation, tx, ty], np.float32)
    size, middle = extent(PDM.shape_2d(before, np.zeros(M, np.float32)))
    after = PDM.parameters_from_box(np.array([*(middle - size / 2), *size], np.float32), rotation)
    # The box is read off landmarks that are rounded at up to 2000 px.
    np.testing.assert_allclose(after.global_, before, rtol=1e-5, atol=1e-3)


def test_the_middle_of_the_extent_lies_on_the_middle_of_the_box():
    box = np.array([40, 60, 150, 220], np.float32)
    start = PDM.parameters_from_box(box, (0.1, 0.4, -0.2))
    size, middle = extent(PDM.pose(start).landmarks)
    np.testing.assert_allclose(middle, [115, 170], atol=1e-4)
    # Neither width nor height fits alone, their mean ratio does.
    assert (150 / size[0] + 220 / size[1]) / 2 == pytest.approx(1, rel=1e-5)
