"""A landmark detector's files: manifests, point distribution models, CCNF experts, validator."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from openface_bridge.model_files.spelling import check_spelling
from openface_bridge.model_files.validator import check_validator
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.detector import Detector, load_detector
from pyclnf.model import Manifest, ModelFileError, PartFiles, read_manifest

__all__ = ["check_model", "files_of_model"]


def check_model(path: str | PathLike[str]) -> None:
    """Check all files of a model, its parts and its validator.

    Parameters
    ----------
    path : path
        A ``main_*.txt`` file.

    Raises
    ------
    ModelFileError
        If OpenFace could not read a file, or would read it and then fail on it.
    """
    main = _check_detector_of(Path(path))
    for part in main.manifest.parts:
        _check_part(main, part)
    if main.manifest.validator is not None:
        check_validator(main.manifest.validator, main.pdm.n_landmarks)


def files_of_model(path: Path) -> list[Path]:
    """Return all files of a model, its parts' and its validator's included, each once."""
    return sorted(set(_files(read_manifest(path))))


def _files(manifest: Manifest) -> Iterator[Path]:
    """Yield the files of a model."""
    detector = manifest.detector
    yield from (manifest.path, detector.path, detector.pdm)
    yield from (*detector.ccnf, *detector.intensity, *detector.cen)
    optional = (detector.triangulations, detector.early_termination, manifest.validator)
    yield from (path for path in optional if path is not None)
    for part in manifest.parts:
        yield from _files(read_manifest(part.manifest))


def _check_detector_of(path: Path) -> Detector:
    """Check one landmark detector's own files and return it."""
    detector = load_detector(path, RoundedOnce())
    files = detector.manifest.detector
    for manifest in (path, files.path):
        check_spelling(manifest)
    if files.intensity or files.cen:
        raise ModelFileError(
            files.path,
            "CCNF patch experts only",
            "SVR or CEN experts as well",
            advice="The bridge lets OpenFace read only files that it can check first",
        )
    if files.early_termination is not None:
        _check_early_termination(files.early_termination, detector)
    _check_betas(detector)
    return detector


def _check_betas(detector: Detector) -> None:
    """Raise unless every expert has a beta for each sigma component (quirk: of the last file)."""
    scales = detector.experts.scales
    components = scales[-1].data.sigma_components.values()
    needed = max((len(each) for each in components), default=0)
    for scale, path in zip(scales, detector.manifest.detector.ccnf, strict=True):
        experts = (expert for view in scale.data.experts for expert in view if expert is not None)
        fewest = min((len(expert.betas) for expert in experts), default=needed)
        if fewest < needed:
            expected = f"a beta for each of the {needed} sigma components of the last file"
            raise ModelFileError(path, expected, f"{fewest} betas")


def _check_early_termination(path: Path, detector: Detector) -> None:
    """Raise unless there are three numbers for each view of the first scale."""
    needed = 3 * len(detector.experts.scales[0].centers)
    words = path.read_bytes().split()
    try:
        numbers = [float(word) for word in words]
    except ValueError as error:
        raise ModelFileError(path, "numbers", str(error)) from error
    if len(numbers) < needed:
        raise ModelFileError(path, f"{needed} numbers", f"{len(numbers)}")


def _check_part(main: Detector, part: PartFiles) -> None:
    """Check a part, which must have no parts itself, and its pairs of landmarks."""
    detector = _check_detector_of(part.manifest)
    if detector.manifest.parts:
        raise ModelFileError(part.manifest, "no line LandmarkDetector_part in a part", "one")
    for in_main, in_part in part.pairs:
        if in_main >= main.pdm.n_landmarks or in_part >= detector.pdm.n_landmarks:
            raise ModelFileError(
                main.manifest.path,
                f"pairs of part {part.name!r} below {main.pdm.n_landmarks} and "
                f"{detector.pdm.n_landmarks}",
                f"{in_main} {in_part}",
            )
