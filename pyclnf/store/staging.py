"""A folder that appears complete or not at all."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyclnf.store.errors import StoreError

__all__ = ["publish", "refuse_replacement", "staged"]


def refuse_replacement(target: Path, *, replace: bool) -> None:
    """Raise unless a folder may be written: it is not there, or may be replaced.

    Raises
    ------
    StoreError
    """
    if target.exists() and not replace:
        raise StoreError(f"{target}: models are installed there already; --replace replaces them")


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Give a new folder beside a target; it is removed again unless it has been published."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, target: Path) -> None:
    """Move a complete folder to where it belongs; what was there goes when it is in place."""
    if not target.exists():
        folder.replace(target)
        return
    with staged(target) as aside:
        target.replace(aside / target.name)
        try:
            folder.replace(target)
        except OSError:
            (aside / target.name).replace(target)
            raise
