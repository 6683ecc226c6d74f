"""A reference that was recorded: a folder of trace files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.reference import Case
from openface_bridge.trace import Trace, TraceError, read_trace

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
        prefix = f"{case.face}.{case.setting}."
        found = [array for name, array in self._reruns.items() if name.startswith(prefix)]
        return np.concatenate(found) if found else None


def _trace_files(folder: Path) -> dict[Case, Path]:
    """Return the trace files of a folder by face and setting."""
    if not folder.is_dir():
        raise TraceError(f"{folder}: no such folder of traces")
    found = ((_FILE_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return {Case(match[1], match[2]): path for match, path in found if match}


def _read_reruns(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read the landmarks of reruns, if there are any: ``FACE.SETTING.blas`` and ``….ulp``."""
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files if stored[name].ndim == 3}
    except (OSError, ValueError, EOFError) as error:
        raise TraceError(f"{path}: not a readable noise floor: {error}") from error
