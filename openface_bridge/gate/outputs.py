"""Output files: checked before work starts, written all at once when it is done."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from pyclnf.reasons import reason_of

__all__ = ["OutputError", "Write", "check_folders", "check_outputs", "write_outputs"]

Write = Callable[[Path], None]
"""Writes a file where it is told to."""


class OutputError(ValueError):
    """An output that cannot be written; says which option and file, and why."""


def check_outputs(outputs: Mapping[str, Path | None]) -> None:
    """Make sure that files can be written where they shall be; nothing is changed.

    Parameters
    ----------
    outputs : mapping of str to Path or None
        By the options that named them; None where none was asked for.

    Raises
    ------
    OutputError
        If one is a folder, lies where nothing can be written, or two are the same file.
    """
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        _check(option, path)
        other = seen.setdefault(path.resolve(), option)
        if other != option and not _is_special(path):
            raise OutputError(f"{option}: {path} is also what {other} names; choose two files")


def check_folders(outputs: Mapping[str, Path | None]) -> None:
    """Make sure that files can be written in folders, which may have to be made; see above.

    Raises
    ------
    OutputError
        If one is no folder, or nothing can be written there.
    """
    for option, path in outputs.items():
        if path is None:
            continue
        if path.exists() and not path.is_dir():
            raise OutputError(f"{option}: {path} is no folder; name one, it may be new")
        _check_folder(option, path)


def _check(option: str, path: Path) -> None:
    """Raise an OutputError unless one file can be written."""
    if path.is_dir():
        raise OutputError(f"{option}: {path} is a folder; name a file in it")
    if not _is_special(path):
        _check_folder(option, path.resolve().parent)


def _check_folder(option: str, path: Path) -> None:
    """Raise an OutputError unless a folder, or the nearest above that there is, takes files."""
    folder = path.resolve()
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"{option}: nothing can be written in {folder}: {reason_of(error)}"
        ) from error


def _is_special(path: Path) -> bool:
    """Tell whether a path is a device or a pipe, which is written to and never replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write_outputs(outputs: Mapping[Path, Write]) -> None:
    """Write files beside where they belong, and put them there when all are complete."""
    with ExitStack() as stack:
        partial: dict[Path, Path] = {}
        for path, write in outputs.items():
            if _is_special(path):
                write(path)
                continue
            target = path.resolve()  # links are kept
            target.parent.mkdir(parents=True, exist_ok=True)
            partial[target] = target.with_name(f"{target.name}.part")
            stack.callback(partial[target].unlink, missing_ok=True)
            write(partial[target])
        for target, written in partial.items():
            written.replace(target)
