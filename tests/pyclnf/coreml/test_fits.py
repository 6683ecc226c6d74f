"""Landmarks of whole fits whose response maps programs make, interpreted.

A fit ends within the reference's noise floor, or leaves it where the reference has a discontinuity:
until a sample position or a kernel cell, so near its edge that rounding can turn it, falls to the
other side, shapes are within the floor.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.coreml import (
    Data,
    composed,
    first_difference,
    fitted,
    interpreter,
    load_host,
    programs,
)
from support.face_records import CASES, candidate_of, compared

from openface_bridge.parity.run import Models, compare_all
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from pyclnf.coreml.precision import FLOAT16, FLOAT32, Precision

pytestmark = pytest.mark.usefixtures("converts")

EMBEDDED = [
    *(Case(face, "default") for face in ("frontal01", "frontal02", "frontal03", "yaw30", "yaw60")),
    *(Case(face, "default") for face in ("cut", "flat", "grimace", "little", "noise", "small")),
    *(Case(face, "weighted") for face in ("frontal02", "yaw60")),
    Case("frontal03", "wild"),
]
FACES, SETTINGS = ("sample1", "sample3", "sample4", "sample5"), ("default", "weighted", "wild")
REAL = [Case(face, setting) for face in FACES for setting in SETTINGS]
FEWEST = 11
"""Of fourteen fits within the floor itself; which ones a processor's rounding may decide."""

precisions = pytest.mark.parametrize("precision", [FLOAT16, FLOAT32], ids=lambda each: each.name)


def is_within_floor(data: Data, case: Case, precision: Precision, folder: Path) -> bool:
    """Fit, check that nothing but a discontinuity leads beyond the floor, and tell if it does."""
    host = load_host("auto", data.manifest(case.setting))
    backend = composed(host, programs(host, precision, folder, interpreter()))
    found, limit = fitted(data, case, backend), data.floor(case).limit_px
    if found.max_px <= limit:
        return True
    branch = first_difference(data, case, found, backend)
    assert branch is not None, case
    assert branch.excused(limit), (case, branch)
    return False


def test_every_recording_is_compared_with(embedded_data: Data):
    assert sorted(embedded_data.cases(), key=str) == sorted(EMBEDDED, key=str)


def test_every_real_recording_is_compared_with(real_data: Data):
    assert sorted(real_data.cases(), key=str) == sorted(REAL, key=str)


@precisions
def test_landmarks(embedded_data: Data, precision: Precision, programs_folder: Path):
    within = [is_within_floor(embedded_data, each, precision, programs_folder) for each in EMBEDDED]
    assert sum(within) >= FEWEST


@pytest.mark.parametrize("name", ["coreml", "coreml-float32"])
def test_parity_finds_no_bug(interpreted: None, embedded_data: Data, name: str):
    manifests = {each: embedded_data.manifest(each) for each in SETTINGS}
    models = Models(name, None, manifests)
    recorded = Recorded(embedded_data.recordings)
    found = [*compare_all(recorded, models, embedded_data.pictures)]
    assert len(found) == len(EMBEDDED)
    assert [each.case for each in found if each.verdict.kind == "bug"] == []
    assert sum(each.passed for each in found) >= FEWEST
    stages = [each for fit in found for each in fit.forced if each.stage.name == "response map"]
    bounds = {each.worst.bound for each in stages if each.worst is not None}
    assert bounds == {16777.216 if name == "coreml" else 80}


@precisions
@pytest.mark.parametrize("case", REAL, ids=str)
def test_real_landmarks(real_data: Data, case: Case, precision: Precision, programs_folder: Path):
    assert is_within_floor(real_data, case, precision, programs_folder)


@pytest.mark.parametrize("name", ["coreml", "coreml-float32"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_whole_faces_have_no_bug(interpreted: None, name: str, case: Case):
    """Head poses, parts, certainty, tracking; on embedded faces they stay within the floor, too."""
    found = compared(case, candidate_of(name))
    assert found.verdict.kind != "bug", found.verdict.sentence
