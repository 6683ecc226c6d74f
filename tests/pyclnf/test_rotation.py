from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from support import naive

from pyclnf.rotation import (
    axis_angle_to_matrix,
    checked_rotation,
    compose,
    euler_to_matrix,
    matrix_to_axis_angle,
    matrix_to_euler,
    orthonormalised,
)

Float32 = npt.NDArray[np.float32]
ROUNDING = 2.0**-24
RIGHT_ANGLE = math.pi / 2


def vectors(largest: float) -> st.SearchStrategy[Float32]:
    """Draw three components, each up to a size in radians."""
    component = st.floats(-largest, largest, width=16)
    return st.tuples(component, component, component).map(lambda v: np.array(v, np.float32))


EULER = vectors(1.390625)  # 80 degrees
TURNS = vectors(0.5)


def angle_between(one: npt.NDArray, other: npt.NDArray) -> float:
    """Return the angle of the rotation from one matrix to another, radians."""
    return float((Rotation.from_matrix(one).inv() * Rotation.from_matrix(other)).magnitude())


@given(vectors(10.0))
def test_euler_to_matrix_is_rx_ry_rz(euler: Float32):
    matrix = euler_to_matrix(euler)
    assert matrix.dtype == np.float32
    # Sines, products and sums: each element is rounded a few times.
    np.testing.assert_allclose(matrix, naive.rotation_matrix(euler), atol=6 * ROUNDING)
    expected = Rotation.from_euler("XYZ", euler.astype(np.float64)).as_matrix()
    np.testing.assert_allclose(matrix, expected, atol=6 * ROUNDING)


@given(vectors(10.0))
def test_matrices_are_orthonormal(euler: Float32):
    matrix = euler_to_matrix(euler).astype(np.float64)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(matrix) > 0


@given(EULER)
def test_euler_round_trip(euler: Float32):
    back = matrix_to_euler(euler_to_matrix(euler))
    assert back.dtype == np.float32
    # The quaternion's real part falls to 0.18 here, and an arc's slope at 80 degrees is 5.8.
    np.testing.assert_allclose(back, euler, atol=2e-5)


@pytest.mark.parametrize("degrees", list(itertools.product([-80, 0, 80], repeat=3)))
def test_euler_round_trip_at_the_corners(degrees: tuple[int, int, int]):
    euler = np.radians(degrees).astype(np.float32)
    np.testing.assert_allclose(matrix_to_euler(euler_to_matrix(euler)), euler, atol=2e-5)


def test_axes():
    small = 0.25
    about_x, about_y, about_z = (
        euler_to_matrix(np.array(euler, np.float32)) for euler in small * np.eye(3)
    )
    assert about_x[2, 1] == about_y[0, 2] == about_z[1, 0] == np.float32(math.sin(small))


@pytest.mark.parametrize("axis", range(3))
def test_half_turns_have_no_euler_angles(axis: int):
    matrix = -np.eye(3, dtype=np.float32)
    matrix[axis, axis] = 1
    assert np.isnan(matrix_to_euler(matrix)).any()


@given(EULER, TURNS)
def test_compose_multiplies_on_the_right(euler: Float32, turn: Float32):
    matrix = euler_to_matrix(euler)
    length = float(np.linalg.norm(turn))
    # The nearest rotation to I + [ω]× is about ω by atan |ω|.
    small = naive.rotation_by_vector(turn * (math.atan(length) / length if length else 1.0))
    expected = Rotation.from_matrix(matrix.astype(np.float64) @ small)
    composed = naive.rotation_matrix(compose(matrix, turn))
    # As in the round trip: near a half turn, a quaternion's small real part costs digits.
    real_part = abs(expected.as_quat()[3])
    if real_part > 0.05:
        assert angle_between(composed, expected.as_matrix()) < 1e-6 / real_part**2


def test_compose_does_not_add_angles():
    euler = np.array([0.3, -0.6, 0.9], np.float32)
    turn = np.array([0.1, 0.05, -0.1], np.float32)
    composed = compose(euler_to_matrix(euler), turn)
    assert abs(composed - (euler + turn)).max() > 0.02


def test_composing_nothing_changes_nothing():
    euler = np.array([0.3, -0.6, 0.9], np.float32)
    composed = compose(euler_to_matrix(euler), np.zeros(3, np.float32))
    np.testing.assert_allclose(composed, euler, atol=1e-6)


@pytest.mark.parametrize("axis", range(3))
def test_composing_to_a_half_turn_gives_zeros(axis: int):
    matrix = -np.eye(3, dtype=np.float32)
    matrix[axis, axis] = 1
    np.testing.assert_array_equal(compose(matrix, np.zeros(3, np.float32)), np.zeros(3))


@pytest.mark.parametrize("value", [np.nan, 3e38, -1e20])
@pytest.mark.parametrize("place", range(3))
def test_composing_what_is_not_a_turn(value: float, place: int):
    turn = np.array([0.1, 0.2, 0.3], np.float32)
    turn[place] = value
    composed = compose(euler_to_matrix(np.array([0.1, 0.2, 0.3], np.float32)), turn)
    assert np.isfinite(composed).all()
    if np.isnan(value):
        np.testing.assert_array_equal(composed, np.zeros(3))


def test_composing_onto_what_is_not_a_rotation_gives_zeros():
    matrix = np.full((3, 3), np.nan, np.float32)
    np.testing.assert_array_equal(compose(matrix, np.zeros(3, np.float32)), np.zeros(3))


@given(st.lists(st.floats(-2, 2, width=16), min_size=9, max_size=9))
def test_orthonormalised_is_a_rotation(entries: list[float]):
    matrix = np.array(entries, np.float32).reshape(3, 3)
    u, values, vt = np.linalg.svd(matrix.astype(np.float64))
    if values[2] < 1e-3 or abs(values[1] - values[2]) < 1e-2:
        return  # the nearest rotation is not unique, or nearly so
    rotation = orthonormalised(matrix).astype(np.float64)
    expected = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
    np.testing.assert_allclose(rotation, expected, atol=1e-3)
    assert np.linalg.det(rotation) > 0


def test_orthonormalised_reflection_is_a_rotation():
    matrix = np.diag([3, 2, -1]).astype(np.float32)
    np.testing.assert_allclose(orthonormalised(matrix), np.eye(3), atol=1e-6)


@given(vectors(1.8125))
def test_matrix_to_axis_angle(vector: Float32):
    angle = float(np.linalg.norm(vector))
    matrix = Rotation.from_rotvec(vector).as_matrix().astype(np.float32)
    found = matrix_to_axis_angle(matrix)
    assert found.dtype == np.float32
    expected = Rotation.from_matrix(matrix.astype(np.float64)).as_rotvec()
    if angle < 0.9e-5:
        np.testing.assert_array_equal(found, np.zeros(3))
    elif 1.1e-5 < angle < math.pi - 0.001:
        # The matrix is rounded; near π its skew part, of size sin, decides the axis.
        np.testing.assert_allclose(found, expected, atol=1e-6 * (1 + 1 / abs(math.sin(angle))))


@pytest.mark.parametrize("angle", [1e-4, 0.01, 1.0, RIGHT_ANGLE, 3.0, 3.14])
def test_axis_angle_of_all_sizes(angle: float):
    axis = np.array([2.0, -3.0, 6.0]) / 7
    matrix = Rotation.from_rotvec(angle * axis).as_matrix().astype(np.float32)
    found = matrix_to_axis_angle(matrix)
    tolerance = 4 * ROUNDING * (1 + 1 / math.sin(angle) if angle > 1 else 1)
    np.testing.assert_allclose(found, angle * axis, atol=tolerance)


@pytest.mark.parametrize(
    "axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 3, 6), (2, -3, 6), (-2, 3, 6), (0, 4, -3)]
)
def test_axis_of_a_half_turn(axis: tuple[int, int, int]):
    unit = np.array(axis) / np.linalg.norm(axis)
    matrix = (2 * np.outer(unit, unit) - np.eye(3)).astype(np.float32)
    found = matrix_to_axis_angle(matrix).astype(np.float64)
    sign = np.sign(found @ unit)
    np.testing.assert_allclose(sign * found, math.pi * unit, atol=1e-3)
    assert found[np.flatnonzero(found)[0]] > 0


def test_axis_angle_of_no_turn():
    np.testing.assert_array_equal(matrix_to_axis_angle(np.eye(3, dtype=np.float32)), np.zeros(3))
    np.testing.assert_array_equal(axis_angle_to_matrix(np.zeros(3, np.float32)), np.eye(3))


def test_axis_angle_of_what_is_not_a_rotation():
    assert np.isnan(matrix_to_axis_angle(np.full((3, 3), np.nan, np.float32))).all()
    for value in (np.nan, np.inf):
        assert np.isnan(axis_angle_to_matrix(np.array([0, value, 0], np.float32))).all()


@given(vectors(8.0))
def test_axis_angle_to_matrix(vector: Float32):
    matrix = axis_angle_to_matrix(vector)
    assert matrix.dtype == np.float32
    expected = Rotation.from_rotvec(vector.astype(np.float64)).as_matrix()
    np.testing.assert_allclose(matrix, expected, atol=ROUNDING)


@pytest.mark.skipif(
    not cv2.__version__.startswith("4."), reason=f"OpenCV {cv2.__version__} is not the reference's"
)
@pytest.mark.parametrize("largest", [1e-6, 1e-3, 0.5, 1.4, RIGHT_ANGLE, math.pi])
def test_bits_of_axis_and_angle_are_those_of_opencv(largest: float):
    rng = np.random.default_rng(0)
    for _ in range(100):
        vector = rng.uniform(-largest, largest, 3).astype(np.float32)
        expected, _ = cv2.Rodrigues(vector[:, None])
        np.testing.assert_array_equal(axis_angle_to_matrix(vector), expected)
        # Angles at the very end of their range lock the gimbal, or are half a turn.
        euler = np.where(rng.random(3) < 0.2, np.float32(largest), vector)
        matrix = euler_to_matrix(euler)
        expected, _ = cv2.Rodrigues(matrix)
        np.testing.assert_array_equal(matrix_to_axis_angle(matrix), expected[:, 0])


def test_half_a_turn_may_be_given_as_fits_tell_it():
    told = np.float32(math.pi)
    assert float(told) > math.pi
    assert checked_rotation((told, -told, 0)) == (float(told), -float(told), 0.0)
    with pytest.raises(ValueError, match="rotation: angles must be from -π to π"):
        checked_rotation((np.nextafter(told, np.float32(4)), 0, 0))
