"""OpenFace's MTCNN face detector: a text file that names three networks."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from pyclnf.model.keyword_file import KeywordFile
from pyclnf.model.network_file import Layer, read_network

__all__ = [
    "LEAST_OUTPUTS",
    "OUTPUT_SIZE",
    "PROPOSAL_SIZE",
    "PROPOSAL_STEP",
    "REFINEMENT_SIZE",
    "FaceDetectorData",
    "face_detector_files",
    "read_face_detector",
]

PROPOSAL_SIZE, REFINEMENT_SIZE, OUTPUT_SIZE = 12, 24, 48
"""Width and height of the faces that each network judges, px."""

PROPOSAL_STEP = 2
"""From one face that the first network judges to the next, px."""

LEAST_OUTPUTS = 6
"""Of each network: two that make a score, and four corrections."""

_NETWORKS = ("PNet", "RNet", "ONet")


@dataclass(frozen=True, slots=True)
class FaceDetectorData:
    """The layers of the three networks, in the order in which a picture meets them."""

    proposal: tuple[Layer, ...]
    refinement: tuple[Layer, ...]
    output: tuple[Layer, ...]


def read_face_detector(path: str | PathLike[str]) -> FaceDetectorData:
    """Read a face detector.

    Parameters
    ----------
    path : path
        ``MTCNN_detector.txt``: lines ``PNet FILE``, ``RNet FILE`` and ``ONet FILE``, files being
        relative to it.

    Raises
    ------
    ModelFileError
        If a file is missing or damaged, or a network does not work on faces of its size.
    """
    _, proposal, refinement, output = face_detector_files(path)
    return FaceDetectorData(
        read_network(proposal, PROPOSAL_SIZE, LEAST_OUTPUTS, PROPOSAL_STEP),
        read_network(refinement, REFINEMENT_SIZE, LEAST_OUTPUTS),
        read_network(output, OUTPUT_SIZE, LEAST_OUTPUTS),
    )


def face_detector_files(path: str | PathLike[str]) -> list[Path]:
    """Return the text file and the networks that it names, which exist.

    Raises
    ------
    ModelFileError
        If one does not, or is not named.
    """
    lines = KeywordFile(Path(path), "MTCNN_detector.txt")
    return [Path(path), *(lines.one(name) for name in _NETWORKS)]
