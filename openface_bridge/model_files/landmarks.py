"""A landmark detector's files: manifests, point distribution models, experts, validator."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from openface_bridge.model_files.spelling import check_spelling
from openface_bridge.model_files.validator import check_validator
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.detector import Detector, load_detector
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.experts.cen_experts import CENExperts
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
    if sum(map(bool, (files.ccnf, files.intensity, files.cen))) > 1:
        raise ModelFileError(
            files.path,
            "patch experts of one kind",
            "several",
            advice="The bridge lets OpenFace read only files that were checked first, and of "
            "several kinds pyclnf reads those that are used",
        )
    if isinstance(detector.experts, CCNFExperts):
        _check_betas(detector.experts, files.ccnf)
    if isinstance(detector.experts, CENExperts):
        _check_pairs(detector.experts, files.cen)
    return detector


def _check_betas(experts: CCNFExperts, paths: tuple[Path, ...]) -> None:
    """Raise unless every expert has a beta for each sigma component (quirk: of the last file)."""
    components = experts.scales[-1].data.sigma_components.values()
    needed = max((len(each) for each in components), default=0)
    for scale, path in zip(experts.scales, paths, strict=True):
        found = (expert for view in scale.data.experts for expert in view if expert is not None)
        fewest = min((len(expert.betas) for expert in found), default=needed)
        if fewest < needed:
            expected = f"a beta for each of the {needed} sigma components of the last file"
            raise ModelFileError(path, expected, f"{fewest} betas")


def _check_pairs(experts: CENExperts, paths: tuple[Path, ...]) -> None:
    """Raise unless landmarks mirror each other in pairs, one of which has layers.

    OpenFace fills both maps of a frontal pair at once, and would fill others twice.
    """
    mirrored = experts.scales[-1].data.mirrored_landmarks.tolist()
    for landmark, mirror in enumerate(mirrored):
        if mirrored[mirror] != landmark:
            expected = f"landmark {mirror} mirrored by {landmark}, as the other way round"
            raise ModelFileError(paths[-1], expected, str(mirrored[mirror]))
    for scale, path in zip(experts.scales, paths, strict=True):
        frontal, visible = scale.data.experts[0], scale.data.visibility[0]
        for landmark, mirror in enumerate(mirrored):
            both = frontal[landmark].layers and frontal[mirror].layers
            if both and mirror != landmark and visible[[landmark, mirror]].all():
                expected = f"layers of either landmark {landmark} or {mirror} in the frontal view"
                raise ModelFileError(path, expected, "of both")


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
