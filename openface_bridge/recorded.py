"""A reference that was recorded: a folder of trace files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.reference import Case
from openface_bridge.trace import Trace, TraceError, read_arrays, read_trace

__all__ = ["NOISE_FLOOR_FILE", "Recorded"]

NOISE_FLOOR_FILE = "noise_floor.npz"
_FILE_NAME = re.compile(r"trace_(.+)_([^_]+)\.npz")


class Recorded:
    """Traces ``trace_FACE_SETTING.npz`` in a folder, with reruns in ``noise_floor.npz``.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    TraceError
        If the folder does not exist or holds no traces.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = _trace_files(folder)
        if not self._files:
            raise TraceError(f"{folder}: holds no files named trace_FACE_SETTING.npz")
        self._reruns = _read_reruns(folder / NOISE_FLOOR_FILE)

    @property
    def description(self) -> str:
        """Where the recordings are."""
        return f"recorded traces in {self._folder.name}/"

    def cases(self) -> Sequence[Case]:
        """Return the recorded fits, by face and setting."""
        return sorted(self._files)

    def trace(self, case: Case) -> Trace:
        """Read a fit's trace."""
        return read_trace(self._files[case])

    def rerun_landmarks(self, case: Case) -> npt.NDArray[Any] | None:
        """Return recorded landmarks of the reference's own reruns, (k, n, 2), or None."""
        return self._reruns.get(f"{case.face}.{case.setting}")


def _trace_files(folder: Path) -> dict[Case, Path]:
    """Return the trace files of a folder by face and setting."""
    if not folder.is_dir():
        raise TraceError(f"{folder}: no such folder of traces")
    found = ((_FILE_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return {Case(match[1], match[2]): path for match, path in found if match}


def _read_reruns(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read landmarks of reruns by ``FACE.SETTING``, if there are any.

    They are stored as (k, n, 2) arrays ``FACE.SETTING.KIND``; other entries are notes.
    """
    if not path.is_file():
        return {}
    groups: dict[str, list[npt.NDArray[Any]]] = {}
    for name, array in read_arrays(path).items():
        if array.ndim != 3:
            continue
        group = groups.setdefault(name.rpartition(".")[0], [])
        group.append(array)
        fits = array.dtype.kind == "f" and array.shape[1:] == (group[0].shape[1], 2)
        if not fits or not np.isfinite(array).all():
            raise TraceError(
                f"{path}: {name!r} is no (k, n, 2) array of finite landmarks: "
                f"{array.dtype} {array.shape}"
            )
    return {name: np.concatenate(group) for name, group in groups.items()}
