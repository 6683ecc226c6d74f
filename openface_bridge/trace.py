"""Traces: one fit, stage by stage, as a flat mapping from names to arrays.

The names are the schema. A trace file is an ``.npz`` archive of them; optional entries may be
absent, and absent iterations were not executed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["SCHEMA_VERSION", "Step", "Trace", "TraceError", "read_trace", "write_trace"]

SCHEMA_VERSION = 1
_LARGEST_ENTRY = 1 << 28
"""Bytes; a scale's areas of interest are 0.2 MB."""

_START = ("bbox", "init.params_global")
_SCALE = (
    "window_size",
    "view",
    "reg_factor",
    "sigma",
    "weight_factor",
    "similarity_image_to_reference",
    "similarity_reference_to_image",
    "base_shape",
    "response_maps",
)
_ITERATION = (
    "params_global",
    "params_local",
    "shape",
    "offset_x",
    "offset_y",
    "mean_shift",
    "jacobian",
    "params_global_out",
    "params_local_out",
)
_FINAL = ("params_global", "params_local", "landmarks", "likelihood")

_SCALE_NAME = re.compile(r"scale(\d+)\.(.+)")
_ITERATION_NAME = re.compile(r"scale(\d+)\.(rigid|nonrigid)\.(\d+)\.(.+)")


class TraceError(ValueError):
    """A trace that cannot be used; says which file and entry, and what was expected."""


@dataclass(frozen=True, order=True)
class Step:
    """One iteration: ``scaleK.PHASE.I``. Ordered as executed: rigid before non-rigid."""

    scale: int
    nonrigid: bool
    index: int

    @property
    def phase(self) -> str:
        """``rigid`` or ``nonrigid``."""
        return "nonrigid" if self.nonrigid else "rigid"

    @property
    def prefix(self) -> str:
        """What the names of its entries start with."""
        return f"scale{self.scale}.{self.phase}.{self.index}"


class Trace:
    """A fit, checked to be complete.

    Parameters
    ----------
    entries : mapping of str to ndarray
    source : str
        Where it comes from, for error messages.

    Raises
    ------
    TraceError
        If entries are missing, or shapes do not fit each other.
    """

    def __init__(self, entries: Mapping[str, npt.NDArray[Any]], source: str = "trace") -> None:
        self.entries = dict(entries)
        self.source = source
        self._check()

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return an entry, or raise a TraceError naming it."""
        if name not in self.entries:
            raise TraceError(f"{self.source}: the entry {name!r} is missing")
        return self.entries[name]

    def __contains__(self, name: str) -> bool:
        """Tell whether there is an entry."""
        return name in self.entries

    @property
    def n_landmarks(self) -> int:
        """Number of landmarks."""
        return len(self["final.landmarks"])

    @cached_property
    def scales(self) -> list[int]:
        """The scales that were fitted, coarse to fine."""
        found = (_SCALE_NAME.fullmatch(name) for name in self.entries)
        return sorted({int(match[1]) for match in found if match})

    @cached_property
    def steps(self) -> list[Step]:
        """All iterations in the order of their execution."""
        found = (_ITERATION_NAME.fullmatch(name) for name in self.entries)
        return sorted({Step(int(m[1]), m[2] == "nonrigid", int(m[3])) for m in found if m})

    def phase(self, scale: int, *, nonrigid: bool) -> list[Step]:
        """Return the iterations of one phase, in order."""
        return [step for step in self.steps if (step.scale, step.nonrigid) == (scale, nonrigid)]

    def _check(self) -> None:
        """Raise a TraceError unless all that every trace has is there and fits together."""
        for name in (*_START, *(f"final.{name}" for name in _FINAL)):
            self[name]
        n, m = self.n_landmarks, self["final.params_local"].size
        self._expect("bbox", (4,))
        self._expect("final.landmarks", (n, 2))
        for scale in self.scales:
            self._check_scale(scale, n)
        for step in self.steps:
            self._check_step(step, n, m)

    def _check_scale(self, scale: int, n: int) -> None:
        """Check one scale's own entries."""
        for name in _SCALE:
            self[f"scale{scale}.{name}"]
        side = int(self[f"scale{scale}.window_size"])
        self._expect(f"scale{scale}.response_maps", (n, side, side))
        self._expect(f"scale{scale}.base_shape", (n, 2))
        for direction in ("image_to_reference", "reference_to_image"):
            self._expect(f"scale{scale}.similarity_{direction}", (2, 2))

    def _check_step(self, step: Step, n: int, m: int) -> None:
        """Check one iteration's entries."""
        for name in _ITERATION:
            self[f"{step.prefix}.{name}"]
        columns = 6 + m if step.nonrigid else 6
        shapes = {
            "params_global": (6,),
            "params_local": (m,),
            "shape": (n, 2),
            "offset_x": (n,),
            "offset_y": (n,),
            "mean_shift": (n, 2),
            "jacobian": (2 * n, columns),
        }
        for name, shape in shapes.items():
            self._expect(f"{step.prefix}.{name}", shape)

    def _expect(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise a TraceError unless an entry has a shape."""
        if self[name].shape != shape:
            raise TraceError(
                f"{self.source}: {name!r} has shape {self[name].shape}, expected {shape}"
            )


def read_trace(path: Path) -> Trace:
    """Read a trace file.

    Raises
    ------
    TraceError
        If it is missing, no ``.npz`` archive, truncated, or not a complete trace.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, path)
        with np.load(path, allow_pickle=False) as stored:
            entries = {name: stored[name] for name in stored.files}
    except TraceError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise TraceError(f"{path}: not a readable trace file: {error}") from error
    return Trace(entries, str(path))


def write_trace(path: Path, trace: Trace) -> None:
    """Write a trace file, compressed; an existing one is replaced only when all is written."""
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **trace.entries)
    partial.replace(path)


def _check_sizes(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse entries whose declared shape their bytes do not bear out, before reading them."""
    for info in archive.infolist():
        if info.file_size > _LARGEST_ENTRY:
            raise TraceError(f"{path}: {info.filename!r} claims {info.file_size} bytes")
        with archive.open(info) as member:
            version = np.lib.format.read_magic(member)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(member)
            header = member.tell()
        if int(np.prod(shape, dtype=object)) * dtype.itemsize != info.file_size - header:
            raise TraceError(f"{path}: {info.filename!r} is truncated or corrupt")
