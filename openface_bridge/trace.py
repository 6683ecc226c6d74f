"""Traces: one fit, stage by stage, as a flat mapping from names to arrays.

The names are the schema. A trace file is an ``.npz`` archive of them; optional entries may be
absent, and absent iterations were not executed.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pyclnf.reasons import reason_of

__all__ = [
    "OPTIONAL",
    "PROVENANCE",
    "SCHEMA_VERSION",
    "Step",
    "Trace",
    "TraceError",
    "read_arrays",
    "read_trace",
    "write_trace",
]

SCHEMA_VERSION = 2
"""Since 2 a fit may start from a rotation, and Jacobians may be absent; readers take both."""

PROVENANCE = "provenance"
"""Entry with a JSON object, as one string: optional, and no part of the fit."""

_LARGEST_FILE = 1 << 28
"""Bytes, unpacked; a trace of the wild setting has 2 MB."""
_ZIP64_FROM = 1 << 30
"""Bytes; below, an entry's sizes fit into 32 bits, header included."""
_LARGEST_RATIO = 1032
"""As many bytes at most come out of one of a deflated archive."""

# Entries with their shapes: n landmarks, m modes, maps of side w, areas of side s, c columns.
_Shapes = Mapping[str, tuple[int | str, ...]]
_FIT: _Shapes = {
    "final.landmarks": ("n", 2),
    "final.params_local": ("m",),
    "final.params_global": (6,),
    "final.likelihood": (1,),
    "bbox": (4,),
    "init.params_global": (6,),
}
_FIT_OPTIONAL: _Shapes = {"rotation": (3,), "final.view": (), "final.success": ()}
"""Euler angles of the head pose that a fit starts from, absent where it starts upright; and what
a candidate returned of its last view and its success."""
_WHOLE_NUMBERS: _Shapes = {"window_size": (), "view": ()}
_SCALE: _Shapes = {
    "reg_factor": (),
    "sigma": (),
    "weight_factor": (),
    "similarity_image_to_reference": (2, 2),
    "similarity_reference_to_image": (2, 2),
    "base_shape": ("n", 2),
    "response_maps": ("n", "w", "w"),
}
_SCALE_OPTIONAL: _Shapes = {"areas_of_interest": ("n", "s", "s")}
_ITERATION: _Shapes = {
    "params_global": (6,),
    "params_local": ("m",),
    "shape": ("n", 2),
    "offset_x": ("n",),
    "offset_y": ("n",),
    "mean_shift": ("n", 2),
    "params_global_out": (6,),
    "params_local_out": ("m",),
}
_ITERATION_OPTIONAL: _Shapes = {
    "jacobian": ("2n", "c"),
    "hessian": ("c", "c"),
    "right_hand_side": ("c",),
    "change": ("c",),
}

OPTIONAL = frozenset({*_FIT_OPTIONAL, *_SCALE_OPTIONAL, *_ITERATION_OPTIONAL, PROVENANCE})
"""Entries that a trace may lack anywhere, without their prefix."""

_SCALE_NAME = re.compile(r"scale(\d{1,4})\.(.+)")
_ITERATION_NAME = re.compile(r"scale(\d{1,4})\.(rigid|nonrigid)\.(\d{1,4})\.(.+)")


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

    @cached_property
    def provenance(self) -> dict[str, Any] | None:
        """Where a recording comes from: what was fitted with what. None if it does not say.

        Raises
        ------
        TraceError
            If the entry is not one string of JSON.
        """
        if PROVENANCE not in self.entries:
            return None
        entry = self.entries[PROVENANCE]
        try:
            told = json.loads(str(entry[()])) if entry.dtype.kind == "U" else None
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise TraceError(f"{self.source}: {PROVENANCE!r} is not a JSON object in a string")
        return told

    def phase(self, scale: int, *, nonrigid: bool) -> list[Step]:
        """Return the iterations of one phase, in order."""
        return [step for step in self.steps if (step.scale, step.nonrigid) == (scale, nonrigid)]

    def _check(self) -> None:
        """Raise a TraceError unless all that every trace has is there and fits together."""
        sizes: dict[str, int] = {}
        self._expect("", _FIT, sizes)
        self._expect("", _FIT_OPTIONAL, sizes, optional=True)
        if not self.scales:
            raise TraceError(f"{self.source}: holds no scale")
        for scale in self.scales:
            self._check_scale(scale, sizes)
        for step in self.steps:
            of_step = {**sizes, "2n": 2 * sizes["n"], "c": 6 + step.nonrigid * sizes["m"]}
            self._expect(f"{step.prefix}.", _ITERATION, of_step)
            self._expect(f"{step.prefix}.", _ITERATION_OPTIONAL, of_step, optional=True)

    def _check_scale(self, scale: int, sizes: Mapping[str, int]) -> None:
        """Check one scale's own entries, and that its iterations follow each other."""
        prefix = f"scale{scale}."
        self._expect(prefix, _WHOLE_NUMBERS, {}, kinds="iu")
        of_scale = {**sizes, "w": int(self[f"{prefix}window_size"])}
        self._expect(prefix, _SCALE, of_scale)
        self._expect(prefix, _SCALE_OPTIONAL, of_scale, optional=True)
        for nonrigid in (False, True):
            indices = {step.index for step in self.phase(scale, nonrigid=nonrigid)}
            # Every scale begins with a rigid iteration; all else may have gone unexecuted.
            for index in range(max(indices, default=-1 if nonrigid else 0) + 1):
                if index not in indices:
                    missing = Step(scale, nonrigid, index).prefix
                    raise TraceError(f"{self.source}: the iteration {missing!r} is missing")

    def _expect(
        self,
        prefix: str,
        shapes: _Shapes,
        sizes: dict[str, int],
        *,
        optional: bool = False,
        kinds: str = "fiu",
    ) -> None:
        """Raise a TraceError unless entries hold numbers and have the shapes of a table.

        A letter's size is that of its first occurrence, unless `sizes` knows it already.
        """
        for name, shape in shapes.items():
            full = f"{prefix}{name}"
            if optional and full not in self:
                continue
            entry = self[full]
            if entry.dtype.kind not in kinds:
                raise TraceError(f"{self.source}: {full!r} holds {entry.dtype}, not numbers")
            for letter, size in zip(shape, entry.shape, strict=False):
                if isinstance(letter, str):
                    sizes.setdefault(letter, size)
            expected = tuple(sizes.get(str(letter), letter) for letter in shape)
            if entry.shape != expected:
                raise TraceError(
                    f"{self.source}: {full!r} has shape {entry.shape}, expected {expected}"
                )


def read_trace(path: Path) -> Trace:
    """Read a trace file.

    Raises
    ------
    TraceError
        If it is missing, no ``.npz`` archive, truncated, or not a complete trace.
    """
    return Trace(read_arrays(path), str(path))


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of an ``.npz`` archive; it needs no trust.

    Raises
    ------
    TraceError
        If it is missing, no such archive, damaged, or claims to hold more than it can.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, path)
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except TraceError:
        raise
    except Exception as error:
        # Damaged archives make zipfile, its decompressors and NumPy raise almost anything.
        raise TraceError(f"{path}: not a readable .npz archive: {reason_of(error)}") from error


def write_trace(path: Path, trace: Trace) -> None:
    """Write a trace file, see :func:`write_arrays`."""
    write_arrays(path, trace.entries)


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write an ``.npz`` archive; an existing one is replaced only when all is written."""
    if path.exists() and not path.is_file():  # a device, say, which nothing may replace
        _write_archive(path, arrays)
        return
    partial = path.with_name(path.name + ".part")
    try:
        _write_archive(partial, arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_archive(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write an archive in place."""
    # Not by NumPy's savez_compressed: before 2.2 it cannot be kept from pickling.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            large = array.nbytes >= _ZIP64_FROM
            with archive.open(f"{name}.npy", "w", force_zip64=large) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _check_sizes(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse entries whose declared shape their bytes do not bear out, before reading them."""
    claimed = sum(info.file_size for info in archive.infolist())
    if claimed > min(_LARGEST_FILE, _LARGEST_RATIO * path.stat().st_size):
        raise TraceError(f"{path}: claims to hold {claimed} bytes")
    for info in archive.infolist():
        with archive.open(info) as member:
            version = np.lib.format.read_magic(member)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(member)
            header = member.tell()
        if math.prod(shape) * dtype.itemsize != info.file_size - header:
            raise TraceError(f"{path}: {info.filename!r} is truncated or corrupt")
