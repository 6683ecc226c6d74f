"""What PyInstaller needs to know to put pyclnf into an application; it finds this by itself."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pyclnf.selfcheck import embedded

__all__ = ["data_files", "get_hook_dirs"]

_STORE = PurePosixPath("pyclnf", "store")


def get_hook_dirs() -> list[str]:
    """Return the folder of hooks; PyInstaller asks the entry point ``hook-dirs``."""
    return [str(Path(__file__).parent)]


def data_files() -> list[tuple[str, str]]:
    """Return the files that pyclnf reads, each with its folder in the application.

    Neither sources of kernels nor type stubs. Where pyclnf is used as it lies in a clone, model and
    pictures are the clone's.
    """
    package = Path(__file__).resolve().parents[1]
    found = [(str(path), str(_STORE)) for path in sorted((package / "store").glob("*.json"))]
    fixtures = embedded.embedded_folder()
    for path in embedded.files_of(fixtures):
        folder = embedded.IN_PACKAGE / path.relative_to(fixtures).parent.as_posix()
        found.append((str(path), str(folder)))
    return found
