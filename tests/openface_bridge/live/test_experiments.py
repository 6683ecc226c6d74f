"""The experiments in both engines: same method, same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openface_bridge.cli import main
from openface_bridge.experiments.engines import Candidate
from openface_bridge.experiments.hold import held_fit
from openface_bridge.experiments.maps import map_differences, window_settings
from openface_bridge.experiments.parameters import Held
from openface_bridge.openface import OpenFace
from openface_bridge.pictures import read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.starts import Start
from openface_bridge.stepping import Kept, stepped_fit
from openface_bridge.trace import Trace, read_trace
from pyclnf.backends import create_backend
from pyclnf.pdm import Parameters
from pyclnf.settings import FitSettings

HELD = (("scale=2.8",), ("rx=0", "ry=0", "rz=0"), ("q0=0", "q3=5"))


class Real:
    """OpenFace's own model and a picture, in both engines."""

    def __init__(self, bridge: Any, data: Path) -> None:
        self.manifest = data / "model" / "main_clnf_general.txt"
        self.picture = data / "samples" / "sample1.jpg"
        self.model = bridge.Model(str(self.manifest))
        self.backend = create_backend("numpy-exact", self.manifest)
        self.image = read_picture(self.picture)
        self.trace = Recorded(data / "golden").trace(Case("sample1", "default"))

    def held(self, settings: FitSettings, assignments: Sequence[str]) -> tuple[Trace, Trace]:
        held = Held.parsed(assignments, self.model.n_modes)
        own = held_fit(self.openface(settings), self.trace["bbox"], settings, held)
        return own, held_fit(self.candidate(settings), self.trace["bbox"], settings, held)

    def openface(self, settings: FitSettings) -> OpenFace:
        return OpenFace(self.model, self.image, settings)

    def candidate(self, settings: FitSettings) -> Candidate:
        return Candidate(self.backend, self.image, settings)


@pytest.fixture(scope="module")
def real(bridge: Any, recorded_kernel: None, openface_data: Path) -> Real:
    return Real(bridge, openface_data)


def assert_equal(found: Any, expected: Any) -> None:
    """Compare the entries of two traces, except what they say of themselves."""
    assert set(found.entries) == set(expected.entries)
    for name, entry in expected.entries.items():
        if name != "provenance":
            assert found[name].tobytes() == entry.tobytes(), name


@pytest.mark.parametrize(
    "settings",
    [FitSettings(weight_factor=2.5), FitSettings(window_sizes=(11, 0, 7), max_iterations=40)],
    ids=["weighted", "until it stands still"],
)
def test_with_nothing_held_it_is_openfaces_fit(
    settings: FitSettings, small: Any, blobs: tuple[Any, Any]
) -> None:
    start = Start(np.asarray(blobs[1], np.float32))
    plain = stepped_fit(small, blobs[0], start, settings, keep=Kept(hessians=True))
    engine = OpenFace(small, blobs[0], settings)
    trace = held_fit(engine, np.asarray(blobs[1], np.float32), settings, Held())
    assert set(trace.entries) - set(plain.entries) == {"provenance"}
    for name, expected in plain.entries.items():
        assert trace[name].tobytes() == expected.tobytes(), name


def test_held_fits_do_not_depend_on_those_before(small: Any, blobs: tuple[Any, Any]) -> None:
    """OpenFace itself goes on with the kernels of the sigma that it used first."""
    box, held = np.asarray(blobs[1], np.float32), Held.parsed(["scale=1.4"], small.n_modes)
    found = []
    for sigma in (1.5, 3.0, 1.5):
        settings = FitSettings(sigma=sigma)
        found.append(held_fit(OpenFace(small, blobs[0], settings), box, settings, held))
    small.reset()
    settings = FitSettings(sigma=3.0)
    assert_equal(found[1], held_fit(OpenFace(small, blobs[0], settings), box, settings, held))
    assert_equal(found[2], found[0])


@pytest.mark.parametrize(("moved", "still"), [(0.009, True), (0.011, False)])
def test_when_a_shape_stands_still(
    moved: float, still: bool, small: Any, small_model: Path, blobs: tuple[Any, Any]
) -> None:
    before = np.zeros((16, 2), np.float32)
    after = before.copy()
    after[3, 1] = moved
    engines = (
        OpenFace(small, blobs[0], FitSettings()),
        Candidate(create_backend("numpy", small_model), blobs[0], FitSettings()),
    )
    assert [engine.stands_still(before, after) for engine in engines] == [still, still]


def test_openface_starts_every_iteration_from_what_is_held(
    small: Any, blobs: tuple[Any, Any]
) -> None:
    settings, held = FitSettings(), Held.parsed(["scale=1.4", "q1=0.5"], small.n_modes)
    engine = OpenFace(small, blobs[0], settings)
    trace = held_fit(engine, np.asarray(blobs[1], np.float32), settings, held, (0, 0.1, 0))
    assert trace["init.params_global"][:4].tolist() == np.array((1.4, 0, 0.1, 0), "f4").tolist()
    for step in trace.steps:
        assert trace[f"{step.prefix}.params_global"][0] == np.float32(1.4)
        assert trace[f"{step.prefix}.params_local"][1] == np.float32(0.5)


@pytest.mark.parametrize("held", HELD, ids=lambda held: " ".join(held))
def test_both_engines_agree_on_held_fits(held: tuple[str, ...], real: Real) -> None:
    own, other = real.held(FitSettings(), held)
    assert_equal(other, own)
    assert not np.array_equal(own["final.landmarks"], real.trace["final.landmarks"])


@pytest.mark.parametrize("scale", [0, 1, 2])
def test_both_engines_agree_on_forced_maps(scale: int, real: Real) -> None:
    settings = window_settings(scale, 9, 3)
    local = np.zeros(real.model.n_modes, np.float32)
    local[:4] = (10, -7, 3, 5)
    at = Parameters(np.array((2.1, 0.1, -0.3, 0.05, 205, 180), np.float32), local)
    own = real.openface(settings).at_scale(scale, at).entries
    other = real.candidate(settings).at_scale(scale, at).entries
    assert int(own["view"]) == int(other["view"])
    differences = map_differences(own, other)
    assert differences
    assert max(each.relative for each in differences) == 0


def test_commands_with_openface(
    bridge: Any, small_model: Path, blobs: tuple[Any, Any], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    import cv2

    picture, parameters = tmp_path / "blobs.png", tmp_path / "params.json"
    cv2.imwrite(str(picture), blobs[0])
    parameters.write_text('{"global": [1.2, 0, 0, 0, 150, 160]}')
    common = ("--model", str(small_model), "--image", str(picture), "--reference", "live")
    out = tmp_path / "maps.npz"
    assert main(["maps", *common, "--at-params", str(parameters), "--out", str(out)]) == 0
    assert "reference: OpenFace, view" in capsys.readouterr().out
    with np.load(out) as arrays:
        own, other = arrays["reference.response_maps"], arrays["candidate.response_maps"]
    assert np.abs(other - own).max() <= 1e-5 * own.max()
    box = ",".join(f"{number:.6g}" for number in blobs[1])
    held = ("--box", box, "--fixed", "scale=1.2")
    assert main(["hold", *common, *held, "--out", str(tmp_path / "held")]) == 0
    assert "px apart" in capsys.readouterr().out
    traces = [read_trace(tmp_path / "held" / f"{role}.npz") for role in ("reference", "candidate")]
    assert traces[0].steps[0] == traces[1].steps[0]
    assert np.abs(traces[1]["final.landmarks"] - traces[0]["final.landmarks"]).max() < 0.5
