"""Whole faces of an unmodified OpenFace, where its recordings are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openface_bridge.faces.record import FaceRecord
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.run import FaceComparison, compare_face
from openface_bridge.parity.faults import FACE_FAULTS, planted
from openface_bridge.reference import Case
from pyclnf.backends import is_available

SAMPLES = ("sample1", "sample3", "sample4", "sample5")
PARTS = ("inner", "left_eye_28", "right_eye_28")
Array = Any


def stacked(recorded: list[float]) -> Array:
    return np.array(recorded, np.float32).reshape(2, -1).T


def outcome(prefix: str, run: dict[str, Any], name: str = "params") -> dict[str, Array]:
    """Return landmarks and parameters of a run, as a record names them."""
    return {
        f"{prefix}.landmarks": stacked(run["landmarks"]),
        f"{prefix}.{name}_global": np.array(run["params_global"], np.float32),
        f"{prefix}.{name}_local": np.array(run["params_local"], np.float32),
    }


def record_of(face: dict[str, Any]) -> FaceRecord:
    """Return what results tell: a face from all head poses, its parts, and how certain it is.

    The parts start from the face that the run without them ended with.
    """
    before, after = face["runs"]["multi_view"], face["runs"]["multi_view_parts_validated"]
    entries = {"bbox": np.array(face["bbox"], np.float32)}
    entries |= outcome("face", before) | outcome("whole", after)
    for part in PARTS:
        entries |= outcome(f"parts.{part}", after[f"part_{part}"])
        entries[f"parts.{part}.fitted"] = np.array(1)
    certainty = np.array(after["certainty"], np.float32)
    entries |= {
        "certainty.value": certainty,
        "landmarks": entries["whole.landmarks"],
        "certainty": certainty,
        "success": np.array(after["success"]),
    }
    return FaceRecord(entries, f"results of {face['image']}")


@pytest.fixture(scope="module")
def faces(openface_data: Path) -> dict[str, FaceRecord]:
    path = openface_data / "golden" / "results.json"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {path.parent}")
    found = json.loads(path.read_text("utf-8"))
    return {face["image"].partition(".")[0]: record_of(face) for face in found}


@pytest.fixture(scope="module")
def candidate(openface_data: Path) -> FaceCandidate:
    if not is_available("cython"):
        pytest.skip("backend cython is not built, and the others would take minutes")
    return FaceCandidate("cython", openface_data / "model" / "main_clnf_general.txt", None)


def compared(
    name: str, faces: dict[str, FaceRecord], candidate: FaceCandidate, data: Path
) -> FaceComparison:
    return compare_face(faces[name], Case(name, "whole"), candidate, data / "samples")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_stage_that_was_recorded_is_equal(
    name: str, faces: dict[str, FaceRecord], candidate: FaceCandidate, openface_data: Path
):
    found = compared(name, faces, candidate, openface_data)
    assert found.passed, found.verdict.sentence
    assert found.max_px == 0
    compared_stages = {each.stage.name for each in found.stages if each.compared}
    assert compared_stages == {"part parameters", "certainty"}
    assert found.verdict.kind == "equal", found.verdict.sentence


@pytest.mark.parametrize("number", ["33", "34", "35"])
def test_faults_are_seen(
    number: str, faces: dict[str, FaceRecord], candidate: FaceCandidate, openface_data: Path
):
    """In some face at least: of a certainty that is right by chance, there is nothing to see."""
    fault = next(fault for fault in FACE_FAULTS if fault.number == number)
    with planted(fault):
        verdicts = [compared(name, faces, candidate, openface_data).verdict for name in SAMPLES]
    named = {verdict.stage for verdict in verdicts if verdict.kind == "bug"}
    assert named == {fault.stages[0]}
