"""Where whole faces come from, for the subcommands that compare them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openface_bridge.cli.live import BESIDE_MODEL
from openface_bridge.cli.progress import with_progress
from openface_bridge.faces.live import LiveFaces
from openface_bridge.faces.recorded import RecordedFaces
from openface_bridge.faces.reference import FaceReference
from openface_bridge.fixtures import Embedded
from openface_bridge.live import Live
from openface_bridge.manifests import Manifests, split_models
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.run import FaceComparison, compare_face
from openface_bridge.parity.refused import REASONS, Refused
from openface_bridge.reference import Case, Reference
from openface_bridge.trace import TraceError
from pyclnf.model import read_manifest
from pyclnf.reasons import said_of

__all__ = ["FaceSources", "add_face_argument", "embedded_faces", "face_sources", "live_faces"]

_SETTING = "default"
_NO_MODEL = "there is no --model for setting 'default'"
_NO_LIKELIEST = "the model ends its search over head poses early, so that none is the likeliest"


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

    def comparisons(self, backend: str) -> Iterator[FaceComparison | Refused]:
        """Compare every face and sequence, one at a time."""
        candidate = self.candidate(backend)
        for case in with_progress(self.reference.cases()):
            yield self._compared(case, candidate, backend)

    def _compared(
        self, case: Case, candidate: FaceCandidate, backend: str
    ) -> FaceComparison | Refused:
        """Compare one."""
        try:
            return compare_face(self.reference.record(case), case, candidate, self.pictures)
        except REASONS as error:
            return Refused(case, backend, said_of(error))


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
    reference makes them. The face detector is the one of ``--detect``, or lies beside the model.

    Raises
    ------
    TraceError
        If there are records, but no model for them.
    """
    faces: FaceReference | None
    if isinstance(reference, Live):
        faces = live_faces(options, reference)
    else:
        faces = RecordedFaces(options.traces)
    if faces is None or not faces.cases():
        return None
    manifest = _manifest(options)
    if manifest is None:
        raise TraceError(f"there are whole faces, but {_NO_MODEL}; --no-faces leaves them out")
    return FaceSources(faces, manifest, _detector(options, manifest), options.images)


def live_faces(options: argparse.Namespace, live: Live) -> LiveFaces | None:
    """Return whole faces of a live reference; None, saying why, if its model serves none."""
    manifest = _manifest(options)
    if manifest is None or _ends_early(manifest):
        reason = _NO_MODEL if manifest is None else _NO_LIKELIEST
        print(f"whole faces are left out: {reason}", file=sys.stderr)
        return None
    boxes = {face: start.box for face, start in live.starts.items()}
    pictures, detector = live.pictures, _detector(options, manifest)
    return LiveFaces(manifest, detector, pictures, boxes, sequences=sorted(boxes))


def _manifest(options: argparse.Namespace) -> Path | None:
    """Return the model that whole faces are fitted with, if there is one."""
    default, by_setting = split_models(options.model)
    if default is None and _SETTING not in by_setting:
        return None
    return Manifests(default, by_setting).of(_SETTING)


def _detector(options: argparse.Namespace, manifest: Path) -> Path | None:
    """Return the face detector that ``--detect`` names; else that beside the model, if any."""
    if options.detect not in (None, Path()):
        return Path(options.detect)
    beside = manifest.parent / BESIDE_MODEL
    return beside if beside.is_file() else None


def _ends_early(manifest: Path) -> bool:
    """Tell whether a model ends its search over head poses early: then none is the likeliest."""
    return read_manifest(manifest).detector.early_termination is not None
