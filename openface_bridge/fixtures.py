"""The embedded default: our own small model, pictures of faces, and what OpenFace made of them.

They lie in the repository's ``fixtures/`` folder and are no part of an installed package. Whatever
uses them sees files whose checksums have been verified, or an error that says what is wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CHECKSUMS", "Embedded", "Face", "FixtureError", "embedded", "embedded_folder"]

CHECKSUMS = "SHA256SUMS"
_VARIABLE = "PYCLNF_FIXTURES"
_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[1] / "fixtures"


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
    """Where the fixtures' parts are; made by :func:`embedded`, which has verified them.

    Attributes
    ----------
    folder : Path
        The ``fixtures`` folder.
    """

    folder: Path

    @property
    def model(self) -> Path:
        """The model's manifest; ``main_clnf_wild.txt`` lies beside it."""
        return self.folder / "data" / "model" / "main_clnf_general.txt"

    @property
    def pictures(self) -> Path:
        """The folder of pictures."""
        return self.folder / "data" / "pictures"

    @property
    def recordings(self) -> Path:
        """The folder of recorded fits; absent until some have been recorded."""
        return self.folder / "data" / "recordings"

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The test pictures with boxes and true landmarks."""
        entries = json.loads((self.folder / "data" / "faces.json").read_text("utf-8"))
        return tuple(_face(entry, self.pictures) for entry in entries)


def embedded(folder: Path | None = None) -> Embedded:
    """Verify the fixtures and say where they are.

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
    _verify(found)
    return Embedded(found)


def embedded_folder() -> Path:
    """Return the ``fixtures`` folder: what PYCLNF_FIXTURES names, or the repository's own.

    Raises
    ------
    FixtureError
        If there is none.
    """
    named = os.environ.get(_VARIABLE)
    folder = Path(named) if named else _BESIDE_THE_PACKAGE
    if not (folder / CHECKSUMS).is_file():
        raise FixtureError(
            f"{folder}: no fixtures here. They come with a clone of the repository, not with an "
            f"installed package: run in a clone, or let {_VARIABLE} name its fixtures folder"
        )
    return folder


def _verify(folder: Path) -> None:
    """Raise a FixtureError unless the folder's data is exactly what its checksums say."""
    listed = _read_checksums(folder / CHECKSUMS)
    present = {path for path in (folder / "data").rglob("*") if path.is_file()}
    for path, expected in listed.items():
        if path not in present:
            raise FixtureError(f"{path}: is missing; {_REPAIR}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise FixtureError(f"{path}: is not the file that {CHECKSUMS} lists; {_REPAIR}")
    unlisted = sorted(present - listed.keys())
    if unlisted:
        raise FixtureError(f"{unlisted[0]}: is not listed in {folder / CHECKSUMS}; {_REPAIR}")


_REPAIR = (
    "'git checkout fixtures' restores what was committed; fixtures/README.md says how to make "
    "fixtures anew"
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
