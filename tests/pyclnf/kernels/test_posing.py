"""Poses by the kernels against :meth:`pyclnf.pdm.PointDistributionModel.pose`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.model_files import small_pdm
from support.phases import same_bits
from support.vectors import global_parameters, local_parameters

from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.pdm import Parameters, PointDistributionModel, PosedShape

Float32 = npt.NDArray[np.float32]

LANDMARKS, MODES = 12, 4
ANYTHING = st.lists(st.floats(width=32), min_size=6 + MODES, max_size=6 + MODES).map(
    lambda numbers: np.array(numbers, np.float32)
)


def assert_same(found: PosedShape, expected: PosedShape) -> None:
    assert found.parameters is expected.parameters
    for name in ("rotation", "shape_3d", "landmarks"):
        assert same_bits(getattr(found, name), getattr(expected, name)), name


def check(parameters: Parameters, landmarks: int = LANDMARKS, modes: int = MODES) -> None:
    """Compare a pose of every level with its definition."""
    from pyclnf.kernels.levels import available_levels, choose_level
    from pyclnf.kernels.model import CompiledModel
    from pyclnf.kernels.phases import CompiledPhases

    arithmetic = ReferenceOrder()
    pdm = PointDistributionModel(small_pdm(4, landmarks, modes), arithmetic)
    with np.errstate(all="ignore"):
        expected = pdm.pose(parameters)
        for name in available_levels():
            phases = CompiledPhases(pdm, choose_level(name))
            assert_same(CompiledModel(pdm, arithmetic, phases).pose(parameters), expected)


@given(global_parameters(), local_parameters(small_pdm(4, LANDMARKS, MODES).eigenvalues))
def test_parameters_of_faces(global_: Float32, local: Float32):
    check(Parameters(global_, local))


@given(ANYTHING)
def test_any_parameters(numbers: Float32):
    check(Parameters(numbers[:6], numbers[6:]))


@pytest.mark.parametrize(("landmarks", "modes"), [(68, 34), (51, 32), (28, 10), (9, 1)])
def test_any_size_of_model(landmarks: int, modes: int):
    rng = np.random.default_rng(landmarks)
    for local in (rng.normal(0, 20, modes), np.zeros(modes), np.full(modes, -0.0)):
        global_ = np.array((1.3, 0.4, -0.9, 0.1, 150.5, -20.25), np.float32)
        check(Parameters(global_, local.astype(np.float32)), landmarks, modes)


def test_parameters_are_not_written_to():
    global_, local = np.ones(6, np.float32), np.ones(MODES, np.float32)
    global_.setflags(write=False)
    local.setflags(write=False)
    check(Parameters(global_, local))
