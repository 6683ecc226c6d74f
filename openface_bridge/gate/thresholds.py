"""Thresholds: how far a fit's landmarks may be off. They are only ever tightened.

A file has a table for each fit and backend, and in it an entry for each region, landmark, or all::

    [numpy."frontal01.default"]
    mouth = { px = 0.00015, floors = 1.2 }

`px` bounds the region's worst landmark; `floors` bounds the same error in multiples of the region's
noise floor, which is its largest landmark's.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openface_bridge.gate.regions import ALL, REGIONS, landmarks_named
from openface_bridge.gate.results import FitKey, FitResult
from openface_bridge.gate.toml import (
    GateFileError,
    no_others,
    number,
    parse_toml,
    quoted,
    read_text,
    table,
)

__all__ = [
    "Limit",
    "Reach",
    "Thresholds",
    "format_thresholds",
    "loosened",
    "parse_thresholds",
    "reach",
    "read_thresholds",
]

VERSION = 1

_HEADER = """\
# How far landmarks may be off, fit by fit: px of a region's worst landmark, and the same in
# multiples of the region's noise floor. Only ever tightened, by
#     python -m openface_bridge thresholds PARITY.json --tighten
# which loosens nothing; a test compares this file with every version that was ever committed.
"""


@dataclass(frozen=True)
class Limit:
    """A region's thresholds.

    Attributes
    ----------
    px : float
    floors : float or None
        In multiples of the noise floor; None where that is 0 or unknown.
    """

    px: float
    floors: float | None = None

    def tightened(self, other: Limit) -> Limit:
        """Return the tighter ones of two limits' thresholds."""
        known = [each for each in (self.floors, other.floors) if each is not None]
        return Limit(min(self.px, other.px), min(known, default=None))


Thresholds = dict[FitKey, dict[str, Limit]]
"""Limits by region, for each fit."""


@dataclass(frozen=True)
class Reach:
    """How far a region is off.

    Attributes
    ----------
    landmarks : range
    px : float
    floor : float
        The region's own, px; 0 where unknown.
    """

    landmarks: range
    px: float
    floor: float

    @property
    def floors(self) -> float | None:
        """In multiples of the noise floor; None where that is 0 or unknown."""
        return self.px / self.floor if self.floor > 0 else None


def reach(fit: FitResult, region: str) -> Reach:
    """Return how far a fit's region is off; ValueError if its model has none of that name."""
    landmarks = landmarks_named(region, len(fit.errors))
    floor = max(fit.floors[i] for i in landmarks) if fit.floors is not None else 0.0
    return Reach(landmarks, max(fit.errors[i] for i in landmarks), floor)


def read_thresholds(path: Path) -> Thresholds:
    """Read a file of thresholds; :func:`parse_thresholds` says what may be wrong with it."""
    return parse_thresholds(read_text(path), str(path))


def parse_thresholds(text: str, source: str) -> Thresholds:
    """Parse a file of thresholds.

    Raises
    ------
    GateFileError
        If it is no TOML, of another version, or an entry is not what it must be.
    """
    data = parse_toml(text, source)
    version = data.pop("version", None)
    if version != VERSION:
        raise GateFileError(f"{source}: has version {version!r}, expected {VERSION}")
    found: Thresholds = {}
    for backend, fits in data.items():
        for name, regions in table(fits, f"{source}: {backend}").items():
            where = f"{source}: [{backend}.{quoted(name)}]"
            limits = table(regions, where)
            found[_key(backend, name, where)] = {
                region: _limit(limits[region], region, f"{where} {region}") for region in limits
            }
    return found


def _key(backend: str, name: str, where: str) -> FitKey:
    """Return which fit a table is of."""
    face, dot, setting = name.rpartition(".")
    if not (face and dot and setting):
        raise GateFileError(f"{where}: expected a fit as FACE.SETTING")
    return FitKey(backend, face, setting)


def _limit(values: Any, region: str, where: str) -> Limit:
    """Return an entry."""
    if region not in (ALL, *REGIONS) and not (region.isascii() and region.isdigit()):
        raise GateFileError(f"{where}: is neither a region ({', '.join(REGIONS)}), {ALL} nor 0, 1…")
    values = table(values, where)
    no_others(values, ("px", "floors"), where)
    floors = number(values, "floors", where) if "floors" in values else None
    return Limit(number(values, "px", where), floors)


def format_thresholds(thresholds: Thresholds) -> str:
    """Return a file's text: fits and regions in a fixed order."""
    blocks = [f"{_HEADER}\nversion = {VERSION}\n"]
    for key in sorted(thresholds):
        limits = thresholds[key]
        lines = [f"{region} = {_inline(limits[region])}" for region in sorted(limits, key=_place)]
        name = quoted(f"{key.face}.{key.setting}")
        blocks.append("\n".join((f"[{_bare(key.backend)}.{name}]", *lines)) + "\n")
    return "\n".join(blocks)


def _place(region: str) -> tuple[int, str]:
    """Return a sorting key: regions from top to bottom of their table."""
    order = (ALL, *REGIONS)
    return (order.index(region), "") if region in order else (len(order), region.rjust(4))


def _bare(name: str) -> str:
    """Return a key, quoted where it must be."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else quoted(name)


def _inline(limit: Limit) -> str:
    floors = "" if limit.floors is None else f", floors = {_decimal(limit.floors)}"
    return f"{{ px = {_decimal(limit.px)}{floors} }}"


def _decimal(value: float) -> str:
    """Return a number that reads back as itself, without an exponent where it is short."""
    plain = f"{value:.9f}".rstrip("0")
    return repr(value) if float(plain) != value else plain + ("0" if plain.endswith(".") else "")


def loosened(earlier: Thresholds, now: Thresholds, fits: Collection[tuple[str, str]]) -> list[str]:
    """Say which entries were tighter before, or are gone though their fit is not.

    Parameters
    ----------
    earlier, now : Thresholds
    fits : collection of (face, setting)
        That there still are.
    """
    found = []
    for key, limits in earlier.items():
        if (key.face, key.setting) in fits:
            found += _loosened(key, limits, now.get(key, {}))
    return found


def _loosened(key: FitKey, earlier: Mapping[str, Limit], now: Mapping[str, Limit]) -> list[str]:
    """Compare one fit's entries."""
    found = []
    for region, limit in earlier.items():
        if region not in now:
            found.append(f"{key}: {region} has no entry any more")
            continue
        for name in ("px", "floors"):
            before, after = getattr(limit, name), getattr(now[region], name)
            if before is not None and (math.inf if after is None else after) > before:
                found.append(f"{key}: {region}: {name} was {before}, is {after}")
    return found
