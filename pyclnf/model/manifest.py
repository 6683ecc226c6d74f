"""Manifests: the text files that name the other files of a model.

A model's main manifest names its detector's manifest, its parts' main manifests and a few single
files; the detector's manifest names a point distribution model and patch experts. Both are lines of
a keyword and a path relative to the manifest itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyclnf.model.errors import ModelFileError
from pyclnf.model.keyword_file import KeywordFile, Line

_MAIN = "main_*.txt"


@dataclass(frozen=True, slots=True)
class DetectorFiles:
    """The files of one landmark detector.

    Attributes
    ----------
    path : pathlib.Path
        The detector's manifest, which names all the others.
    pdm : pathlib.Path
        Point distribution model.
    triangulations : pathlib.Path or None
        Triangles of the mean shape, one set per view.
    ccnf, intensity, cen : tuple of pathlib.Path
        Patch experts of each kind (CCNF, SVR, CEN), one file per scale from coarse to fine; at
        least one of the three is not empty.
    early_termination : pathlib.Path or None
        Thresholds for stopping a search with several hypotheses.
    """

    path: Path
    pdm: Path
    triangulations: Path | None
    ccnf: tuple[Path, ...]
    intensity: tuple[Path, ...]
    cen: tuple[Path, ...]
    early_termination: Path | None


@dataclass(frozen=True, slots=True)
class PartFiles:
    """A part of the face that has a model of its own.

    Attributes
    ----------
    manifest : pathlib.Path
        The part's main manifest; not read yet, `read_manifest` does.
    name : str
        E.g. ``"left_eye_28"``.
    pairs : tuple of (int, int)
        Index of a landmark in the main model, index of the same landmark in the part.
    line : int
        Where the main manifest names it, counted from 1.
    """

    manifest: Path
    name: str
    pairs: tuple[tuple[int, int], ...]
    line: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one model.

    Attributes
    ----------
    path : pathlib.Path
        The main manifest itself.
    detector : DetectorFiles
    parts : tuple of PartFiles
    validator : pathlib.Path or None
        Network that judges whether landmarks lie on a face.
    face_detection_conversion : pathlib.Path or None
        Matrix from a face detector's box to the landmarks' box.
    """

    path: Path
    detector: DetectorFiles
    parts: tuple[PartFiles, ...]
    validator: Path | None
    face_detection_conversion: Path | None


def read_manifest(path: Path) -> Manifest:
    """Read a main manifest and the detector's manifest that it names.

    Parts' manifests are named, not read; so a manifest that names itself does no harm.

    Parameters
    ----------
    path
        E.g. ``main_clnf_general.txt``.

    Raises
    ------
    ModelFileError
        If either manifest or a file it names is missing, `LandmarkDetector`, `PDM` or every kind
        of patch expert is not named, a keyword that stands for one file comes twice, or a part's
        line is malformed.
    """
    lines = KeywordFile(path, _MAIN)
    return Manifest(
        path=path,
        detector=_read_detector(lines.one("LandmarkDetector")),
        parts=tuple(_part(line) for line in lines.all("LandmarkDetector_part")),
        validator=lines.optional("DetectionValidator"),
        face_detection_conversion=lines.optional("FaceDetConversion"),
    )


def _read_detector(path: Path) -> DetectorFiles:
    lines = KeywordFile(path, _MAIN)
    files = DetectorFiles(
        path=path,
        pdm=lines.one("PDM"),
        triangulations=lines.optional("Triangulations"),
        ccnf=lines.several("PatchesCCNF"),
        intensity=lines.several("PatchesIntensity"),
        cen=lines.several("PatchesCEN"),
        early_termination=lines.optional("EarlyTermination"),
    )
    if not (files.ccnf or files.intensity or files.cen):
        raise ModelFileError(path, "a line PatchesCCNF, PatchesIntensity or PatchesCEN", "none")
    return files


def _part(line: Line) -> PartFiles:
    manifest = line.file()
    if len(line.words) < 3:
        raise line.error("the part's name", "none")
    numbers = line.words[3:]
    if not numbers or len(numbers) % 2:
        raise line.error("pairs of landmark numbers", f"{len(numbers)} numbers")
    indices = [_index(line, word) for word in numbers]
    pairs = tuple(zip(indices[::2], indices[1::2], strict=True))
    return PartFiles(manifest, line.words[2], pairs, line.number)


def _index(line: Line, word: str) -> int:
    if len(word) > 6 or not (word.isascii() and word.isdigit()):
        raise line.error("a landmark's number", repr(word[:32]))
    return int(word)
