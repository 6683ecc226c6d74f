"""The files of OpenFace's MTCNN face detector."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from openface_bridge.model_files.networks import check_network
from pyclnf.model.errors import ModelFileError
from pyclnf.model.files import read_bytes

__all__ = ["check_detector", "files_of_detector"]

_NETWORKS = ("PNet", "RNet", "ONet")
_LARGEST_MANIFEST = 2**16


def check_detector(path: str | PathLike[str]) -> None:
    """Check the files of a face detector.

    Parameters
    ----------
    path : path
        ``MTCNN_detector.txt``.

    Raises
    ------
    ModelFileError
        If a file is missing or damaged.
    """
    for network in files_of_detector(Path(path))[1:]:
        check_network(network)


def files_of_detector(path: Path) -> list[Path]:
    """Return the manifest and the networks that it names."""
    named: dict[str, Path] = {}
    for line in read_bytes(path, _LARGEST_MANIFEST).decode("utf-8", "replace").splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] in _NETWORKS:
            named[words[0]] = path.parent / words[1]
    for name in _NETWORKS:
        if name not in named:
            raise ModelFileError(path, f"a line {name}", "none")
    return [path, *(named[name] for name in _NETWORKS)]
