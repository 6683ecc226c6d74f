"""Early termination, by OpenFace and by pyclnf: equal in every bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.expert_files import set_early_termination, write_model_of
from support.model_files import draw_blobs

from pyclnf import CLNF, FitSettings, Hypotheses
from pyclnf.backends import create_backend, is_available

SCALES = {"weights": (1.0, 1.5, 0.7), "biases": (0.0, 0.3, -0.2)}
NEVER, ALWAYS, FROM_THE_SIDE = (1e6,) * 3, (-1e6,) * 3, (1e6, -1e6, -1e6)
SETTINGS = {
    "default": FitSettings(),
    "weighted": FitSettings(weight_factor=2.5),
    "windows alike": FitSettings(window_sizes=(9, 9, 7)),
}


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """Manifest of a small model of CEN experts."""
    return write_model_of("CEN", tmp_path, 0, 16, 5, (0.25, 0.35, 0.5))


def picture_and_box(path: Path, turn: float, part: float) -> tuple[Any, Any]:
    """Draw a face, more or less turned, and put a box around a part of its width and height."""
    pdm = create_backend("numpy", path).detector.pdm
    local = np.float32(0.7) * np.sqrt(pdm.eigenvalues)
    truth = pdm.shape_2d(np.array([1.2, 0.1, turn, 0.05, 150, 160], np.float32), local)
    noise = np.random.default_rng(0).integers(-15, 16, (320, 300))
    image = np.clip(draw_blobs(truth, 1.2, (320, 300)) + noise, 0, 255).astype(np.uint8)
    low, high = truth.min(axis=0), truth.max(axis=0)
    sides = part * (high - low)
    return image, np.array([*(low + 3 + (high - low - sides) / 2), *sides], np.float32)


def search(
    bridge: Any, path: Path, settings: FitSettings, turn: float, part: float = 1.0
) -> Hypotheses:
    """Search with OpenFace and with each exact backend; all find the same in every bit."""
    image, box = picture_and_box(path, turn, part)
    native = bridge.Settings(
        window_sizes=list(settings.window_sizes),
        sigma=settings.sigma,
        reg_factor=settings.reg_factor,
        weight_factor=settings.weight_factor,
        max_iterations=settings.max_iterations,
        multi_view=True,
    )
    expected = bridge.Model(str(path)).fit_in_image(image, box, native)
    for backend in filter(is_available, ("numpy-exact", "cython")):
        found = CLNF(path, backend=backend).fit_hypotheses(image, box, settings)
        for name in ("landmarks", "params_global", "params_local"):
            assert getattr(found.best, name).tobytes() == expected[name].tobytes(), (backend, name)
        assert np.float32(found.best.likelihood) == np.float32(expected["likelihood"])
        last = found.completed[-1]
        assert found.fits[last].view == expected["view"]  # of the last fit, whichever was chosen
    return found


@pytest.mark.parametrize("turn", [-0.5, 0.0, 0.6])
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_three_best_are_completed(
    bridge: Any, recorded_kernel: None, main: Path, setting: str, turn: float
) -> None:
    set_early_termination(main, **SCALES, cutoffs=NEVER)
    found = search(bridge, main, SETTINGS[setting], turn)
    assert (len(found.fits), len(found.completed), found.ended_early) == (11, 3, False)


@pytest.mark.parametrize(("cutoffs", "begun"), [(ALWAYS, 1), (FROM_THE_SIDE, 2)])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_good_one_ends_the_search(
    bridge: Any,
    recorded_kernel: None,
    main: Path,
    setting: str,
    cutoffs: tuple[float, ...],
    begun: int,
) -> None:
    set_early_termination(main, **SCALES, cutoffs=cutoffs)
    found = search(bridge, main, SETTINGS[setting], -0.5)
    assert (len(found.fits), found.completed, found.ended_early) == (begun, (begun - 1,), True)


@pytest.mark.parametrize("cutoffs", [NEVER, ALWAYS])
def test_faces_that_are_too_small_at_first_go_on(
    bridge: Any, recorded_kernel: None, main: Path, cutoffs: tuple[float, ...]
) -> None:
    """At a fifth of its size, a face is lost at the coarsest scale, and may yet be found."""
    set_early_termination(main, **SCALES, cutoffs=cutoffs)
    found = search(bridge, main, FitSettings(), 0.0, part=0.18)
    image, box = picture_and_box(main, 0.0, 0.18)
    coarse = FitSettings(window_sizes=FitSettings().window_sizes[:1])
    first = CLNF(main).fit(image, box, coarse)
    assert "too small" in first.failure
    assert found.best.success == (cutoffs is NEVER)
