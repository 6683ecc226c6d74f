"""The embedded faces: records, the candidate, and what a comparison makes of them."""

from __future__ import annotations

from support.fixture_faces import FIXTURES

from openface_bridge.faces.recorded import RecordedFaces
from openface_bridge.fixtures import Embedded
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.run import FaceComparison, compare_face
from openface_bridge.reference import Case

__all__ = ["CASES", "EMBEDDED", "RECORDS", "candidate_of", "compared"]

EMBEDDED = Embedded(FIXTURES)
RECORDS = RecordedFaces(EMBEDDED.face_records)
CASES = RECORDS.cases()


def candidate_of(backend: str) -> FaceCandidate:
    """Return a backend with the embedded model of whole faces."""
    return FaceCandidate(backend, EMBEDDED.whole_model, EMBEDDED.face_detector)


def compared(case: Case, candidate: FaceCandidate) -> FaceComparison:
    """Compare one embedded face or sequence."""
    return compare_face(RECORDS.record(case), case, candidate, EMBEDDED.pictures)
