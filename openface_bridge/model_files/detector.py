"""The files of OpenFace's MTCNN face detector."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from openface_bridge.model_files.spelling import check_spelling
from pyclnf.model import read_face_detector

__all__ = ["check_detector"]


def check_detector(path: str | PathLike[str]) -> None:
    """Check the files of a face detector.

    Parameters
    ----------
    path : path
        ``MTCNN_detector.txt``.

    Raises
    ------
    ModelFileError
        If a file is missing or damaged, or OpenFace would misread the first one.
    """
    read_face_detector(path)
    check_spelling(Path(path))
