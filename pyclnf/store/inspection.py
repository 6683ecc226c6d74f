"""Every file of a model, read and compared with the official ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyclnf.model import (
    Manifest,
    ModelFileError,
    read_ccnf,
    read_cen,
    read_early_termination,
    read_face_detector,
    read_manifest,
    read_pdm,
    read_svr,
    read_validator,
)
from pyclnf.model.face_detector_file import face_detector_files
from pyclnf.model.files import read_bytes
from pyclnf.store.official import OfficialFiles

__all__ = ["FileReport", "ModelReport", "inspect_face_detector", "inspect_model"]

_READERS: dict[str, Callable[[Path], object]] = {
    "manifest": read_manifest,
    "point distribution model": read_pdm,
    "CCNF patch experts": read_ccnf,
    "SVR patch experts": read_svr,
    "CEN patch experts": read_cen,
    "early termination": read_early_termination,
    "validator": read_validator,
    "face detector": read_face_detector,
}
"""Readers by kind of file; what has none is compared with the official files only."""

_READ_WITH_MAIN = "detector's manifest"

_READ_WITH_FACE_DETECTOR = "face detector's network"

_FACE_DETECTOR = "MTCNN_detector.txt"


@dataclass(frozen=True)
class FileReport:
    """What is known about one file.

    Attributes
    ----------
    path : Path
    kind : str
        E.g. ``"CCNF patch experts"``.
    size : int
        Bytes; 0 where it could not be read.
    sha256 : str
        Of its bytes; empty where it could not be read.
    official : bool
        Whether its content is that of an official file.
    parsed : bool
        Whether this version has a reader for it, and that could read it.
    problem : str
        Why it cannot be used; empty if nothing is known against it.
    """

    path: Path
    kind: str
    size: int = 0
    sha256: str = ""
    official: bool = False
    parsed: bool = False
    problem: str = ""

    @property
    def verdict(self) -> str:
        """One phrase about the file."""
        if self.problem:
            return f"BAD: {self.problem}"
        if self.official:
            return "known official file"
        return "unknown version, parsed fine" if self.parsed else "unknown version, not read"


@dataclass(frozen=True)
class ModelReport:
    """What is known about a model.

    Attributes
    ----------
    manifest : Path
    files : tuple of FileReport
    problem : str
        What is wrong with the files together, or with finding them; empty if nothing is.
    """

    manifest: Path
    files: tuple[FileReport, ...]
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether the model can be loaded, as far as this version can tell."""
        return not self.problem and not any(file.problem for file in self.files)


def inspect_model(manifest: Path, official: OfficialFiles) -> ModelReport:
    """Read all files of a model, its parts' and its validator's included.

    Parameters
    ----------
    manifest : Path
        A ``main_*.txt``.
    official : OfficialFiles
        What to compare with.

    Returns
    -------
    ModelReport
        Damaged files are reported, not raised.
    """
    try:
        named = dict(_files_of(read_manifest(manifest)))
    except ModelFileError as error:
        return ModelReport(manifest, (), str(error))
    files = tuple(_inspect(path, kind, official) for path, kind in named.items())
    problem = "" if any(file.problem for file in files) else _problem_of_whole(manifest)
    return ModelReport(manifest, files, problem)


def inspect_face_detector(folder: Path, official: OfficialFiles) -> tuple[FileReport, ...]:
    """Read a face detector's files, the networks with the file that names them.

    None if there is no detector.
    """
    if not folder.is_dir():
        return ()
    first = _inspect(folder / _FACE_DETECTOR, "face detector", official)
    if first.problem:
        return (first,)
    _, *networks = face_detector_files(first.path)
    others = (_inspect(path, _READ_WITH_FACE_DETECTOR, official) for path in networks)
    return (first, *others)


def _files_of(manifest: Manifest) -> Iterator[tuple[Path, str]]:
    """Yield the files of a model and their kinds."""
    detector = manifest.detector
    yield manifest.path, "manifest"
    yield detector.path, _READ_WITH_MAIN
    yield detector.pdm, "point distribution model"
    for kind in ("ccnf", "intensity", "cen"):
        name = {"ccnf": "CCNF", "intensity": "SVR", "cen": "CEN"}[kind]
        yield from ((path, f"{name} patch experts") for path in getattr(detector, kind))
    optional = {
        "triangulations": detector.triangulations,
        "early termination": detector.early_termination,
        "conversion of boxes": manifest.face_detection_conversion,
        "validator": manifest.validator,
    }
    yield from ((path, kind) for kind, path in optional.items() if path is not None)
    for part in manifest.parts:
        yield from _files_of_part(part.manifest)


def _files_of_part(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of a part, which has no parts itself."""
    part = read_manifest(path)
    if part.parts:
        raise ModelFileError(path, "no line LandmarkDetector_part in a part", "one")
    yield from _files_of(part)


def _inspect(path: Path, kind: str, official: OfficialFiles) -> FileReport:
    """Report on one file."""
    try:
        content = read_bytes(path)
        reader = _READERS.get(kind)
        if reader is not None:
            reader(path)
    except ModelFileError as error:
        return FileReport(path, kind, problem=str(error))
    return FileReport(
        path,
        kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        official=official.find(content) is not None,
        parsed=reader is not None or kind in (_READ_WITH_MAIN, _READ_WITH_FACE_DETECTOR),
    )


def _problem_of_whole(manifest: Path) -> str:
    """Return why files that can be read do not make a model; empty if they do."""
    from pyclnf.arithmetic.rounded_once import RoundedOnce
    from pyclnf.detector import load_detector

    try:
        load_detector(manifest, RoundedOnce())
        for part in read_manifest(manifest).parts:
            load_detector(part.manifest, RoundedOnce())
    except ModelFileError as error:
        return str(error)
    return ""
