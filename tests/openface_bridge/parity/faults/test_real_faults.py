"""Faults on recordings of an unmodified OpenFace with its own model, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from openface_bridge.parity.faults import FAULTS, Fault, planted
from openface_bridge.parity.models import Models
from openface_bridge.parity.run import compare_fit
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case

USUAL = Case("sample1", "default")
SHOWN_BY = {"11a": Case("sample1", "weighted"), "18": Case("sample3", "default")}
NOT_SHOWN = {
    "20": "no iteration moves a shape by 0.01 to 0.1 px",
    "23": "every view that is used sees all landmarks",
}
"""By none of the twelve recordings; the embedded ones show them."""


@pytest.fixture(scope="module")
def inputs(openface_data: Path) -> tuple[Recorded, Models, Path]:
    model = openface_data / "model" / "main_clnf_general.txt"
    pictures = openface_data / "samples"
    for path in (model, openface_data / "golden", pictures):
        if not path.exists():
            pytest.skip(f"no {path.name} in {openface_data}")
    return Recorded(openface_data / "golden"), Models("numpy", model, {}), pictures


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.number not in NOT_SHOWN], ids=str
)
def test_reported_at_its_stage(fault: Fault, inputs: tuple[Recorded, Models, Path]):
    reference, models, pictures = inputs
    case = SHOWN_BY.get(fault.number, USUAL)
    with planted(fault):
        if fault.in_preparation:
            models = Models("numpy", models.manifest("default"), {})
        verdict = compare_fit(reference, case, models, pictures).verdict
    assert verdict.kind == "bug"
    assert verdict.stage in fault.stages
