"""Evidence shows what differs, for every fault that a candidate may have."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from openface_bridge.parity.faults import FAULTS
from openface_bridge.parity.run import Comparison
from openface_bridge.report.evidence import Evidence, evidence_of

Faulty = Callable[[str], Comparison]
PLANTED = [fault.number for fault in FAULTS if not fault.in_preparation]


def evidence(comparison: Comparison, stage: str) -> Evidence:
    (found,) = [each for each in comparison.forced if each.stage.name == stage]
    assert found.over is not None
    shown = evidence_of(found, found.over[1], comparison.run)
    assert shown is not None
    return shown


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("number", PLANTED)
def test_of_every_fault(number: str, faulty: Faulty):
    """Of a stage that is wrong, the place of the finding is marked, and its values differ."""
    comparison = faulty(number)
    for stage in comparison.forced:
        if stage.over is None:
            continue
        shown = evidence_of(stage, stage.over[1], comparison.run)
        assert shown is not None
        assert shown.rows
        assert any(row.marked for row in shown.rows)
        assert all(math.isfinite(row.reference) for row in shown.rows)
        maps = shown.finding.entry.endswith(("response_maps", "areas_of_interest"))
        assert maps or any(row.apart != 0 for row in shown.rows if row.marked)


def test_initial_scale(faulty: Faulty):
    shown = evidence(faulty("1"), "initialisation")
    assert [row.name for row in shown.rows] == ["scale", "rx", "ry", "rz", "tx", "ty"]
    (marked,) = [row for row in shown.rows if row.marked]
    assert marked.name == "scale"
    assert marked.apart == marked.candidate - marked.reference != 0
    assert marked.ratio == marked.candidate / marked.reference
    assert shown.remarks[0].startswith("Given, in px: a box of x ")
    assert shown.remarks[1].endswith("(1/200) in the candidate.")


def test_normalised_maps(faulty: Faulty):
    shown = evidence(faulty("6"), "response map")
    assert {row.candidate for row in shown.rows} <= {0.0, 1.0}
    assert "always 1." in shown.remarks[-2]
    assert "times the reference's" in shown.remarks[0]


def test_transposed_maps(faulty: Faulty):
    assert "rows and columns exchanged" in evidence(faulty("7"), "response map").remarks[0]


def test_negated_column(faulty: Faulty):
    shown = evidence(faulty("16"), "Jacobian")
    assert shown.heading.startswith("Jacobian, the row of landmark")
    assert len(shown.remarks) == 1
    assert shown.remarks[0].endswith("the candidate's is the reference's with the sign changed.")


def test_settings(faulty: Faulty):
    shown = evidence(faulty("9"), "mean shift")
    assert [row.name for row in shown.rows] == ["Kernel's σ"]


def test_choices(faulty: Faulty):
    (row,) = evidence(faulty("19"), "view").rows
    assert (row.name, row.marked, row.apart != 0) == ("View", True, True)


def test_another_shape(sound: Comparison):
    (stage,) = [each for each in sound.forced if each.stage.name == "response map"]
    assert stage.worst is not None
    name = f"response map/{stage.worst.entry}"
    sound.run.forced[name], kept = np.zeros((2, 3, 3)), sound.run.forced[name]
    try:
        shown = evidence_of(stage, stage.worst, sound.run)
    finally:
        sound.run.forced[name] = kept
    assert shown is not None
    assert shown.rows == []
    assert "has shape (2, 3, 3)" in shown.remarks[0]


def test_what_is_not_at_hand(sound: Comparison):
    (stage,) = [each for each in sound.forced if each.stage.name == "response map"]
    assert stage.worst is not None
    name = f"response map/{stage.worst.entry}"
    kept = sound.run.forced.pop(name)
    try:
        assert evidence_of(stage, stage.worst, sound.run) is None
    finally:
        sound.run.forced[name] = kept
