"""SVR and CEN experts: OpenFace and pyclnf on small files of random weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import bounds
from support.expert_files import write_model_of
from support.model_files import draw_blobs
from support.twins import Twins

from openface_bridge.openface import native_settings
from openface_bridge.starts import Start
from openface_bridge.stepping import stepped_fit
from pyclnf import CLNF, FitSettings
from pyclnf.backends import create_backend, is_available
from pyclnf.backends.base import Backend
from pyclnf.pdm import Parameters

MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "svr": ("SVR", {}),
    "svr raw": ("SVR", {"modalities": (0,)}),
    "svr gradient": ("SVR", {"modalities": (1,), "support": 9}),
    "svr three": ("SVR", {"modalities": (1, 0, 0), "support": 7}),
    "cen": ("CEN", {}),
    "cen one layer": ("CEN", {"neurons": (), "activations": (0,)}),
    "cen all strips": ("CEN", {"neurons": (33, 14), "activations": (2, 1, 0)}),
    "cen many terms": ("CEN", {"neurons": (330, 12)}),
    "cen support": ("CEN", {"support": 9}),
}
TURNS = {"frontal": 0.0, "left": -0.5, "right": 0.5}
WINDOWS = (3, 5, 7, 9, 11, 13, 15)


@dataclass(frozen=True)
class Pair:
    """A model in both engines, and a picture."""

    path: Path
    twins: Twins
    rounded: Backend
    image: Any
    box: Any


@pytest.fixture(scope="module", params=MODELS)
def pair(
    request: pytest.FixtureRequest,
    bridge: Any,
    recorded_kernel: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Pair:
    kind, options = MODELS[request.param]
    path = write_model_of(
        kind, tmp_path_factory.mktemp("model"), 0, 16, 5, (0.25, 0.35, 0.5), **options
    )
    backend = create_backend("numpy-exact", path)
    pdm = backend.detector.pdm
    local = np.float32(0.5) * np.sqrt(pdm.eigenvalues)
    truth = pdm.shape_2d(np.array([1.2, 0.1, -0.1, 0.05, 150, 160], np.float32), local)
    noise = np.random.default_rng(0).integers(-15, 16, (320, 300))
    image = np.clip(draw_blobs(truth, 1.2, (320, 300)) + noise, 0, 255).astype(np.uint8)
    low, high = truth.min(axis=0), truth.max(axis=0)
    box = np.array([*(low + 3), *(high - low)], np.float32)
    twins = Twins(bridge.Model(str(path)), backend)
    return Pair(path, twins, create_backend("numpy", path), image, box)


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("scale", [0, 1, 2])
def test_maps(pair: Pair, scale: int, turn: float) -> None:
    """Areas and maps: each from OpenFace's own inputs, and all from the same parameters."""
    exact, rounded = pair.twins, Twins(pair.twins.openface, pair.rounded)
    picture = exact.pyclnf.picture(pair.image)
    at = Parameters(np.array([1.2, 0.1, turn, 0.05, 151.5, 158.3], np.float32), np.zeros(5, "f"))
    posed = exact.pyclnf.detector.pdm.pose(at)
    for window in WINDOWS:
        given = (pair.image, at.global_, at.local, window, scale)
        pairs, own = exact.responses(*given)
        bounds.check(pairs, bounds.EXACT)
        bounds.check(rounded.responses(*given)[0], bounds.ROUNDED_ONCE)
        whole = exact.pyclnf.responses(picture, posed, scale, window)
        assert whole.view == own.view
        assert whole.maps.tobytes() == own.response_maps.tobytes()


def test_every_view_is_asked_for(pair: Pair) -> None:
    model = pair.twins.openface
    found = {
        model.view_index(np.array([1, 0, turn, 0, 0, 0], np.float32), 0) for turn in TURNS.values()
    }
    assert found == set(range(len(model.view_centers(0))))


@pytest.mark.parametrize("setting", ["default", "weighted", "wild", "ceclm"])
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_fits_have_the_bits_of_openface(pair: Pair, setting: str, turn: float) -> None:
    settings, rotation = FitSettings.named(setting), (0.0, turn, 0.0)
    theirs = pair.twins.openface.fit(
        pair.image, pair.box, native_settings(settings), np.array(rotation, np.float32)
    )
    for backend in filter(is_available, ("numpy-exact", "cython")):
        ours = CLNF(pair.path, backend=backend).fit(
            pair.image, pair.box, settings, rotation=rotation
        )
        for name in ("landmarks", "params_global", "params_local"):
            assert getattr(ours, name).tobytes() == theirs[name].tobytes(), (backend, name)
        assert np.float32(ours.likelihood) == np.float32(theirs["likelihood"])
        assert ours.view == theirs["view"]


def test_stepping_changes_nothing(pair: Pair) -> None:
    """Which a stepped fit proves on itself, whatever the kind of experts."""
    trace = stepped_fit(pair.twins.openface, pair.image, Start(pair.box), FitSettings())
    assert list(trace.scales) == [0, 1, 2]
