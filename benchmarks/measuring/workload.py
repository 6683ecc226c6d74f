"""The faces that are fitted: OpenFace's own model and pictures, or those embedded in the clone."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openface_bridge.fixtures import embedded
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from pyclnf.backends.registry import ENTRIES
from pyclnf.image import to_grey
from pyclnf.typing import AnyArray, ByteArray, Float32Array

__all__ = [
    "DEFINITION",
    "EXACT_BACKENDS",
    "REPOSITORY",
    "Face",
    "Workload",
    "check_landmarks",
    "columns",
    "largest_distance",
    "openface_folder",
    "recorded_results",
    "workload",
]

DEFINITION = "numpy-exact"
"""Equal to OpenFace in every bit, and written to be read: what others are held to, slowly."""

EXACT_BACKENDS = tuple(entry.name for entry in ENTRIES if entry.exact)
"""They reproduce the recordings in every bit; others stay within twice their noise floor."""

REPOSITORY = Path(__file__).resolve().parents[2]
_OPENFACE_DATA = REPOSITORY.parent / "shared" / "openface"
_SETTING = "default"
_EMBEDDED_FACES = ("frontal01", "frontal02", "frontal03", "grimace")
_SLACK = 0.005


@dataclass(frozen=True, eq=False)
class Face:
    """A picture, where its face is, and what OpenFace made of it.

    Attributes
    ----------
    name : str
    picture : (H, W, 3) or (H, W) uint8
        As it lies on disk.
    grey : (H, W) uint8
    box : (4,) float32
        x, y, width, height, px.
    landmarks : (n, 2) float32
        OpenFace's, recorded: settings for still pictures, upright start.
    likeliest : (n, 2) float32 or None
        Likewise, the best of eleven rotation hypotheses; None where that is not recorded.
    noise_floor : float
        How far OpenFace's own reruns are apart, px.
    """

    name: str
    picture: ByteArray
    grey: ByteArray
    box: Float32Array
    landmarks: Float32Array
    likeliest: Float32Array | None
    noise_floor: float


@dataclass(frozen=True, eq=False)
class Workload:
    """What is fitted.

    Attributes
    ----------
    title : str
    manifest : Path
        Of the model.
    faces : tuple of Face
    """

    title: str
    manifest: Path
    faces: tuple[Face, ...]

    def batch(self, count: int) -> list[Face]:
        """Return so many faces, the same ones over and over."""
        return [self.faces[index % len(self.faces)] for index in range(count)]


def workload() -> Workload:
    """Return OpenFace's general model and pictures where they are at hand, else what is embedded.

    They lie in the folder that ``PYCLNF_OPENFACE_DATA`` names, or in ``../shared/openface``.
    """
    data = openface_folder()
    if data is not None:
        return _of_openface(data)
    fixtures = embedded(REPOSITORY / "fixtures")
    recorded = Recorded(fixtures.recordings)
    faces = [_face(name, recorded, fixtures.pictures, None) for name in _EMBEDDED_FACES]
    return Workload("the embedded model and pictures", fixtures.model, tuple(faces))


def openface_folder() -> Path | None:
    """Return the folder of OpenFace's data, None where there is none."""
    named = os.environ.get("PYCLNF_OPENFACE_DATA")
    data = Path(named) if named else _OPENFACE_DATA
    return data if named or data.is_dir() else None


def largest_distance(one: AnyArray, other: AnyArray) -> float:
    """Return how far apart the worst landmark is, px."""
    apart = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    return float(np.linalg.norm(apart, axis=1).max())


def check_landmarks(
    backend: str, found: Float32Array, expected: Float32Array, floor: float
) -> None:
    """Raise an AssertionError unless landmarks are what a backend must find.

    Parameters
    ----------
    backend : str
        One of :data:`EXACT_BACKENDS` must give every bit, others stay within twice the floor.
    found, expected : (n, 2) float32
    floor : float
        Noise floor, px.
    """
    if backend in EXACT_BACKENDS:
        assert found.tobytes() == expected.tobytes(), f"{backend}: landmarks differ"
        return
    distance = largest_distance(found, expected)
    assert distance <= 2 * floor + _SLACK, f"{backend}: {distance:.3f} px off, floor {floor:.3f} px"


def recorded_results(data: Path, name: str) -> list[dict[str, Any]]:
    """Return what a JSON file of OpenFace's recordings lists; nothing if there is no such file."""
    path = data / "golden" / name
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.is_file() else []
    return found


def columns(landmarks: list[float]) -> Float32Array:
    """Return landmarks stored as x…, y… as (n, 2)."""
    return np.ascontiguousarray(np.array(landmarks, np.float32).reshape(2, -1).T)


def _of_openface(data: Path) -> Workload:
    """Gather OpenFace's general model and the pictures that its recordings are of."""
    recorded = Recorded(data / "golden")
    likeliest = {
        Path(each["image"]).stem: columns(each["runs"]["multi_view"]["landmarks"])
        for each in recorded_results(data, "results.json")
    }
    faces = [
        _face(case.face, recorded, data / "samples", likeliest.get(case.face))
        for case in recorded.cases()
        if case.setting == _SETTING
    ]
    manifest = data / "model" / "main_clnf_general.txt"
    title = f"OpenFace's general model and {len(faces)} pictures"
    return Workload(title, manifest, tuple(faces))


def _face(name: str, recorded: Recorded, pictures: Path, likeliest: Float32Array | None) -> Face:
    """Read a face's picture and recording."""
    case = Case(name, _SETTING)
    trace = recorded.trace(case)
    picture = read_picture(find_picture(pictures, name))
    landmarks = trace["final.landmarks"]
    reruns = recorded.rerun_landmarks(case)
    floor = 0.0 if reruns is None else max(largest_distance(one, landmarks) for one in reruns)
    return Face(name, picture, to_grey(picture), trace["bbox"], landmarks, likeliest, floor)
