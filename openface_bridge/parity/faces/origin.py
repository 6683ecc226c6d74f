"""Whether picture and model are those that a record was made with, where it tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from openface_bridge.faces.record import FaceRecord
from openface_bridge.model_files import files_of_model
from openface_bridge.parity.origin import check_same_files, check_same_picture
from pyclnf.model import Manifest, read_manifest
from pyclnf.model.face_detector_file import face_detector_files

__all__ = ["check_origin"]

_REMEDY = "Put its own into mtcnn_detector/ beside the model, or leave whole faces out: --no-faces"


def check_origin(
    record: FaceRecord, picture: Path, manifest: Path, detector: Path | None = None
) -> None:
    """Raise a TraceError if a record was made with another picture, model or face detector.

    What only names files, or is not used, does not matter.

    Parameters
    ----------
    record : FaceRecord
    picture, manifest : Path
    detector : Path, optional
        ``MTCNN_detector.txt``, if there is one.
    """
    check_same_picture(record.provenance, record.source, picture)
    unimportant = set(_unimportant(read_manifest(manifest)))
    files = [path for path in files_of_model(manifest) if path not in unimportant]
    check_same_files(record.provenance, record.source, files)
    if detector is not None and detector.is_file() and _has_detections(record):
        networks = face_detector_files(detector)[1:]
        check_same_files(record.provenance, record.source, networks, "face detector", _REMEDY)


def _has_detections(record: FaceRecord) -> bool:
    """Tell whether a face detector had part in a record: in sequences it finds lost faces."""
    return record.frames > 0 or any(name.startswith("detector.") for name in record.entries)


def _unimportant(manifest: Manifest) -> Iterator[Path | None]:
    """Yield the files of a model that nothing which is compared depends on."""
    yield from (manifest.path, manifest.detector.path, manifest.detector.triangulations)
    for part in manifest.parts:
        yield from _unimportant(read_manifest(part.manifest))
