"""All that is known of faces, as JSON; ``docs/json.md`` is the schema."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame
from pyclnf.typing import AnyArray

__all__ = ["SCHEMA", "SCHEMA_VERSION", "JsonFile", "face_document"]

SCHEMA = "pyclnf.faces"
SCHEMA_VERSION = 1
_TAIL = b"\n]}\n"


class JsonFile:
    """A JSON file that is a valid document of whole frames at any moment.

    Parameters
    ----------
    path : Path
        Written anew.
    about : mapping
        What holds for all frames, such as the source's name and the settings.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        head = {"schema": SCHEMA, "version": SCHEMA_VERSION, **about, "frames": []}
        text = _encoded(head)
        self._file = path.open("wb")
        self._separator = b"\n"
        self._end = 0
        self._put(text.removesuffix(b"]}"))

    def write(self, frame: Frame, faces: Iterable[FaceResult]) -> None:
        """Append a frame."""
        document = {
            "frame": frame.number,
            "timestamp": _number(frame.timestamp),
            "faces": [face_document(face) for face in faces],
        }
        self._put(self._separator + _encoded(document))
        self._separator = b",\n"

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _put(self, text: bytes) -> None:
        """Write over the document's end, and end it again."""
        self._file.seek(self._end, os.SEEK_SET)
        self._file.write(text + _TAIL)
        self._file.flush()
        self._end += len(text)


def face_document(face: FaceResult) -> dict[str, Any]:
    """Return a face as JSON's types; every float32 exactly, what is not finite as null."""
    return {
        "face_id": face.face_id,
        "box": _numbers(face.box),
        "success": face.success,
        "failure": face.failure,
        "confidence": None if face.confidence is None else _number(face.confidence),
        "likelihood": _number(face.likelihood),
        "view": face.view,
        "landmarks": _numbers(face.landmarks),
        "params_global": _numbers(face.params_global),
        "params_local": _numbers(face.params_local),
        "landmarks_3d": None if face.landmarks_3d is None else _numbers(face.landmarks_3d),
        "pose": None if face.pose is None else _numbers(face.pose),
        "parts": {name: _numbers(landmarks) for name, landmarks in face.parts.items()},
    }


def _encoded(document: dict[str, Any]) -> bytes:
    """Return JSON as UTF-8; what Python made of bytes in file names that are none, as escapes."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def _numbers(array: AnyArray) -> list[Any]:
    """Return an array as nested lists."""
    if array.ndim > 1:
        return [_numbers(row) for row in array]
    return [_number(value) for value in array]


def _number(value: float) -> float | None:
    """Return a number; None for what JSON has none for."""
    return float(value) if math.isfinite(value) else None
