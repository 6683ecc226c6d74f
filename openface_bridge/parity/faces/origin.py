"""Whether picture and model are those that a record was made with, where it tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from openface_bridge.faces.record import FaceRecord
from openface_bridge.model_files import files_of_model
from openface_bridge.parity.origin import check_same_files, check_same_picture
from pyclnf.model import Manifest, read_manifest

__all__ = ["check_origin"]


def check_origin(record: FaceRecord, picture: Path, manifest: Path) -> None:
    """Raise a TraceError if a record was made with another picture or another model.

    What only names files, or is not used, does not matter.
    """
    check_same_picture(record.provenance, record.source, picture)
    unimportant = set(_unimportant(read_manifest(manifest)))
    files = [path for path in files_of_model(manifest) if path not in unimportant]
    check_same_files(record.provenance, record.source, files)


def _unimportant(manifest: Manifest) -> Iterator[Path | None]:
    """Yield the files of a model that nothing which is compared depends on."""
    yield from (manifest.path, manifest.detector.path, manifest.detector.triangulations)
    for part in manifest.parts:
        yield from _unimportant(read_manifest(part.manifest))
