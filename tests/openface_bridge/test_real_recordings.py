"""Recordings of an unmodified OpenFace, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openface_bridge.cli import main
from openface_bridge.parity.free_run import run_free
from openface_bridge.parity.run import Models
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from pyclnf import FitSettings
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

FACES = ("sample1", "sample3", "sample4", "sample5")
SETTINGS = ("default", "weighted", "wild")


@pytest.fixture(scope="module")
def inputs(openface_data: Path) -> dict[str, Path]:
    found = {
        "--model": openface_data / "model" / "main_clnf_general.txt",
        "--traces": openface_data / "golden",
        "--images": openface_data / "samples",
    }
    for path in found.values():
        if not path.exists():
            pytest.skip(f"no {path.name} in {openface_data}")
    return found


def run(inputs: dict[str, Path], folder: Path, backend: str) -> tuple[int, dict[str, Any]]:
    path = folder / "results.json"
    words = [word for name, value in inputs.items() for word in (name, str(value))]
    status = main(["parity", *words, "--backend", backend, "--json", str(path)])
    return status, json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def rounded_once(
    inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, dict[str, Any]]:
    return run(inputs, tmp_path_factory.mktemp("numpy"), "numpy")


@pytest.fixture(scope="module")
def exact(inputs: dict[str, Path]) -> Models:
    return Models("numpy-exact", inputs["--model"], {})


def test_recordings(inputs: dict[str, Path]):
    reference = Recorded(inputs["--traces"])
    cases = reference.cases()
    assert [(case.face, case.setting) for case in cases] == [
        (face, setting) for face in FACES for setting in SETTINGS
    ]
    for case in cases:
        trace, settings = reference.trace(case), FitSettings.named(case.setting)
        assert len(trace.scales) == (4 if case.setting == "wild" else 3)
        assert len(trace.steps) == 2 * settings.max_iterations * len(trace.scales)
        reruns = reference.rerun_landmarks(case)
        assert reruns is not None
        assert reruns.shape == (20, 68, 2)


def test_a_backend_that_rounds_once_passes(rounded_once: tuple[int, dict[str, Any]]):
    status, results = rounded_once
    assert status == 0
    assert results["summary"]["fits"] == len(FACES) * len(SETTINGS)
    assert results["summary"]["failed"] == 0
    assert results["summary"]["median_max_px"] < 0.01
    assert results["summary"]["verdicts"]["bug"] == 0
    assert all(fit["floor"]["within"] for fit in results["fits"])


@pytest.mark.parametrize(
    ("stage", "largest"),
    [
        ("initialisation", 0.0),
        ("view", 0.0),
        ("similarity", 0.0),
        ("area of interest", 0.0),
        ("response map", 0.6),
        ("offsets", 0.0),
        ("mean shift", 0.0),
        ("Jacobian", 0.0),
        ("normal equations", 0.3),
        ("update", 0.25),
        ("clamp", 0.0),
        ("stopping", 0.0),
        ("likelihood", 0.0),
    ],
)
def test_stages_stay_within_rounding(
    stage: str, largest: float, rounded_once: tuple[int, dict[str, Any]]
):
    """In parts of the table's bounds."""
    results = [fit["stages"][stage]["forced"] for fit in rounded_once[1]["fits"]]
    worst = [found["worst"] for found in results if found["worst"] is not None]
    parts = [found["ulps"] / found["bound"] if found["bound"] else found["ulps"] for found in worst]
    assert max(parts) <= largest
    assert sum(result["compared"] for result in results) > 0


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_backend_in_the_references_order_is_equal(
    setting: str, inputs: dict[str, Path], exact: Models
):
    """One face, and the free run alone: the rest would take half a minute."""
    trace = Recorded(inputs["--traces"]).trace(Case(FACES[0], setting))
    picture = read_picture(find_picture(inputs["--images"], FACES[0]))
    image, settings = PaddedImage.of(to_grey(picture)), FitSettings.named(setting)
    found = run_free(trace, image, settings, exact.backend(setting))
    assert found.success
    for name, array in trace.entries.items():
        assert np.array_equal(found.candidate[name], array), name
