"""Which files are official: a list of paths, sizes and checksums, in JSON.

A list of one's own, in the same form, may stand in for ``openface.json``::

    {"schema": 1, "base_url": "https://…/", "folder": "path/of/model/", "licence": "LICENCE.txt",
     "files": [{"path": "main_clnf_general.txt", "size": 689, "sha256": "…", "text": true}, …]}

``folder`` and ``licence`` are relative to ``base_url``, as they stand in addresses; each ``path``
is relative to ``folder``, as it is called on disk. The checksum of a ``text`` file is that of its
content with line feeds, so that a copy with other line endings is known as well.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from pyclnf.store.errors import StoreError

__all__ = ["OfficialFile", "OfficialFiles", "official_files"]

_SCHEMA = 1
_SHA256 = re.compile("[0-9a-f]{64}")
_LARGEST = 2**30


@dataclass(frozen=True)
class OfficialFile:
    """One file as it ought to be.

    Attributes
    ----------
    path : PurePosixPath
        Relative to the folder of the model.
    size : int
        Bytes, of a text file with line feeds.
    sha256 : str
    text : bool
    """

    path: PurePosixPath
    size: int
    sha256: str
    text: bool

    def is_content(self, content: bytes) -> bool:
        """Tell whether these are the bytes of this file."""
        return self.sha256 in _checksums(content, line_feeds=self.text)


@dataclass(frozen=True)
class OfficialFiles:
    """The files of a model folder, and where they can be fetched.

    Attributes
    ----------
    base_url, folder, licence : str
    files : tuple of OfficialFile
    """

    base_url: str
    folder: str
    licence: str
    files: tuple[OfficialFile, ...]

    @cached_property
    def _by_checksum(self) -> dict[str, OfficialFile]:
        return {file.sha256: file for file in self.files}

    def find(self, content: bytes) -> OfficialFile | None:
        """Return the file whose content this is, None if it is of no known one."""
        for checksum in _checksums(content, line_feeds=True):
            file = self._by_checksum.get(checksum)
            if file is not None and file.is_content(content):
                return file
        return None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def at(self, base_url: str) -> OfficialFiles:
        """Return the same files at another address."""
        return replace(self, base_url=base_url if base_url.endswith("/") else f"{base_url}/")

    def url_of(self, file: OfficialFile) -> str:
        """Return where a file can be fetched."""
        return f"{self.base_url}{self.folder}{quote(str(file.path))}"

    @property
    def licence_url(self) -> str:
        """Where the licence can be read."""
        return f"{self.base_url}{self.licence}"


def official_files(path: Path | None = None) -> OfficialFiles:
    """Read a list of official files.

    Parameters
    ----------
    path : Path, optional
        Instead of the list of OpenFace's files that comes with the package.

    Raises
    ------
    StoreError
        If it cannot be read, or names a file outside the folder of the model.
    """
    source = resources.files("pyclnf.store") / "openface.json" if path is None else path
    try:
        stored = json.loads(source.read_text("utf-8"))
        return _parsed(stored)
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise StoreError(f"{source}: cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{source}: is no list of official files: {error!r}") from error


def _parsed(stored: Any) -> OfficialFiles:
    """Return what a JSON document lists."""
    if stored["schema"] != _SCHEMA:
        raise ValueError(f"schema {stored['schema']!r}, this version reads {_SCHEMA}")
    if PurePosixPath(_string(stored["licence"])).name in ("", ".."):
        raise ValueError(f"licence {stored['licence']!r} is no file")
    base_url, folder, licence = (_string(stored[key]) for key in ("base_url", "folder", "licence"))
    files = tuple(_file(entry) for entry in stored["files"])
    return OfficialFiles(base_url, folder, licence, files).at(base_url)


def _file(entry: Any) -> OfficialFile:
    """Return one entry, which must lie inside the folder."""
    path, size, sha256 = PurePosixPath(_string(entry["path"])), entry["size"], entry["sha256"]
    if path.is_absolute() or ".." in path.parts or "\\" in str(path) or ":" in str(path):
        raise ValueError(f"path {str(path)!r} leads out of the folder")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _LARGEST:
        raise ValueError(f"size {size!r} of {path}")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ValueError(f"sha256 {sha256!r} of {path}")
    return OfficialFile(path, size, sha256, entry["text"] is True)


def _string(value: Any) -> str:
    """Return a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected text, got {value!r}")
    return value


def _checksums(content: bytes, *, line_feeds: bool) -> set[str]:
    """Return the SHA-256 of some bytes, and of the same with line feeds where asked for."""
    forms = {content, content.replace(b"\r\n", b"\n")} if line_feeds else {content}
    return {hashlib.sha256(form).hexdigest() for form in forms}
