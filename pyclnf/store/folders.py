"""Where a user's models are kept, and finding one by name."""

from __future__ import annotations

import os
import re
from os import PathLike
from pathlib import Path

from pyclnf.arguments import file_path
from pyclnf.store.errors import ModelNotFoundError

__all__ = [
    "DEFAULT_MODEL",
    "FACE_DETECTOR",
    "MANIFESTS",
    "SET",
    "VARIABLE",
    "face_detector_path",
    "installed_face_detector",
    "installed_models",
    "is_name",
    "model_path",
    "models_folder",
]

VARIABLE = "PYCLNF_MODELS"
"""Environment variable that names the folder of models."""

SET = "openface"
"""The folder in it that holds OpenFace's model folder: manifests and all they name."""

DEFAULT_MODEL = "general"
FACE_DETECTOR = Path("mtcnn_detector", "MTCNN_detector.txt")
MANIFESTS = "main_*.txt"
"""Names of models' files."""

_NAME = re.compile(r"[\w-]+")

_HOW_TO_GET_THEM = """\
Models belong to OpenFace and are no part of pyclnf. Get them with one of

    pyclnf model install --from OPENFACE_DIR     (from an OpenFace that you have)
    pyclnf model download                        (the official files, after you accept its licence)

"""


def models_folder() -> Path:
    """Return the folder of models: what PYCLNF_MODELS names, or one among the user's data."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_data_path("pyclnf", appauthor=False) / "models"


def installed_models() -> dict[str, Path]:
    """Return the manifests of installed models by name.

    ``general`` is ``main_clnf_general.txt``, ``ceclm_general`` is ``main_ceclm_general.txt``.
    """
    manifests = sorted((models_folder() / SET).glob(MANIFESTS))
    return {path.stem.removeprefix("main_").removeprefix("clnf_"): path for path in manifests}


def model_path(model: str | PathLike[str] | None = None) -> Path:
    """Return the manifest of a model.

    Parameters
    ----------
    model : path, str or None
        A ``main_*.txt``, or the name of an installed model; None for installed model ``general``.
        A path always is a path: only a bare word of which there is no file is a name.

    Returns
    -------
    Path
        Not relative: what the manifest names is read later, when the current folder may be another.

    Raises
    ------
    ModelNotFoundError
        If there is no model of that name, saying how to get one.
    """
    if model is not None and not is_name(model):
        return file_path("manifest", model).absolute()
    name = DEFAULT_MODEL if model is None else str(model)
    installed = installed_models()
    if name in installed:
        return installed[name]
    there_are = f"there are {', '.join(installed)}" if installed else "there is none"
    raise ModelNotFoundError(
        f"no model {name!r} is installed in {models_folder()}: {there_are}. "
        f"{_HOW_TO_GET_THEM}or give the path of a main_*.txt."
    )


def face_detector_path() -> Path | None:
    """Return the text file of the installed face detector; None if there is none."""
    path = models_folder() / SET / FACE_DETECTOR
    return path if path.is_file() else None


def installed_face_detector() -> Path:
    """Return the text file of the installed face detector.

    Raises
    ------
    ModelNotFoundError
        If there is none, saying how to get one.
    """
    path = face_detector_path()
    if path is None:
        raise ModelNotFoundError(
            f"no face detector is installed in {models_folder()}. "
            f"{_HOW_TO_GET_THEM}or give the path of a MTCNN_detector.txt."
        )
    return path


def is_name(model: str | PathLike[str]) -> bool:
    """Tell whether a bare word is given."""
    return isinstance(model, str) and bool(_NAME.fullmatch(model)) and not Path(model).is_file()
