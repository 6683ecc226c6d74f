"""Models copied from an OpenFace that its user has."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path

from pyclnf.store.errors import StoreError
from pyclnf.store.folders import FACE_DETECTOR, MANIFESTS, SET, models_folder
from pyclnf.store.inspection import (
    FileReport,
    ModelReport,
    inspect_face_detector,
    inspect_model,
)
from pyclnf.store.official import OfficialFiles
from pyclnf.store.staging import publish, refuse_replacement, staged

__all__ = ["Installed", "find_model_folder", "install_models"]

_PLACES = (
    ".",
    "model",
    "lib/local/LandmarkDetector/model",
    "bin/model",
    "build/bin/model",
    "etc/OpenFace/model",
    "share/OpenFace/model",
)
"""Where an OpenFace keeps its models: as they are, its sources, a build, an installation."""

_LICENCES = ("*licen[cs]e*", "*LICEN[CS]E*", "Copyright.txt")


@dataclass(frozen=True)
class Installed:
    """What has been installed.

    Attributes
    ----------
    folder : Path
    models : tuple of ModelReport
        The models copied, as they were found at the source.
    detector : tuple of FileReport
        The face detector's files; empty if there is none.
    left_out : tuple of ModelReport
        Models that name files which are not there, and were not copied.
    """

    folder: Path
    models: tuple[ModelReport, ...]
    detector: tuple[FileReport, ...]
    left_out: tuple[ModelReport, ...]


def find_model_folder(source: Path) -> Path:
    """Return the folder of manifests in an OpenFace: source tree, build, installation, or bare.

    Raises
    ------
    StoreError
        If there is none.
    """
    for place in _PLACES:
        folder = source / place
        if any(folder.glob(MANIFESTS)):
            return folder
    places = ", ".join(place for place in _PLACES if place != ".")
    raise StoreError(
        f"{source}: there is no {MANIFESTS} here, nor in {places}; name the folder of an OpenFace "
        f"(its sources, a build or an installation), or its folder 'model'"
    )


def install_models(source: Path, official: OfficialFiles, *, replace: bool = False) -> Installed:
    """Copy models, and the face detector if there is one, after reading every file.

    Parameters
    ----------
    source : Path
        See :func:`find_model_folder`.
    official : OfficialFiles
    replace : bool
        Whether what is installed already may go.

    Raises
    ------
    StoreError
        If there is no model, a file is damaged, or models are installed already. Nothing has been
        changed then.
    """
    target = models_folder() / SET
    refuse_replacement(target, replace=replace)
    origin = find_model_folder(source)
    reports = [inspect_model(path, official) for path in sorted(origin.glob(MANIFESTS))]
    models = tuple(report for report in reports if report.files)
    left_out = tuple(report for report in reports if not report.files)
    detector = inspect_face_detector(origin / FACE_DETECTOR.parent, official)
    _refuse_damaged(models, detector, left_out)
    files = {file.path for model in models for file in model.files}
    files.update(file.path for file in detector)
    with staged(target) as folder:
        _copy(origin, files, folder)
        _copy_licences((source, origin), folder)
        publish(folder, target)
    return Installed(target, models, detector, left_out)


def _refuse_damaged(
    models: tuple[ModelReport, ...],
    detector: tuple[FileReport, ...],
    left_out: tuple[ModelReport, ...],
) -> None:
    """Raise unless there is a model and no file is damaged."""
    if not models:
        raise StoreError(f"no model is complete: {left_out[0].problem}")
    problems = [model.problem for model in models if model.problem]
    problems += [file.problem for model in models for file in model.files if file.problem]
    problems += [file.problem for file in detector if file.problem]
    if problems:
        raise StoreError("nothing was installed: " + "; ".join(dict.fromkeys(problems)))


def _copy(origin: Path, files: set[Path], folder: Path) -> None:
    """Copy files of a model folder, keeping their places in it; links become files."""
    root = normpath(origin)
    for path in sorted(files):
        try:
            place = Path(normpath(path)).relative_to(root)
        except ValueError as error:
            raise StoreError(f"{path}: lies outside the model folder {origin}") from error
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _copy_licences(places: tuple[Path, ...], folder: Path) -> None:
    """Keep the licence that lies beside models, or at the top of their source tree, with them."""
    for place in places:
        for pattern in _LICENCES:
            for path in place.glob(pattern):
                if path.is_file():
                    shutil.copyfile(path, folder / path.name)
