"""Known divergences: what is allowed to fail, for a reason, until a day, up to an error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openface_bridge.gate.regions import landmarks_named
from openface_bridge.gate.results import FitKey
from openface_bridge.gate.toml import (
    GateFileError,
    no_others,
    number,
    parse_toml,
    read_text,
    table,
)
from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.stages import STAGES

__all__ = ["Divergence", "parse_divergences", "read_divergences"]

_SCOPES = ("region", "landmarks", "stage")
_KEYS = ("backend", "face", "setting", *_SCOPES, "max_error", "reason", "expires")


@dataclass(frozen=True)
class Divergence:
    """An entry.

    Attributes
    ----------
    key : FitKey
    landmarks : frozenset of int, or None
        That may be beyond limit and thresholds.
    stage : str or None
        That may be a bug.
    max_error : float
        How far off: px, or for a stage in the unit of what it gives.
    reason : str
    expires : date
        The last day on which it counts.
    name : str
        The entry in a few words.
    """

    key: FitKey
    landmarks: frozenset[int] | None
    stage: str | None
    max_error: float
    reason: str
    expires: date
    name: str


def read_divergences(path: Path) -> tuple[Divergence, ...]:
    """Read a file of known divergences; :func:`parse_divergences` says what may be wrong."""
    return parse_divergences(read_text(path), str(path))


def parse_divergences(text: str, source: str) -> tuple[Divergence, ...]:
    """Parse a file of known divergences.

    Raises
    ------
    GateFileError
        If it is no TOML, or an entry is incomplete, has keys that nobody reads, or is there twice.
    """
    data = parse_toml(text, source)
    no_others(data, ("divergence",), source)
    entries = data.get("divergence", [])
    if not isinstance(entries, list):
        raise GateFileError(f"{source}: expected entries [[divergence]]")
    found = tuple(
        _entry(entry, f"{source}: divergence {place}") for place, entry in enumerate(entries, 1)
    )
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise GateFileError(f"{source}: there are several entries for {name}")
    return found


def _entry(entry: Any, where: str) -> Divergence:
    """Return an entry."""
    values = table(entry, where)
    no_others(values, _KEYS, where)
    given = [scope for scope in _SCOPES if scope in values]
    if len(given) != 1:
        raise GateFileError(f"{where}: expected one of {', '.join(_SCOPES)}, got {given or 'none'}")
    key = FitKey(*(_text(values, name, where) for name in ("backend", "face", "setting")))
    stage = _stage(values, where) if "stage" in values else None
    return Divergence(
        key=key,
        landmarks=None if stage else _landmarks(values, where),
        stage=stage,
        max_error=number(values, "max_error", where),
        reason=_text(values, "reason", where),
        expires=_day(values, where),
        name=f"{key}: {values[given[0]]}",
    )


def _text(values: dict[str, Any], key: str, where: str) -> str:
    """Return a text that is not empty."""
    value = values.get(key)
    if not isinstance(value, str) or not value.strip():
        raise GateFileError(f"{where}: {key!r} must be a text, got {value!r}")
    return value


def _day(values: dict[str, Any], where: str) -> date:
    """Return the last day."""
    value = values.get("expires")
    if not isinstance(value, date) or isinstance(value, datetime):
        raise GateFileError(f"{where}: 'expires' must be a date like 2030-12-31, got {value!r}")
    return value


def _stage(values: dict[str, Any], where: str) -> str:
    """Return a stage's name."""
    names = [*(stage.name for stage in STAGES), *(stage.name for stage in FACE_STAGES)]
    if values["stage"] not in names:
        raise GateFileError(
            f"{where}: no stage is called {values['stage']!r}; there are {', '.join(names)}"
        )
    return str(values["stage"])


def _landmarks(values: dict[str, Any], where: str) -> frozenset[int]:
    """Return landmarks given by a region's name or by their numbers."""
    if "region" in values:
        try:
            return frozenset(landmarks_named(_text(values, "region", where)))
        except ValueError as error:
            raise GateFileError(f"{where}: {error}") from error
    numbers = values["landmarks"]
    whole = isinstance(numbers, list) and numbers and all(type(each) is int for each in numbers)
    if not whole or min(numbers) < 0:
        raise GateFileError(f"{where}: 'landmarks' must be a list of numbers, got {numbers!r}")
    return frozenset(numbers)
