"""PyInstaller's hook: the files that pyclnf reads, and what it does without."""

from PyInstaller import isolated

# Of backends that are installed beside pyclnf, gigabytes that few applications want; those that do
# name them in hiddenimports.
excludedimports = ["cupy", "coremltools"]


def _data_files() -> list[tuple[str, str]]:
    """Ask pyclnf in a process of its own, as PyInstaller wants it."""
    from pyclnf._pyinstaller import data_files

    return data_files()


datas = isolated.call(_data_files)
