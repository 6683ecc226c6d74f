"""The update that leads from one iteration's parameters to the next's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from support.model_files import small_pdm

from openface_bridge.parity.inference import inferred_change, inferred_turn
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.pdm import Parameters, PointDistributionModel

PDM = PointDistributionModel(small_pdm(), RoundedOnce())
LIMITS = np.float32(3) * np.sqrt(PDM.eigenvalues)
EPS = float(np.finfo(np.float32).eps)

angles = st.tuples(*[st.floats(-1.2, 1.2)] * 3).map(lambda each: np.array(each, np.float32))
turns = st.tuples(*[st.floats(-0.5, 0.5)] * 3).map(np.array)


def turned(before: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Compose a small turn by closed form: about it, by the angle whose tangent is its length."""
    length = np.linalg.norm(turn)
    axis = turn / length if length else turn
    rotation = Rotation.from_euler("XYZ", before) * Rotation.from_rotvec(np.arctan(length) * axis)
    return np.asarray(rotation.as_euler("XYZ"))


@given(angles, turns)
def test_turns_by_closed_form(before: np.ndarray, turn: np.ndarray):
    after = turned(before.astype(np.float64), turn)
    found = inferred_turn(before, after)
    if not after.any():
        assert np.isnan(found).all()
        return
    np.testing.assert_allclose(found, turn, rtol=1e-9, atol=1e-12)


@given(angles, turns)
@example(np.zeros(3, np.float32), np.array((0.0, 0.0, 1e-5)))
def test_turns_that_pyclnf_composes(before: np.ndarray, turn: np.ndarray):
    """To a few last places of one radian: what a float32 rotation can hold."""
    start = Parameters(np.array((1, *before, 0, 0), np.float32), np.zeros(4, np.float32))
    change = np.array((0, *turn, 0, 0), np.float32)
    after = PDM.updated(PDM.pose(start), change)
    found = inferred_turn(start.global_[1:4], after.global_[1:4])
    if not after.global_[1:4].any():
        assert np.isnan(found).all()
        return
    # Angles near a gimbal lock are less exact than rotations.
    slack = 16 * EPS / np.cos(after.global_[2])
    np.testing.assert_allclose(found, change[1:4], rtol=0, atol=slack)


@pytest.mark.parametrize("rigid", [True, False])
@pytest.mark.parametrize("seed", range(10))
def test_updates_that_pyclnf_makes(seed: int, rigid: bool):
    random = np.random.default_rng(seed)
    local = (random.uniform(-0.3, 0.3, 4) * LIMITS).astype(np.float32)
    global_ = np.array((1.5, *random.uniform(-0.5, 0.5, 3), 150, -20), np.float32)
    change = random.normal(0, 0.1, 6 if rigid else 10).astype(np.float32)
    before = Parameters(global_, local)
    after = PDM.clamped(PDM.updated(PDM.pose(before), change))
    found = inferred_change(before, after, LIMITS, rigid=rigid)
    sizes = np.concatenate((np.abs(global_), np.abs(local)))[: len(change)] + np.abs(change)
    sizes[1:4] = 8.0
    assert found.shape == change.shape
    np.testing.assert_array_less(np.abs(found - change), EPS * sizes + 1e-30)


def test_limits_hide_how_far_a_mode_would_have_gone():
    before = Parameters(np.array((1, 0.1, 0, 0, 0, 0), np.float32), np.zeros(4, np.float32))
    change = np.zeros(10, np.float32)
    change[6:] = (2 * LIMITS[0], -2 * LIMITS[1], 0.5 * LIMITS[2], LIMITS[3])
    after = PDM.clamped(PDM.updated(PDM.pose(before), change))
    found = inferred_change(before, after, LIMITS, rigid=False)
    assert np.isnan(found[6:]).tolist() == [True, True, False, True]
    assert found[8] == change[8]
    rigid = inferred_change(before, after, LIMITS, rigid=True)
    assert np.isfinite(rigid).all()


def test_nothing_changed():
    start = Parameters(np.array((1, 0.3, -0.4, 0.1, 9, 9), np.float32), np.ones(4, np.float32))
    assert np.abs(inferred_change(start, start, LIMITS, rigid=False)).max() < 1e-15
