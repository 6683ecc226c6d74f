"""Compiled phases against their definition in NumPy: equal in every bit, at every level."""

from __future__ import annotations

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.model_files import small_pdm
from support.phases import Case, Listening, differences, drawn, same_bits
from support.vectors import global_parameters, local_parameters

from openface_bridge.fixtures import embedded
from openface_bridge.pictures import read_picture
from pyclnf import FitSettings, likelihood
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.backends import create_backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import fit
from pyclnf.image import to_grey
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration
from pyclnf.pdm import Parameters, PointDistributionModel

_kernels = pytest.importorskip("pyclnf.kernels._kernels", reason="kernels are not built")
phases = pytest.importorskip("pyclnf.kernels.phases", reason="kernels are not built")

LEVELS = sorted(_kernels.levels().values())
SIZES = [(12, 4), (68, 34), (51, 30), (28, 21), (13, 10), (9, 18), (30, 66), (165, 2), (115, 330)]
"""Landmarks and modes. The last two: terms, and columns, that are summed in groups."""
KINDS = ["rigid", "nonrigid"]


@cache
def model(landmarks: int = 68, modes: int = 34) -> PointDistributionModel:
    data = small_pdm(3, landmarks, modes)
    stiffest = np.maximum(data.eigenvalues, np.float32(0.01))
    return PointDistributionModel(dataclasses.replace(data, eigenvalues=stiffest), ReferenceOrder())


def case(kind: str = "nonrigid", seed: int = 0, **changes: Any) -> Case:
    return drawn(model(), seed, rigid=kind == "rigid", **changes)


def assert_same(given: Case, levels: list[int] = LEVELS) -> None:
    """Run a case at each level, watched and unwatched; iterations and result must be the same."""
    expected, expected_iterations = given.expected()
    for level in levels:
        compiled = phases.CompiledPhases(given.pdm, level)
        told: dict[int, Iteration] = {}
        watched = compiled.run(given.posed, given.phase, told.__setitem__)
        assert list(told) == list(range(len(expected_iterations)))
        for (index, iteration), definition in zip(told.items(), expected_iterations, strict=True):
            assert not differences(iteration, definition), (level, index)
        assert not differences(watched, expected), level
        assert not differences(compiled.run(given.posed, given.phase), expected), level


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("landmarks", "modes"), SIZES)
def test_any_size_of_model(landmarks: int, modes: int, kind: str):
    weights = np.random.default_rng(1).uniform(0.2, 4, landmarks).astype(np.float32)
    pdm = model(landmarks, modes)
    chosen = drawn(pdm, 1, rigid=kind == "rigid", max_iterations=2, landmark_weights=weights)
    assert_same(chosen)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("window", [1, 2, 3, 8, 15])
def test_any_size_of_window(window: int, kind: str):
    maps = np.random.default_rng(2).uniform(0, 1, (68, window, window)).astype(np.float32)
    kernels = KernelTable.build(window, 1.5)
    assert_same(case(kind, response_maps=maps, kernels=kernels))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 67])
def test_invisible_landmarks(count: int, kind: str):
    visible = np.zeros(68, np.bool_)
    visible[np.random.default_rng(count).permutation(68)[:count]] = True
    chosen = case(kind, visible=visible)
    chosen.phase.response_maps[~visible] = 0
    weights = np.linspace(0.5, 3, 68).astype(np.float32)
    assert_same(chosen)
    assert_same(chosen.changed(landmark_weights=weights))


@pytest.mark.parametrize("kind", KINDS)
def test_until_it_stands_still(kind: str):
    chosen = case(kind, max_iterations=200)
    _, iterations = chosen.expected()
    assert 5 < len(iterations) < 200
    assert_same(chosen)


@pytest.mark.parametrize("kind", KINDS)
def test_offsets_beyond_the_map(kind: str):
    chosen = case(kind)
    assert_same(chosen.changed(base_landmarks=chosen.phase.base_landmarks + np.float32(30)))
    assert_same(chosen.changed(base_landmarks=chosen.phase.base_landmarks - np.float32(30)))


@pytest.mark.parametrize("kind", KINDS)
def test_all_modes_clamped(kind: str):
    chosen = case("nonrigid", prior=np.zeros(40, np.float32), max_iterations=5)
    eigenvalues = chosen.pdm.eigenvalues * np.float32(1e-6)
    chosen.pdm.limits, limits = np.float32(3) * np.sqrt(eigenvalues), chosen.pdm.limits
    try:
        if kind == "rigid":  # a start that is out of bounds is clamped there, too
            chosen = chosen.changed(rigid=True, prior=np.zeros(6, np.float32))
        result, _ = chosen.expected()
        assert (np.abs(result.posed.parameters.local) == chosen.pdm.limits).all()
        assert_same(chosen)
    finally:
        chosen.pdm.limits = limits


def test_sums_that_two_roundings_would_spoil():
    # odd + (1 + ulp)(1 - ulp) / 2**24: a hair less than halfway to the next number, which is even.
    # In float64 it is halfway, from where it would go up.
    ulp = np.float32(2.0**-23)
    odd, factor = np.float32(1 + ulp), np.float32((1 - ulp) * 2.0**-24)
    data = small_pdm(3, 12, 4)
    components = np.zeros_like(data.components)
    components[::3, :2] = 1, odd
    zeros = np.zeros_like(data.mean_shape)
    spoilt = dataclasses.replace(data, mean_shape=zeros, components=components)
    pdm = PointDistributionModel(spoilt, ReferenceOrder())
    pdm.limits = np.array((odd, factor, 1, 1), np.float32)
    chosen = drawn(pdm, 0, rigid=True, max_iterations=1)
    assert (chosen.posed.parameters.local[:2] != pdm.limits[:2]).all()
    posed = pdm.pose(Parameters(chosen.posed.parameters.global_, 100 * np.abs(pdm.limits)))
    chosen = dataclasses.replace(chosen, posed=posed)
    result, _ = chosen.expected()  # clamped to the limits
    assert (result.posed.shape_3d.ravel()[::3] == odd).all()
    assert_same(chosen)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("height", [0.0, math.nan, math.inf])
def test_maps_that_give_no_shift(height: float, kind: str):
    chosen = case(kind)
    chosen.phase.response_maps[5] = height
    result, iterations = chosen.expected()
    assert result.diverged
    assert len(iterations) == 1
    assert_same(chosen)


@pytest.mark.parametrize("kind", KINDS)
def test_maps_that_vanish_under_narrow_kernels(kind: str):
    chosen = case(kind, max_iterations=30)
    chosen.phase.response_maps[:, 1:] = 0
    window = chosen.phase.kernels.window_size
    assert_same(chosen.changed(kernels=KernelTable.build(window, 0.3)))


@pytest.mark.parametrize("kind", KINDS)
def test_not_positive_definite(kind: str):
    chosen = case(kind, landmark_weights=np.full(68, -1, np.float32))
    _, iterations = chosen.expected()
    assert not iterations[0].change.any()
    assert_same(chosen)


@pytest.mark.parametrize("field", ["base_landmarks", "image_to_reference", "prior"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite(field: str, value: float):
    chosen = case()
    array = getattr(chosen.phase, field).copy()
    array.flat[min(7, array.size - 1)] = value
    assert_same(chosen.changed(**{field: array}))


def test_a_start_that_is_not_finite():
    chosen = case()
    local = chosen.posed.parameters.local.copy()
    local[3] = np.nan
    with np.errstate(all="ignore"):
        posed = chosen.pdm.pose(Parameters(chosen.posed.parameters.global_, local))
    assert_same(dataclasses.replace(chosen, posed=posed))


@settings(max_examples=60)
@given(
    global_parameters(),
    local_parameters(small_pdm(3, 12, 4).eigenvalues),
    st.integers(0, 2**12 - 1),
    st.booleans(),
    st.sampled_from(LEVELS),
)
def test_any_pose(global_: Any, local: Any, seen: int, rigid: bool, level: int):
    pdm = model(12, 4)
    chosen = drawn(
        pdm, seen, rigid=rigid, visible=np.array([seen >> i & 1 == 1 for i in range(12)])
    )
    posed = pdm.pose(Parameters(global_, local))
    base = posed.landmarks + np.float32(0.5)
    assert_same(dataclasses.replace(chosen.changed(base_landmarks=base), posed=posed), [level])


@cache
def cases_of_a_fit(
    manifest: Path, picture: Path, box: tuple[float, ...], setting: str
) -> list[Case]:
    backend = Listening(create_backend("numpy-exact", manifest))
    start = backend.detector.pdm.parameters_from_box(np.array(box, np.float32))
    image = PaddedImage.of(to_grey(read_picture(picture)))
    fit(image, np.array(box, np.float32), start, FitSettings.named(setting), backend)
    return backend.cases


@pytest.mark.parametrize(
    ("face", "setting"),
    [("yaw60", "default"), ("grimace", "weighted"), ("cut", "wild"), ("flat", "default")],
)
def test_fits_of_the_embedded_model(face: str, setting: str):
    fixtures = embedded()
    (chosen,) = (each for each in fixtures.faces if each.name == face)
    for each in cases_of_a_fit(fixtures.model, chosen.picture, chosen.box, setting):
        assert_same(each)


@pytest.mark.parametrize("setting", ["default", "weighted", "wild"])
def test_fits_of_the_real_model(openface_data: Path, setting: str):
    kind = "wild" if setting == "wild" else "general"
    manifest = openface_data / "model" / f"main_clnf_{kind}.txt"
    with np.load(openface_data / "golden" / f"trace_sample1_{setting}.npz") as trace:
        box = tuple(trace["bbox"].tolist())
    for chosen in cases_of_a_fit(manifest, openface_data / "samples/sample1.jpg", box, setting):
        assert_same(chosen)


def test_nothing_that_is_given_is_changed():
    chosen = case()
    before = [array.copy() for array in dataclasses.astuple(chosen.posed)[1:]]
    phases.CompiledPhases(chosen.pdm, LEVELS[-1]).run(chosen.posed, chosen.phase)
    after = dataclasses.astuple(chosen.posed)[1:]
    assert all(map(same_bits, before, after))


def test_a_rigid_phase_hands_its_local_parameters_on():
    chosen = case("rigid")
    result = phases.CompiledPhases(chosen.pdm, LEVELS[-1]).run(chosen.posed, chosen.phase)
    assert result.posed.parameters.local is chosen.posed.parameters.local
    assert result.posed.shape_3d is chosen.posed.shape_3d


def test_threads():
    chosen = [case(kind, seed, max_iterations=20) for seed in range(6) for kind in KINDS]
    expected = [each.expected()[0] for each in chosen]
    compiled = phases.CompiledPhases(model(), LEVELS[-1])
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            (pool.submit(compiled.run, each.posed, each.phase), result)
            for _ in range(20)
            for each, result in zip(chosen, expected, strict=True)
        ]
        assert not any(differences(job.result(), result) for job, result in jobs)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("sigma", [0.75, 1.5, 2.25])
@pytest.mark.parametrize("window", [1, 7, 11])
def test_likelihood(window: int, sigma: float, level: int):
    rng = np.random.default_rng(window)
    maps = rng.uniform(0, 2, (24, window, window)).astype(np.float32)
    maps[3] = 0
    offsets = rng.uniform(-3, window + 3, (24, 2)).astype(np.float32)
    visible = np.arange(24) % 5 != 0
    cases = [(maps, offsets, visible), (maps, offsets, visible & False)]
    far, holes = offsets.copy(), offsets.copy()
    far[6], far[7], holes[8] = 1e6, -300, np.nan
    cases += [
        (maps, far, visible),
        (maps, holes, visible),
        (maps - np.float32(5), offsets, visible),
    ]
    for arguments in cases:
        given_maps, given_offsets, given_visible = arguments
        expected = likelihood.log_likelihood(given_maps, given_offsets, sigma, given_visible)
        found = phases.log_likelihood(level, given_maps, given_offsets, sigma, given_visible)
        assert same_bits(np.array(found), np.array(expected))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("window", "sigma"), [(1, 1.5), (6, 0.3), (7, 1.75), (11, 1.5), (13, 9)])
def test_kernel_tables(window: int, sigma: float, level: int):
    expected = KernelTable.build(window, sigma)
    found = phases.kernel_table(level, window, sigma)
    assert (found.window_size, found.sigma) == (window, sigma)
    assert same_bits(found.kernels, expected.kernels)
    assert not found.kernels.flags.writeable


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_iterations", 0),
        ("response_maps", np.zeros((67, 9, 9), np.float32)),
        ("response_maps", np.zeros((68, 9, 8), np.float32)),
        ("response_maps", np.zeros((68, 11, 11), np.float32)),
        ("response_maps", np.zeros((68, 9, 9))),
        ("visible", np.ones(67, np.bool_)),
        ("base_landmarks", np.zeros((67, 2), np.float32)),
        ("image_to_reference", np.zeros((3, 3), np.float32)),
        ("reference_to_image", np.zeros((3, 3), np.float32)),
        ("prior", np.zeros(6, np.float32)),
        ("landmark_weights", np.zeros(69, np.float32)),
    ],
)
def test_arguments_are_checked(field: str, value: Any):
    chosen = case().changed(**{field: value})
    with pytest.raises(ValueError, match=r"expected|mismatch"):
        phases.CompiledPhases(chosen.pdm, LEVELS[0]).run(chosen.posed, chosen.phase)


def test_models_are_checked():
    with pytest.raises(ValueError, match="no level 9"):
        phases.CompiledPhases(model(), 9)
