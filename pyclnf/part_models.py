"""Models of parts of the face: which landmarks they share with it, and their settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from pyclnf.backends import create_backend
from pyclnf.backends.base import Backend
from pyclnf.model import Manifest, ModelFileError, PartFiles
from pyclnf.settings import FitSettings
from pyclnf.typing import IntArray

__all__ = ["PartModel", "PartSettings", "load_parts", "settings_of"]


class PartSettings(FitSettings):
    """Settings of a part's fit: as :class:`FitSettings`, but the same at every patch scale."""

    adapts_to_scale: ClassVar[bool] = False


_EYE = PartSettings(window_sizes=(5, 3), sigma=2.0, reg_factor=0.1)
_DETAILED_EYE = PartSettings(window_sizes=(3, 5, 9), sigma=1.0, reg_factor=0.5)
_SETTINGS = {
    "inner": PartSettings(window_sizes=(9,), sigma=1.75, reg_factor=2.5, weight_factor=2.5),
    "left_eye": _EYE,
    "right_eye": _EYE,
    "left_eye_28": _DETAILED_EYE,
    "right_eye_28": _DETAILED_EYE,
    "mouth": PartSettings(window_sizes=(7, 7), sigma=2.0, reg_factor=1.0),
    "brow": PartSettings(window_sizes=(11, 9), sigma=3.5, reg_factor=10.0),
}
_OTHERS = PartSettings(sigma=2.25, reg_factor=22.5)
"""*Quirk:* the defaults for faces, but sigma × 1.5 and r × 0.9, which are meant for CEN experts."""

_FEWEST_PAIRS = 2
"""Landmarks that tell place and scale."""


@dataclass(frozen=True, eq=False)
class PartModel:
    """A part of the face, ready to be fitted.

    Attributes
    ----------
    name : str
    in_face, in_part : (k,) integers
        The landmarks that both have: their indices in the face and in the part.
    backend : Backend
        Holds the part's own detector.
    settings : PartSettings
    """

    name: str
    in_face: IntArray
    in_part: IntArray
    backend: Backend
    settings: PartSettings


def settings_of(name: str) -> PartSettings:
    """Return what the reference fits a part of some name with."""
    return _SETTINGS.get(name, _OTHERS)


def load_parts(face: Backend, cache: Path | None = None) -> tuple[PartModel, ...]:
    """Load the models of all parts that a face's manifest names, in its order.

    Parameters
    ----------
    face : Backend
        Parts get backends of the same name.
    cache : Path, optional
        As for :func:`pyclnf.backends.create_backend`.

    Raises
    ------
    ModelFileError
        If a file is missing or damaged, two parts have one name, or a part's line has fewer than
        two pairs or one of landmarks that do not exist.
    """
    manifest = face.detector.manifest
    parts: dict[str, PartModel] = {}
    for files in manifest.parts:
        if files.name in parts:
            raise _error(manifest, files, "a part's name of its own", repr(files.name))
        parts[files.name] = _load(files, face, cache)
    return tuple(parts.values())


def _load(files: PartFiles, face: Backend, cache: Path | None) -> PartModel:
    """Load one part."""
    manifest, pairs = face.detector.manifest, np.array(files.pairs, np.intp)
    if len(pairs) < _FEWEST_PAIRS:
        raise _error(manifest, files, "at least two pairs of landmarks", str(len(pairs)))
    backend = create_backend(face.name, files.manifest, cache)
    counts = (face.detector.pdm.n_landmarks, backend.detector.pdm.n_landmarks)
    for pair in files.pairs:
        if pair[0] >= counts[0] or pair[1] >= counts[1]:
            expected = f"landmarks below {counts[0]} (face) and {counts[1]} (part)"
            raise _error(manifest, files, expected, f"the pair {pair[0]} {pair[1]}")
    return PartModel(files.name, pairs[:, 0], pairs[:, 1], backend, settings_of(files.name))


def _error(manifest: Manifest, files: PartFiles, expected: str, found: str) -> ModelFileError:
    """Return the error of a part's line."""
    return ModelFileError(manifest.path, f"{expected} in line {files.line}", found)
