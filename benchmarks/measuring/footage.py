"""Pictures to find faces in, and frames to follow one through: OpenFace's own, or embedded ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measuring.workload import REPOSITORY, columns, openface_folder, recorded_results
from openface_bridge.faces.frames import frames_of
from openface_bridge.faces.recorded import RecordedFaces
from openface_bridge.fixtures import Embedded, embedded
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case
from pyclnf.typing import ByteArray, Float32Array

__all__ = ["Footage", "Seen", "Still", "footage"]

_SEQUENCE = "sequence_template_parts_validated.json"
_EMBEDDED_STILLS = ("frontal01", "frontal06")
_EMBEDDED_SEQUENCE = "frontal01"


@dataclass(frozen=True, eq=False)
class Still:
    """A picture, (H, W, 3) uint8, and a box, (4,) float32 in px, that OpenFace's detector finds."""

    picture: ByteArray
    box: Float32Array


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame, (H, W, 3) uint8, and the landmarks, (n, 2) float32, of OpenFace's tracker in it."""

    picture: ByteArray
    landmarks: Float32Array


@dataclass(frozen=True, eq=False)
class Footage:
    """What faces are found in.

    Attributes
    ----------
    manifest : Path
        Of a model with parts and validator.
    face_detector : Path
        ``MTCNN_detector.txt``.
    stills : tuple of Still
    frames : tuple of Seen
        One after another, followed with template, parts and validator.
    box : (4,) float32 or None
        Where the face is in the first frame, if it was not the detector that found it.
    """

    manifest: Path
    face_detector: Path
    stills: tuple[Still, ...]
    frames: tuple[Seen, ...]
    box: Float32Array | None = None

    @property
    def there_and_back(self) -> list[Seen]:
        """The frames forwards and backwards, to be begun again after the last one."""
        return [*self.frames, *self.frames[-2:0:-1]]


def footage() -> Footage:
    """Return OpenFace's recorded pictures and sequence if they are at hand, else embedded ones."""
    data = openface_folder()
    return _of_openface(data) if data is not None else _embedded(embedded(REPOSITORY / "fixtures"))


def _of_openface(data: Path) -> Footage:
    """Gather what was recorded of OpenFace's pictures."""
    samples, model = data / "samples", data / "model"
    stills = [
        Still(read_picture(samples / each["image"]), np.array(each["bbox"], np.float32))
        for each in recorded_results(data, "results.json")
    ]
    frames = [
        Seen(
            read_picture(samples / "sequence" / f"{each['frame'] + 1:03d}.jpg"),
            columns(each["landmarks"]),
        )
        for each in recorded_results(data, _SEQUENCE)
    ]
    return Footage(
        model / "main_clnf_general.txt",
        model / "mtcnn_detector" / "MTCNN_detector.txt",
        tuple(stills),
        tuple(frames),
    )


def _embedded(fixtures: Embedded) -> Footage:
    """Gather what was recorded of embedded pictures."""
    records = RecordedFaces(fixtures.face_records)
    stills = [
        Still(
            read_picture(find_picture(fixtures.pictures, name)),
            records.record(Case(name, "whole"))["detector.boxes"][0],
        )
        for name in _EMBEDDED_STILLS
    ]
    sequence = records.record(Case(_EMBEDDED_SEQUENCE, "sequence"))
    picture = read_picture(find_picture(fixtures.pictures, _EMBEDDED_SEQUENCE))
    pictures = frames_of(picture, sequence["moves"], sequence["size"], sequence.get("lights"))
    frames = [
        Seen(each, sequence[f"frame{number}.landmarks"]) for number, each in enumerate(pictures)
    ]
    whole, detector = fixtures.whole_model, fixtures.face_detector
    return Footage(whole, detector, tuple(stills), tuple(frames), sequence["bbox"])
