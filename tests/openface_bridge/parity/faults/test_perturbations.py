"""Errors by size: what they change, by how much, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge.parity.faults.perturbations import SCALED_STAGES, map_noise, scaled_stage
from openface_bridge.parity.run import Models, compare_fit
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.teacher import Teacher
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from pyclnf import likelihood, mean_shift, nu_rlms, similarity
from pyclnf.experts import area_of_interest, views
from pyclnf.pdm import Parameters

CASE = Case("anna", "default")
CLAMPED = Case("ben_2", "weighted")
FACTOR = np.float32(1.001)


@pytest.fixture(scope="module")
def teacher(make_teacher: Callable[..., Teacher], reference: Recorded) -> Teacher:
    return make_teacher(reference.trace(CASE), CASE)


def response_maps(teacher: Teacher) -> Any:
    view = teacher.view(0)
    areas = teacher.at_scale(0, "areas_of_interest")[view.visible]
    return teacher.experts.response_maps(areas, 0, int(teacher.at_scale(0, "view")))


def outputs(teacher: Teacher) -> dict[str, Any]:
    """Return what each stage that computes numbers gives for one set of inputs."""
    pdm, step = teacher.pdm, teacher.trace.steps[-1]
    phase, posed = teacher.phase(step), teacher.pose(step)
    shape, shift = teacher.at_step(step, "shape"), teacher.at_step(step, "mean_shift")
    columns = [teacher.at_step(step, f"offset_{axis}") for axis in "xy"]
    offsets = np.stack(columns, axis=1)
    maps, visible, local = phase.response_maps, phase.visible, posed.parameters.local
    change = np.linspace(0.1, 0.2, 6 + pdm.n_modes, dtype=np.float32)
    updated = pdm.updated(posed, change)
    matrix, base = phase.reference_to_image, phase.base_landmarks
    return {
        "initialisation": pdm.parameters_from_box(teacher.trace["bbox"]).global_,
        "similarity": similarity.align(shape, base),
        "area of interest": area_of_interest.sample_areas(teacher.image, shape, matrix, 9),
        "response map": response_maps(teacher),
        "offsets": mean_shift.map_offsets(shape, base, phase.image_to_reference, 9),
        "mean shift": mean_shift.mean_shifts(maps, offsets, phase.kernels, visible),
        "Jacobian": pdm.jacobian(posed, rigid=False),
        "normal equations": nu_rlms.normal_equations(
            teacher.at_step(step, "jacobian"), shift, phase, local, teacher.arithmetic
        )[1],
        "update": np.concatenate((updated.global_, updated.local)),
        "likelihood": likelihood.landmark_likelihoods(maps, offsets, 1.5, visible),
    }


def test_every_stage_can_be_scaled():
    assert list(SCALED_STAGES) == [stage.name for stage in STAGES]


DECIDING = ("view", "clamp", "stopping")


@pytest.mark.parametrize("stage", [name for name in SCALED_STAGES if name not in DECIDING])
def test_one_stage_is_scaled_and_no_other(stage: str, teacher: Teacher):
    sound = outputs(teacher)
    expected = {**sound, stage: sound[stage] * FACTOR}
    with scaled_stage(stage, 1e-3):
        erring = outputs(teacher)
    after = outputs(teacher)
    assert not np.array_equal(erring[stage], sound[stage])
    for name in sound:
        assert np.array_equal(erring[name], expected[name]), name
        assert np.array_equal(after[name], sound[name]), name


def test_likelihoods_are_scaled_before_their_logarithm(teacher: Teacher):
    step = teacher.trace.steps[-1]
    phase, centre = teacher.phase(step), np.full((12, 2), 4, np.float32)
    arguments = (phase.response_maps, centre, 1.5, phase.visible)
    sound = likelihood.log_likelihood(*arguments)
    with scaled_stage("likelihood", 1e-3):
        erring = likelihood.log_likelihood(*arguments)
    assert erring - sound == pytest.approx(np.log1p(1e-3), rel=0.01)


def test_clamps_are_scaled(teacher: Teacher):
    pdm = teacher.pdm
    limits = np.float32(3) * np.sqrt(pdm.eigenvalues)
    global_ = np.zeros(6, np.float32)
    beyond, within = (
        Parameters(global_, np.float32(-2) * limits),
        Parameters(global_, np.float32(0.5) * limits),
    )
    with scaled_stage("clamp", 1e-3):
        assert np.allclose(pdm.clamped(beyond).local, -1.001 * limits, rtol=1e-6, atol=0)
        assert pdm.clamped(within) is within
    assert np.array_equal(pdm.clamped(beyond).local, -limits)


def test_one_view_is_chosen_wrongly():
    centers = np.array(((0.0, 0, 0), (0, 0.5, 0), (0, -0.6, 0), (0, 2, 0)))
    pose, other = np.array((0, 0.1, 0), np.float32), np.array((0, -0.5, 0), np.float32)
    with scaled_stage("view"):
        assert views.nearest_view(centers[:1], other) == 0  # no choice, hence no wrong one
        assert views.nearest_view(centers, pose) == 1
        assert views.nearest_view(centers, other) == 2
        assert views.nearest_view(centers, np.nextafter(pose, np.float32(1))) == 1
    assert views.nearest_view(centers, pose) == 0


@pytest.mark.parametrize("moves", [1.0, 0.0])
def test_one_stop_is_decided_wrongly(moves: float):
    shape = np.arange(24, dtype=np.float32).reshape(12, 2)
    moved = shape + np.float32(moves)
    with scaled_stage("stopping"):
        assert nu_rlms.has_converged(shape, moved) is (moves != 0)
        assert nu_rlms.has_converged(shape + 2, moved + 2) is (moves == 0)
        assert nu_rlms.has_converged(np.nextafter(shape, moved + 1), moved) is (moves != 0)
    assert nu_rlms.has_converged(shape, moved) is (moves == 0)


def test_stages_there_are_not():
    pattern = r"no stage is called 'jacobian'; there are .*Jacobian"
    with pytest.raises(ValueError, match=pattern), scaled_stage("jacobian"):
        pytest.fail("planted what there is not")


def test_noise_is_one_unit_in_the_last_place(teacher: Teacher):
    sound = response_maps(teacher)
    with map_noise(0):
        noisy = response_maps(teacher)
        again = response_maps(teacher)
    up, down = np.nextafter(sound, np.float32(np.inf)), np.nextafter(sound, np.float32(-np.inf))
    assert (sound == 0).any()
    assert np.array_equal(noisy == 0, sound == 0)
    of_some = sound != 0
    assert np.array_equal(np.where(noisy > sound, up, down)[of_some], noisy[of_some])
    assert 0.45 < np.mean((noisy > sound)[of_some]) < 0.55
    assert not np.array_equal(noisy, again)
    assert np.array_equal(response_maps(teacher), sound)


def test_noise_is_that_of_its_seed(teacher: Teacher):
    found = []
    for seed in (1, 1, 2):
        with map_noise(seed):
            found.append(response_maps(teacher))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


# ---- What a comparison makes of them ----


def verdict(
    reference: Recorded, models: Models, recordings: Recordings, case: Case
) -> tuple[str, str | None]:
    found = compare_fit(reference, case, models, recordings.images).verdict
    return found.kind, found.stage


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_bug(seed: int, reference: Recorded, models: Models, recordings: Recordings):
    with map_noise(seed):
        assert verdict(reference, models, recordings, CASE)[0] in ("rounding", "branch")


@pytest.mark.parametrize("stage", SCALED_STAGES)
def test_a_thousandth_is_one(
    stage: str, reference: Recorded, models: Models, recordings: Recordings
):
    with scaled_stage(stage):
        assert verdict(reference, models, recordings, CLAMPED) == ("bug", stage)
