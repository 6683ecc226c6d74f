"""Searches over several head poses that may end early."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.expert_files import set_early_termination, write_model_of
from support.faces import draw_face

from pyclnf import CLNF, FitResult, FitSettings, Hypotheses
from pyclnf.backends import create_backend
from pyclnf.early_search import early_search, in_two_steps
from pyclnf.fitting import fit
from pyclnf.hypotheses import ROTATIONS
from pyclnf.likelihood import UNEVALUATED
from pyclnf.pdm import Parameters

WEIGHTS, BIASES = (1.0, 1.5, 0.7), (0.0, 0.3, -0.2)
NEVER, ALWAYS, FROM_THE_SIDE = (1e6,) * 3, (-1e6,) * 3, (1e6, -1e6, -1e6)
FACE = draw_face(1, angles=(0.1, 0.5, 0.0))
SETTINGS = FitSettings(weight_factor=2.5)
WINDOWS = SETTINGS.window_sizes


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Manifest of a model that does not tell when a search may end."""
    return write_model_of("CEN", tmp_path_factory.mktemp("whole"))


@pytest.fixture
def early(tmp_path: Path) -> Path:
    """Manifest of the same model, to be given thresholds."""
    return write_model_of("CEN", tmp_path)


def search(main: Path, settings: FitSettings = SETTINGS, threads: int | None = 1) -> Hypotheses:
    clnf = CLNF(main, backend="numpy")
    return clnf.fit_hypotheses(FACE.picture, FACE.box, settings, threads=threads)


def beginnings(main: Path) -> list[FitResult]:
    """Fit the coarsest scale alone from each head pose."""
    clnf, settings = CLNF(main, backend="numpy"), replace(SETTINGS, window_sizes=WINDOWS[:1])
    return [clnf.fit(FACE.picture, FACE.box, settings, rotation=each) for each in ROTATIONS]


def same(one: FitResult, other: FitResult) -> bool:
    names = ("landmarks", "params_global", "params_local")
    equal = [getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names]
    return all(equal) and (one.likelihood, one.view) == (other.likelihood, other.view)


@pytest.mark.parametrize(("cutoffs", "good"), [(ALWAYS, {0, 1, 2}), (FROM_THE_SIDE, {1, 2})])
@pytest.mark.parametrize("threads", [1, 3, None])
def test_the_first_good_one_ends_the_search(
    whole: Path, early: Path, cutoffs: tuple[float, ...], good: set[int], threads: int | None
):
    """It is completed as ever; later ones are not begun, or are forgotten."""
    set_early_termination(early, WEIGHTS, BIASES, cutoffs)
    found = search(early, threads=threads)
    begun = beginnings(whole)
    last = next(index for index, each in enumerate(begun) if each.view in good)
    assert found.ended_early
    assert len(found.fits) == last + 1 < len(found.rotations) == len(ROTATIONS)
    assert found.completed == (last,)
    assert found.chosen == last
    assert same(found.best, search(whole).fits[last])
    assert all(map(same, found.fits[:last], begun))


@pytest.mark.parametrize("threads", [1, 3, None])
def test_the_three_best_are_completed(early: Path, threads: int | None):
    """From where the coarsest scale left them; all but the last head pose lose their shape."""
    set_early_termination(early, WEIGHTS, BIASES, NEVER)
    found = search(early, threads=threads)
    backend = create_backend("numpy", early)
    picture, box = backend.picture(FACE.picture), np.array(FACE.box, np.float32)
    begun = beginnings(early)
    scores = [WEIGHTS[each.view] * each.likelihood + BIASES[each.view] for each in begun]
    assert found.completed == tuple(np.argsort(scores)[:-4:-1])
    assert not found.ended_early
    assert found.best is max((found.fits[i] for i in found.completed), key=lambda f: f.likelihood)
    for index, (start, end) in enumerate(zip(begun, found.fits, strict=True)):
        if index not in found.completed:
            assert same(end, start)
            continue
        local = start.params_local if index == 10 else np.zeros_like(start.params_local)
        resumed = Parameters(start.params_global, local)
        settings = replace(SETTINGS, window_sizes=(0, *WINDOWS[1:]))
        assert same(end, fit(picture, box, resumed, settings, backend))


def test_the_last_head_pose_keeps_its_shape(early: Path):
    set_early_termination(early, WEIGHTS, BIASES, NEVER)
    clnf, first = CLNF(early, backend="numpy"), ROTATIONS[:1]
    found = clnf.fit_hypotheses(FACE.picture, FACE.box, SETTINGS, rotations=first)
    assert same(found.best, clnf.fit(FACE.picture, FACE.box, SETTINGS))
    assert found.completed == (0,)
    assert not found.ended_early


@pytest.mark.parametrize("windows", [(11,), (11, 0), (0, 9), (11, 0, 7)])
def test_without_two_steps_all_are_fitted(whole: Path, early: Path, windows: tuple[int, ...]):
    """The models here have two scales."""
    set_early_termination(early, WEIGHTS, BIASES, ALWAYS)
    settings = FitSettings(window_sizes=windows)
    found, expected = search(early, settings), search(whole, settings)
    assert list(found.completed) == list(range(len(ROTATIONS)))
    assert all(map(same, found.fits, expected.fits))


def test_a_window_size_keeps_its_kernels():
    """With the sigma of the coarsest scale, although the finer one's is larger."""
    steps = in_two_steps(FitSettings(window_sizes=(9, 9, 7)), (0.25, 0.5))
    assert steps is not None
    assert (steps.coarsest.window_sizes, steps.finer.window_sizes) == ((9,), (0, 9))
    assert steps.sigmas == {9: 1.5}


@pytest.mark.parametrize("likelihood", [UNEVALUATED, math.nan])
def test_what_is_lost_is_never_good(early: Path, likelihood: float):
    set_early_termination(early, (0.0,) * 3, (0.0,) * 3, ALWAYS)
    backend = create_backend("numpy", early)
    box = np.array(FACE.box, np.float32)
    searching = early_search(backend.picture(FACE.picture), box, SETTINGS, backend)
    assert searching is not None
    begun = searching.begin(ROTATIONS[0])
    assert searching.is_good(begun)
    assert not searching.is_good(replace(begun, likelihood=likelihood))


def test_thresholds_may_be_as_large_as_numbers_are(early: Path):
    set_early_termination(early, (0.0,) * 3, (1e300,) * 3, (1e308,) * 3)
    assert search(early).ended_early  # scores are float32, in which that is infinite
