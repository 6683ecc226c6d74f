"""A record is compared with the files that it was made with, the face detector's among them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.face_records import CASES, EMBEDDED, RECORDS

from openface_bridge.faces.record import FaceRecord
from openface_bridge.faces.reference import WHOLE
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.origin import check_origin
from openface_bridge.parity.faces.run import compare_face
from openface_bridge.pictures import find_picture
from openface_bridge.reference import Case
from openface_bridge.trace import TraceError

FACE = next(case for case in CASES if case.setting == WHOLE)
SEQUENCE = next(case for case in CASES if case.setting != WHOLE)
PICTURE = find_picture(EMBEDDED.pictures, FACE.face)


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    """A copy of the face detector, under another name, whose files may be changed."""
    folder = tmp_path / "another"
    shutil.copytree(EMBEDDED.face_detector.parent, folder)
    return (folder / EMBEDDED.face_detector.name).rename(folder / "detector.txt")


def spoil(detector: Path, network: str = "output.dat") -> Path:
    """Make a network another one, that can be read."""
    path = detector.with_name(network)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    return path


def check(record: FaceRecord, detector: Path | None) -> None:
    check_origin(record, PICTURE, EMBEDDED.whole_model, detector)


@pytest.mark.parametrize("case", [FACE, SEQUENCE], ids=str)
def test_the_same_detector_elsewhere(case: Case, detector: Path):
    check(RECORDS.record(case), detector)
    check(RECORDS.record(case), None)
    check(RECORDS.record(case), detector.with_name("nowhere.txt"))


@pytest.mark.parametrize("case", [FACE, SEQUENCE], ids=str)
@pytest.mark.parametrize("network", ["proposal.dat", "refinement.dat", "output.dat"])
def test_another_detector(case: Case, network: str, detector: Path):
    spoil(detector, network)
    with pytest.raises(TraceError) as caught:
        check(RECORDS.record(case), detector)
    told = str(caught.value)
    assert f"was recorded with another face detector: {detector.with_name(network)} is" in told
    assert "mtcnn_detector/ beside the model" in told


def test_it_is_no_bug(detector: Path):
    spoil(detector)
    candidate = FaceCandidate("numpy", EMBEDDED.whole_model, detector)
    with pytest.raises(TraceError, match="another face detector"):
        compare_face(RECORDS.record(FACE), FACE, candidate, EMBEDDED.pictures)


def test_records_without_detections(detector: Path):
    """What a detector had no part in may have any beside it."""
    spoil(detector)
    record = RECORDS.record(FACE)
    left = {name: each for name, each in record.entries.items() if "detector." not in name}
    check(FaceRecord(left, "a record"), detector)


@pytest.mark.parametrize("told", [{}, {"model": {}}, {"model": {"sha256": {}}}])
def test_records_that_do_not_tell(told: dict[str, Any], detector: Path):
    spoil(detector)
    record = RECORDS.record(FACE)
    provenance = np.array(json.dumps(told))
    check(replace(record, entries={**record.entries, "provenance": provenance}), detector)
