"""Whether model and picture are those that a recording was made with, where it tells."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from openface_bridge.pictures import read_picture
from openface_bridge.recording.provenance import sha256_of
from openface_bridge.trace import Trace, TraceError
from pyclnf.model import Manifest

__all__ = ["check_model_files", "check_picture", "check_same_files", "check_same_picture"]


def check_model_files(trace: Trace, manifest: Manifest) -> None:
    """Raise a TraceError if a trace was recorded with other shape model or experts.

    Names do not matter: only what landmarks depend on, by its checksum.
    """
    files = manifest.detector
    experts = files.cen or files.ccnf or files.intensity
    check_same_files(trace.provenance, trace.source, (files.pdm, *experts))


def check_same_files(
    provenance: Any,
    source: str,
    files: Sequence[Path],
    kind: str = "model",
    remedy: str = "Name its model with --model SETTING=MAIN.txt",
) -> None:
    """Raise a TraceError if files are not among those that a recording was made with.

    Parameters
    ----------
    provenance : object
        What the recording tells of itself.
    source : str
        Its name, for the message.
    files : sequence of Path
    kind, remedy : str
        What the files are, and what to do, for the message.
    """
    recorded = _part(_part(provenance, "model"), "sha256")
    if not recorded:
        return
    for path in files:
        if _checksum(path) not in recorded.values():
            raise TraceError(
                f"{source}: was recorded with another {kind}: {path} is no file of that one. "
                f"{remedy}"
            )


def check_picture(trace: Trace, picture: Path) -> None:
    """Raise a TraceError if a trace is of another picture.

    It is the same if the file is, as decoders differ in last bits, or else all pixels.
    """
    check_same_picture(trace.provenance, trace.source, picture)


def check_same_picture(provenance: Any, source: str, picture: Path) -> None:
    """Raise a TraceError if a recording is of another picture, see :func:`check_picture`."""
    recorded = _part(provenance, "image")
    if "sha256" not in recorded or _checksum(picture) == recorded["sha256"]:
        return
    pixels = hashlib.sha256(read_picture(picture).tobytes()).hexdigest()
    if pixels != recorded.get("pixels_sha256"):
        raise TraceError(f"{picture}: is not the picture that {source} was recorded with")


def _part(told: Any, name: str) -> Mapping[str, Any]:
    """Return an object in what a trace tells of itself; empty if there is none."""
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}


def _checksum(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    state = path.stat()
    return _checksum_of(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _checksum_of(path: Path, *_: int) -> str:
    """Compute it once for each state of a file: those of real models have a hundred megabytes."""
    return sha256_of(path)
