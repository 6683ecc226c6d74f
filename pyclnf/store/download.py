"""Official model files, fetched after their licence has been accepted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pyclnf.store.errors import StoreError
from pyclnf.store.folders import SET, models_folder
from pyclnf.store.inspection import ModelReport, inspect_model
from pyclnf.store.official import OfficialFile, OfficialFiles
from pyclnf.store.staging import publish, refuse_replacement
from pyclnf.store.transfer import PAUSE, fetch

__all__ = ["Agree", "Progress", "download_models"]

_LARGEST_LICENCE = 2**20

Agree = Callable[[str], bool]
"""Shows a licence's text and tells whether it is accepted."""

Progress = Callable[[str, int], None]
"""Told the name of the file that is being fetched, and the bytes of all files there are."""


def download_models(
    official: OfficialFiles,
    agree: Agree,
    *,
    replace: bool = False,
    progress: Progress = lambda name, done: None,
    pause: float = PAUSE,
) -> tuple[Path, tuple[ModelReport, ...]]:
    """Fetch all official files, verify each, read them, and put them in place together.

    An interrupted call leaves what it has verified in a hidden folder; the next one goes on there.

    Parameters
    ----------
    official : OfficialFiles
    agree : callable
        Asked with the licence's text, as its owner publishes it, before anything else is fetched.
    replace : bool
        Whether what is installed already may go.
    progress : callable, optional
    pause : float
        Seconds before a broken connection is tried again.

    Returns
    -------
    folder : Path
    models : tuple of ModelReport

    Raises
    ------
    StoreError
        If the licence is not accepted, a file cannot be had or is another one, or models are
        installed already.
    """
    target = models_folder() / SET
    refuse_replacement(target, replace=replace)
    folder = target.with_name(f".{SET}.download")
    licence = folder / Path(official.licence).name
    _fetch_licence(official, licence, pause)
    if not agree(licence.read_text("utf-8", "replace")):
        raise StoreError("the licence was not accepted; nothing was downloaded")
    done = 0
    for file in official.files:
        _fetch_file(official, file, folder, partial(_tell, progress, str(file.path), done), pause)
        done += file.size
        progress(str(file.path), done)
    _remove_others(folder, {licence, *(folder / file.path for file in official.files)})
    manifests = sorted(folder.glob("main_*.txt"))
    models = tuple(inspect_model(manifest, official) for manifest in manifests)
    _refuse_unusable(models, folder)
    publish(folder, target)
    return target, models


def _fetch_licence(official: OfficialFiles, target: Path, pause: float) -> None:
    """Fetch the licence anew: it is shown as it is published today."""
    target.unlink(missing_ok=True)
    target.with_name(f"{target.name}.part").unlink(missing_ok=True)
    url = official.licence_url
    fetch(url, target, limit=_LARGEST_LICENCE, verify=lambda text: bool(text.strip()), pause=pause)


def _fetch_file(
    official: OfficialFiles,
    file: OfficialFile,
    folder: Path,
    tell: Callable[[int], None],
    pause: float,
) -> None:
    """Fetch a file unless it is there."""
    target = folder / file.path
    if target.is_file() and file.is_content(target.read_bytes()):
        return
    limit = 2 * file.size + 2 if file.text else file.size  # line ends may take two bytes
    url = official.url_of(file)
    fetch(url, target, limit=limit, verify=file.is_content, tell=tell, pause=pause)


def _remove_others(folder: Path, wanted: set[Path]) -> None:
    """Remove what an earlier call with another list has left."""
    for path in folder.rglob("*"):
        if not path.is_dir() and path not in wanted:
            path.unlink()


def _tell(progress: Progress, name: str, before: int, received: int) -> None:
    """Tell how much of all files there is."""
    progress(name, before + received)


def _refuse_unusable(models: tuple[ModelReport, ...], folder: Path) -> None:
    """Raise unless what was fetched are models."""
    problems = [model.problem for model in models if model.problem]
    problems += [file.problem for model in models for file in model.files if file.problem]
    if problems or not models:
        found = "; ".join(problems) or "there is no main_*.txt among them"
        raise StoreError(f"the files listed make no model: {found}. They are kept in {folder}")
