"""Where whole faces come from, for the subcommands that compare them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openface_bridge.cli.progress import with_progress
from openface_bridge.faces.live import LiveFaces
from openface_bridge.faces.recorded import RecordedFaces
from openface_bridge.faces.reference import FaceReference
from openface_bridge.fixtures import Embedded
from openface_bridge.live import Live
from openface_bridge.manifests import Manifests, split_models
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.run import FaceComparison, compare_face
from openface_bridge.reference import Reference
from pyclnf.model import read_manifest

__all__ = ["FaceSources", "add_face_argument", "embedded_faces", "face_sources", "live_faces"]

_BESIDE_MODEL = Path("mtcnn_detector", "MTCNN_detector.txt")
_SETTING = "default"


@dataclass(frozen=True)
class FaceSources:
    """What whole faces are compared with what.

    Attributes
    ----------
    reference : FaceReference
    manifest : Path
    detector : Path or None
    pictures : Path
        A folder.
    """

    reference: FaceReference
    manifest: Path
    detector: Path | None
    pictures: Path

    def candidate(self, backend: str) -> FaceCandidate:
        """Return a candidate, loaded anew."""
        return FaceCandidate(backend, self.manifest, self.detector)

    def comparisons(self, backend: str) -> Iterator[FaceComparison]:
        """Compare every face and sequence, one at a time."""
        candidate = self.candidate(backend)
        for case in with_progress(self.reference.cases()):
            record = self.reference.record(case)
            yield compare_face(record, case, candidate, self.pictures)


def add_face_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--no-faces``."""
    parser.add_argument(
        "--no-faces",
        dest="faces",
        action="store_false",
        help="compare fits only: no head poses, parts, certainty, templates, detections",
    )


def embedded_faces(fixtures: Embedded) -> FaceSources:
    """Return the faces that come with a clone."""
    return FaceSources(
        RecordedFaces(fixtures.face_records),
        fixtures.whole_model,
        fixtures.face_detector,
        fixtures.pictures,
    )


def face_sources(options: argparse.Namespace, reference: Reference) -> FaceSources | None:
    """Return whole faces of a reference whose fits options describe; None if it has none.

    Records lie beside the traces, ``face_FACE_whole.npz`` and ``face_FACE_sequence.npz``; a live
    reference makes them. The face detector lies beside the model.
    """
    manifest, detector = _files(options)
    faces: FaceReference | None = RecordedFaces(options.traces) if options.traces else None
    if isinstance(reference, Live):
        faces = live_faces(options, reference)
    if faces is None or not faces.cases():
        return None
    return FaceSources(faces, manifest, detector, options.images)


def live_faces(options: argparse.Namespace, live: Live) -> LiveFaces | None:
    """Return whole faces of a live reference; None if its model ends the search for one early."""
    manifest, detector = _files(options)
    if _ends_early(manifest):
        return None
    boxes = {face: start.box for face, start in live.starts.items()}
    return LiveFaces(manifest, detector, live.pictures, boxes, sequences=sorted(boxes))


def _files(options: argparse.Namespace) -> tuple[Path, Path | None]:
    """Return the model, and the face detector beside it, if there is one."""
    manifest = Manifests(*split_models(options.model)).of(_SETTING)
    beside = manifest.parent / _BESIDE_MODEL
    return manifest, beside if beside.is_file() else None


def _ends_early(manifest: Path) -> bool:
    """Tell whether a model ends its search over head poses early: then none is the likeliest."""
    return read_manifest(manifest).detector.early_termination is not None
