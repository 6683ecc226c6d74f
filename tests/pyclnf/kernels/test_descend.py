"""Compiled parameters from landmarks: every bit of their definition's, at every level."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.model_files import small_pdm
from support.phases import same_bits
from support.vectors import global_parameters, local_parameters

from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.landmark_parameters import descend, parameters_from_landmarks
from pyclnf.pdm import Parameters, PointDistributionModel

_kernels = pytest.importorskip("pyclnf.kernels._kernels", reason="kernels are not built")
phases = pytest.importorskip("pyclnf.kernels.phases", reason="kernels are not built")

Float32 = npt.NDArray[np.float32]

LEVELS = sorted(_kernels.levels().values())
SIZES = [(68, 34), (51, 32), (28, 10), (33, 12), (34, 12), (6, 10), (7, 3), (165, 2), (30, 66)]
"""Landmarks and modes; from 34 landmarks on, distances are measured with another 3D shape."""


@cache
def model(landmarks: int = 28, modes: int = 10) -> PointDistributionModel:
    data = small_pdm(4, max(landmarks, (modes + 7) // 3 + 1), modes)
    stiffest = np.maximum(data.eigenvalues, np.float32(0.01))
    pdm = PointDistributionModel(dataclasses.replace(data, eigenvalues=stiffest), ReferenceOrder())
    return pdm.of_landmarks(np.arange(pdm.n_landmarks) < landmarks)


def drawn(pdm: PointDistributionModel, seed: int, noise: float = 2.0) -> Float32:
    rng = np.random.default_rng(seed)
    local = (rng.uniform(-1, 1, pdm.n_modes) * np.sqrt(pdm.eigenvalues)).astype(np.float32)
    global_ = np.array((1.6, *rng.uniform(-0.4, 0.4, 3), 150, 130), np.float32)
    landmarks = pdm.pose(Parameters(global_, local)).landmarks
    return landmarks + rng.normal(0, noise, landmarks.shape).astype(np.float32)


def assert_same(pdm: PointDistributionModel, landmarks: Float32) -> None:
    expected = parameters_from_landmarks(pdm, landmarks, ReferenceOrder())
    for level in LEVELS:
        found = phases.CompiledPhases(pdm, level).parameters_from_landmarks(landmarks)
        assert same_bits(found.global_, expected.global_), level
        assert same_bits(found.local, expected.local), level


@pytest.mark.parametrize(("landmarks", "modes"), SIZES)
def test_any_size_of_model(landmarks: int, modes: int):
    pdm = model(landmarks, modes)
    assert pdm.n_landmarks == landmarks
    for seed in range(2):
        assert_same(pdm, drawn(pdm, seed))


@pytest.mark.parametrize("level", LEVELS)
def test_it_takes_as_many_iterations(level: int):
    pdm = model()
    for seed in range(4):
        landmarks = drawn(pdm, seed, noise=float(seed))
        _, expected = descend(pdm, landmarks, ReferenceOrder())
        _, found = phases.CompiledPhases(pdm, level).descend(landmarks)
        assert found == expected


@given(st.data())
def test_any_landmarks(data: st.DataObject):
    pdm = model(12, 4)
    parameters = Parameters(
        data.draw(global_parameters()), data.draw(local_parameters(pdm.eigenvalues))
    )
    landmarks = pdm.pose(parameters).landmarks
    seen = data.draw(st.lists(st.booleans(), min_size=12, max_size=12).filter(lambda s: sum(s) > 2))
    landmarks[~np.array(seen), 0] = 0
    if np.count_nonzero(landmarks[:, 0]) > 2:
        assert_same(pdm, landmarks)


@pytest.mark.parametrize("size", [1e-30, 1e10, 1e18, 1e25, 1e30, 3e38])
def test_landmarks_of_any_magnitude(size: float):
    landmarks = drawn(model(), 1) / np.float32(1000) * np.float32(size)
    assert_same(model(), landmarks)


def test_landmarks_in_one_place():
    assert_same(model(7, 3), np.full((7, 2), 70, np.float32))


def test_landmarks_in_any_layout():
    landmarks = drawn(model(), 6)
    assert_same(model(), np.asfortranarray(landmarks))
    assert_same(model(), np.repeat(landmarks, 2, axis=0)[::2])


@pytest.mark.parametrize(
    "landmarks", [np.zeros((28, 2)), np.full((28, 2), np.nan), np.full((28, 2), np.inf)]
)
def test_landmarks_that_tell_nothing(landmarks: Any):
    with pytest.raises(ValueError, match=r"^landmarks: "):
        phases.CompiledPhases(model(), LEVELS[0]).parameters_from_landmarks(
            landmarks.astype(np.float32)
        )


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="landmarks"):
        phases.CompiledPhases(model(), LEVELS[0]).descend(drawn(model(), 0)[:27])


def test_many_sets_of_visible_landmarks_in_threads():
    pdm, compiled = model(), phases.CompiledPhases(model(), LEVELS[-1])
    given_landmarks = []
    for seed in range(24):
        landmarks = drawn(pdm, seed)
        landmarks[seed::7, 0] = 0
        given_landmarks.append(landmarks)
    expected = [parameters_from_landmarks(pdm, each, ReferenceOrder()) for each in given_landmarks]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            found = pool.map(compiled.parameters_from_landmarks, given_landmarks)
            for one, other in zip(found, expected, strict=True):
                assert same_bits(one.global_, other.global_)
                assert same_bits(one.local, other.local)
