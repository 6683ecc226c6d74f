"""The embedded fixtures: our own small model, and pictures of faces with boxes.

They lie in the repository's ``fixtures/`` folder; an installed package has a copy of model and
pictures. Whatever uses them sees files whose checksums have been verified, or an error that says
what is wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "CHECKSUMS",
    "IN_PACKAGE",
    "Embedded",
    "Face",
    "FixtureError",
    "embedded",
    "embedded_folder",
    "files_of",
    "verify",
]

CHECKSUMS = "SHA256SUMS"
IN_PACKAGE = PurePosixPath("pyclnf", "selfcheck", "fixtures")
"""Where pyproject.toml has a copy put."""
_VARIABLE = "PYCLNF_FIXTURES"
_OF_THE_CLONE = Path(__file__).resolve().parents[2] / "fixtures"
_INSTALLED = Path(__file__).resolve().parents[2] / IN_PACKAGE
_FACES = Path("data", "faces.json")
_MODEL = Path("data", "model")
_PICTURES = Path("data", "pictures")
_PARTS = (_FACES, _MODEL, _PICTURES)
"""What an installed package has."""


class FixtureError(ValueError):
    """Fixtures that are missing or not what they were; says which, and what to do."""


@dataclass(frozen=True)
class Face:
    """One test picture.

    Attributes
    ----------
    name : str
    picture : Path
    kind : str
        ``frontal``, or what is awkward about it.
    record : mapping of str to str
        Which settings OpenFace's fit is recorded for: ``full``, or ``lean`` without the largest
        arrays.
    box : tuple of four floats
        x, y, width, height, px.
    rotation : tuple of three floats
        The head pose to start from: Euler angles, radians.
    landmarks : (68, 2) float64
        The true ones, px; NaN where hidden or beyond the border.
    """

    name: str
    picture: Path
    kind: str
    record: Mapping[str, str]
    box: tuple[float, float, float, float]
    rotation: tuple[float, float, float]
    landmarks: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Embedded:
    """Where model and pictures are; made by :func:`embedded`, which has verified them.

    Attributes
    ----------
    folder : Path
        The ``fixtures`` folder.
    """

    folder: Path

    @property
    def model(self) -> Path:
        """The model's manifest; ``main_clnf_wild.txt`` lies beside it."""
        return self.folder / _MODEL / "main_clnf_general.txt"

    @property
    def pictures(self) -> Path:
        """The folder of pictures."""
        return self.folder / _PICTURES

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The test pictures with boxes and true landmarks."""
        entries = json.loads((self.folder / _FACES).read_text("utf-8"))
        return tuple(_face(entry, self.pictures) for entry in entries)


def embedded(folder: Path | None = None) -> Embedded:
    """Verify model and pictures, and say where they are.

    Parameters
    ----------
    folder : Path, optional
        A ``fixtures`` folder, instead of the one :func:`embedded_folder` finds.

    Raises
    ------
    FixtureError
        If there are none, or a file is missing, changed or not listed.
    """
    found = embedded_folder() if folder is None else folder
    verify(found, _PARTS)
    return Embedded(found)


def embedded_folder() -> Path:
    """Return the ``fixtures`` folder: what PYCLNF_FIXTURES names, the repository's own, or a copy.

    Raises
    ------
    FixtureError
        If there is none.
    """
    named = os.environ.get(_VARIABLE)
    folders = (Path(named),) if named else (_OF_THE_CLONE, _INSTALLED)
    found = next((folder for folder in folders if (folder / CHECKSUMS).is_file()), None)
    if found is None:
        raise FixtureError(
            f"{folders[0]}: no fixtures here. They come with a clone of the repository: run in "
            f"one, or let {_VARIABLE} name its fixtures folder"
        )
    return found


def files_of(folder: Path) -> list[Path]:
    """Return the files of a ``fixtures`` folder that :func:`embedded` needs, and no others."""
    return [folder / CHECKSUMS, *sorted(_present(folder, _PARTS))]


def _present(folder: Path, parts: Sequence[Path]) -> set[Path]:
    """Return the files that there are of some parts."""
    within = (folder / part for part in parts)
    return {path for part in within for path in (part, *part.rglob("*")) if path.is_file()}


def verify(folder: Path, parts: Sequence[Path] = (Path("data"),)) -> None:
    """Raise a FixtureError unless a folder's data is exactly what its checksums say.

    Parameters
    ----------
    folder : Path
        A ``fixtures`` folder.
    parts : sequence of Path
        The files and folders in it that matter; all data if not given.
    """
    present = _present(folder, parts)
    for path, expected in _read_checksums(folder / CHECKSUMS).items():
        if not any(path.is_relative_to(folder / part) for part in parts):
            continue
        if path not in present:
            raise FixtureError(f"{path}: is missing; {_REPAIR}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise FixtureError(f"{path}: is not the file that {CHECKSUMS} lists; {_REPAIR}")
        present.remove(path)
    if present:
        raise FixtureError(f"{min(present)}: is not listed in {folder / CHECKSUMS}; {_REPAIR}")


_REPAIR = (
    "install pyclnf again, or in a clone, 'git checkout fixtures'; fixtures/README.md says how to "
    "make fixtures anew"
)


def _read_checksums(path: Path) -> dict[Path, str]:
    """Read a file as ``sha256sum`` writes it."""
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FixtureError(f"{path}: cannot be read: {error}") from error
    listed = {}
    for line in lines:
        digest, separator, name = line.partition("  ")
        if len(digest) != 64 or not separator or not name:
            raise FixtureError(f"{path}: expected lines 'SHA256  FILE', got {line[:80]!r}")
        listed[path.parent / name] = digest
    return listed


def _face(entry: Mapping[str, Any], pictures: Path) -> Face:
    """Return a face from its entry in ``faces.json``."""
    x, y, width, height = map(float, entry["box"])
    rx, ry, rz = map(float, entry["rotation"])
    landmarks = [(np.nan, np.nan) if at is None else at for at in entry["landmarks"]]
    return Face(
        name=entry["name"],
        picture=pictures / entry["file"],
        kind=entry["kind"],
        record=dict(entry["record"]),
        box=(x, y, width, height),
        rotation=(rx, ry, rz),
        landmarks=np.array(landmarks, np.float64),
    )
