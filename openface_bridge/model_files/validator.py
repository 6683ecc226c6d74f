"""The file of OpenFace's validator."""

from __future__ import annotations

from pathlib import Path

from pyclnf.model import ModelFileError, read_validator

__all__ = ["check_validator"]


def check_validator(path: Path, n_landmarks: int) -> None:
    """Check a validator.

    Parameters
    ----------
    path : Path
    n_landmarks : int
        Of the model that it judges.

    Raises
    ------
    ModelFileError
        If it is damaged, or of another number of landmarks.
    """
    found = read_validator(path).n_landmarks
    if found != n_landmarks:
        raise ModelFileError(path, f"a validator of {n_landmarks} landmarks", str(found))
