from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.faces import Face, draw_face, largest_distance
from support.model_files import write_small_model

from pyclnf import FitResult, FitSettings, TraceRecorder
from pyclnf.backends import create_backend, numpy_backend
from pyclnf.backends.base import Backend
from pyclnf.backends.delegating import DelegatingBackend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import fit
from pyclnf.likelihood import UNEVALUATED, log_likelihood
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.observe import Observer
from pyclnf.pdm import PosedShape
from pyclnf.responses import Responses
from pyclnf.scale_plan import plan_scale

FACE = draw_face(1)
GENERAL = (0.25, 0.35, 0.5)
SHORT = FitSettings(window_sizes=(9, 7), max_iterations=3)


class Spy(DelegatingBackend[Backend]):
    """A backend that remembers what it is asked for."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.scales: list[tuple[int, int]] = []
        self.starts: list[PosedShape] = []
        self.responded: list[Responses] = []
        self.phases: list[Phase] = []
        self.phase_starts: list[PosedShape] = []
        self.outcomes: list[PhaseResult] = []

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        self.scales.append((scale, window_size))
        self.starts.append(posed)
        self.responded.append(self.host.responses(image, posed, scale, window_size))
        return self.responded[-1]

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        self.phases.append(phase)
        self.phase_starts.append(posed)
        self.outcomes.append(self.host.phase(posed, phase, on_iteration))
        return self.outcomes[-1]


@pytest.fixture(scope="module")
def three_scales(tmp_path_factory: pytest.TempPathFactory) -> Backend:
    folder = tmp_path_factory.mktemp("three_scales")
    return create_backend("numpy", write_small_model(folder, scales=(0.25, 0.35, 0.5)))


@pytest.fixture(scope="module")
def two_scales(small_model: Path) -> Backend:
    return create_backend("numpy", small_model)


def run(
    backend: Backend,
    settings: FitSettings = SHORT,
    face: Face = FACE,
    observer: Observer | None = None,
) -> FitResult:
    box = np.array(face.box, np.float32)
    start = backend.detector.pdm.parameters_from_box(box)
    image = PaddedImage.of(face.picture)
    return fit(image, box, start, settings, backend, observer)


# ---- What is done ----


@pytest.mark.parametrize("weight_factor", [0.0, 2.5])
def test_phases_follow_the_plan(three_scales: Backend, weight_factor: float):
    settings = FitSettings(window_sizes=(11, 9, 7), weight_factor=weight_factor, max_iterations=2)
    spy = Spy(three_scales)
    run(spy, settings)
    assert spy.scales == [(0, 11), (1, 9), (2, 7)]
    assert [phase.rigid for phase in spy.phases] == [True, False] * 3
    eigenvalues = spy.detector.pdm.eigenvalues
    for index, phase in enumerate(spy.phases):
        plan = plan_scale(settings, index // 2, GENERAL)
        responses = spy.responded[index // 2]
        assert phase.kernels.window_size == plan.window_size
        assert np.float32(phase.kernels.sigma) == plan.sigma
        assert phase.max_iterations == 2
        expected = [0.0] * 6 if phase.rigid else [*[0.0] * 6, *(plan.reg_factor / eigenvalues)]
        np.testing.assert_array_equal(phase.prior, np.array(expected, np.float32))
        if weight_factor == 0:
            assert phase.landmark_weights is None
        else:
            expected_weights = plan.weight_factor * responses.confidences
            np.testing.assert_array_equal(phase.landmark_weights, expected_weights)
            assert abs(expected_weights - responses.confidences).max() > 0.1
        # Both phases look at the maps that were computed once.
        assert phase.response_maps is responses.maps
        assert phase.visible is responses.visible
        assert phase.base_landmarks is responses.base_landmarks
        np.testing.assert_array_equal(phase.base_landmarks, spy.starts[index // 2].landmarks)
        np.testing.assert_array_equal(phase.image_to_reference, responses.image_to_reference)
        np.testing.assert_array_equal(phase.reference_to_image, responses.reference_to_image)


def test_every_phase_goes_on_where_the_last_one_ended(three_scales: Backend):
    spy = Spy(three_scales)
    result = run(spy)
    ends = [outcome.posed for outcome in spy.outcomes]
    for start, end in zip(spy.phase_starts[1:], ends, strict=False):
        assert start is end
    assert [start.landmarks.tolist() for start in spy.starts] == [
        start.landmarks.tolist() for start in spy.phase_starts[::2]
    ]
    np.testing.assert_array_equal(result.landmarks, ends[-1].landmarks)
    np.testing.assert_array_equal(result.params_global, ends[-1].parameters.global_)
    np.testing.assert_array_equal(result.params_local, ends[-1].parameters.local)


def test_one_window_size_keeps_the_sigma_it_was_first_used_with(three_scales: Backend):
    spy = Spy(three_scales)
    settings = FitSettings(window_sizes=(9, 7, 9), max_iterations=1)
    run(spy, settings)
    sigmas = [np.float32(phase.kernels.sigma) for phase in spy.phases[::2]]
    planned = [plan_scale(settings, scale, GENERAL).sigma for scale in range(3)]
    assert sigmas == [planned[0], planned[1], planned[0]]
    assert planned[2] != planned[0]
    # The next fit starts anew.
    again = Spy(three_scales)
    run(again, FitSettings(window_sizes=(0, 0, 9), max_iterations=1))
    assert np.float32(again.phases[0].kernels.sigma) == planned[2]


def test_the_result_does_not_depend_on_earlier_fits(three_scales: Backend, tmp_path: Path):
    fresh = create_backend("numpy", write_small_model(tmp_path, scales=GENERAL))
    expected = run(fresh)
    run(three_scales, FitSettings.wild(), draw_face(3))
    np.testing.assert_array_equal(run(three_scales).landmarks, expected.landmarks)


# ---- Scales without a window ----


@pytest.mark.parametrize(
    ("windows", "scales"),
    [
        ((9, 7, 5), [0, 1, 2]),
        ((9, 7, 5, 3, 3), [0, 1, 2]),
        ((9, 7), [0, 1]),
        ((9,), [0]),
        ((0, 7, 5), [1, 2]),
        ((9, 0, 5), [0, 2]),
        ((9, 7, 0), [0, 1]),
        ((0, 0, 5, 0), [2]),
    ],
)
def test_scales_that_are_fitted(three_scales: Backend, windows: tuple[int, ...], scales: list[int]):
    spy = Spy(three_scales)
    result = run(spy, FitSettings(window_sizes=windows, max_iterations=1))
    assert [scale for scale, _ in spy.scales] == scales
    assert [size for _, size in spy.scales] == [windows[scale] for scale in scales]
    assert result.success
    assert result.likelihood != UNEVALUATED


def test_only_windows_of_scales_that_do_not_exist(two_scales: Backend):
    with pytest.raises(ValueError, match=r"^settings: window_sizes .* any of the model's 2 scales"):
        run(two_scales, FitSettings(window_sizes=(0, 0, 7)))


def test_surplus_windows_are_unused(two_scales: Backend):
    one, other = (
        run(two_scales, FitSettings(window_sizes=sizes, max_iterations=2))
        for sizes in [(9, 7), (9, 7, 5, 3)]
    )
    np.testing.assert_array_equal(one.landmarks, other.landmarks)
    assert one.likelihood == other.likelihood


# ---- Likelihood ----


@pytest.fixture
def likelihoods(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what is computed as a likelihood from now on."""
    found: list[float] = []

    def remembered(*arguments: Any) -> float:
        found.append(log_likelihood(*arguments))
        return found[-1]

    monkeypatch.setattr(numpy_backend, "log_likelihood", remembered)
    return found


@pytest.mark.parametrize(
    ("windows", "times"),
    [((9, 7, 5), 1), ((9, 0, 5), 2), ((9, 7, 0), 1), ((9, 7), 1), ((0, 0, 5), 1), ((9, 0, 0), 1)],
)
def test_likelihood_is_due_at_the_last_scale_and_before_a_gap(
    three_scales: Backend, likelihoods: list[float], windows: tuple[int, ...], times: int
):
    result = run(three_scales, FitSettings(window_sizes=windows, max_iterations=1))
    assert len(likelihoods) == times
    assert result.likelihood == likelihoods[-1]


@pytest.mark.parametrize(("scale", "times"), [(0.28, 3), (0.34, 1)])
def test_likelihood_of_a_small_face_is_due_at_every_scale(
    three_scales: Backend, likelihoods: list[float], scale: float, times: int
):
    face = draw_face(1, scale)
    result = run(three_scales, FitSettings(window_sizes=(5, 5, 3), max_iterations=1), face)
    assert result.success
    assert (result.params_global[0] < 0.3) == (scale < 0.3)
    assert len(likelihoods) == times
    assert result.likelihood == likelihoods[-1]


def test_likelihood_is_that_of_the_last_iterations_start(three_scales: Backend):
    recorder, spy = TraceRecorder(), Spy(three_scales)
    result = run(spy, observer=recorder)
    last = max(int(name.split(".")[2]) for name in recorder.trace if "scale1.nonrigid" in name)
    x, y = (recorder.trace[f"scale1.nonrigid.{last}.offset_{axis}"] for axis in "xy")
    sigma = float(recorder.trace["scale1.sigma"])
    expected = log_likelihood(
        spy.responded[1].maps, np.stack([x, y], axis=1), sigma, spy.responded[1].visible
    )
    assert result.likelihood == expected
    assert math.isfinite(expected)


# ---- Failures ----


def test_a_face_that_is_too_small(two_scales: Backend, likelihoods: list[float]):
    face = draw_face(1, 0.2)
    spy = Spy(two_scales)
    result = run(spy, face=face)
    assert not result.success
    assert "too small" in result.failure
    assert result.params_global[0] < 0.25
    assert [scale for scale, _ in spy.scales] == [0]
    assert np.isfinite(result.landmarks).all()
    assert result.likelihood == likelihoods[-1]


class Blind(Spy):
    """A backend whose map of one landmark is empty at one scale."""

    def __init__(self, backend: Backend, scale: int) -> None:
        super().__init__(backend)
        self._scale = scale

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        found = super().responses(image, posed, scale, window_size)
        maps = found.maps.copy()
        maps[3] = 0
        return dataclasses.replace(found, maps=maps) if scale == self._scale else found


@pytest.mark.parametrize("scale", [0, 1])
def test_divergence(two_scales: Backend, scale: int):
    blind = Blind(two_scales, scale)
    result = run(blind)
    assert not result.success
    assert "ceased to be finite" in result.failure
    assert result.likelihood == UNEVALUATED
    assert [each for each, _ in blind.scales] == list(range(scale + 1))
    # What was reached before is kept.
    np.testing.assert_array_equal(result.landmarks, blind.starts[-1].landmarks)
    assert np.isfinite(result.params_global).all()


def test_a_sound_fit(two_scales: Backend):
    result = run(two_scales, FitSettings(window_sizes=(11, 9)))
    assert result.success
    assert result.failure == ""
    assert result.view == 0
    assert largest_distance(result.landmarks, FACE.landmarks) < 3


def test_the_view_is_that_of_the_last_scale(two_scales: Backend):
    face = draw_face(2, angles=(0.0, -0.5, 0.0))
    box = np.array(face.box, np.float32)
    start = two_scales.detector.pdm.parameters_from_box(box, (0.0, -0.45, 0.0))
    image = PaddedImage.of(face.picture)
    spy = Spy(two_scales)
    assert fit(image, box, start, SHORT, spy).view == 1
    assert [each.view for each in spy.responded] == [1, 1]
