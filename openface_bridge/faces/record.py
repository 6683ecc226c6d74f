"""Records: what the reference made of one face or one sequence, as a flat mapping of arrays.

The names are the schema; every group may be absent, and what is absent is not compared. n
landmarks, m modes, p landmarks and q modes of a part.

========================  =====================================================================
``bbox``                  (4,) px
``hypotheses.…``          ``rotations`` (h, 3), ``starts`` (h, 6), ``likelihoods`` (h,),
                          ``chosen``; ``floors`` (h,): what the likelihoods scatter by
``face.…``                the fit that was chosen: ``landmarks``, ``params_global``,
                          ``params_local``
``parts.NAME.…``          ``start_global``, ``start_local``; ``fitted``; ``landmarks`` (p, 2),
                          ``params_global``, ``params_local`` (q,); ``start_scatter``,
                          ``scatter``
``whole.…``               that fit with its parts: ``landmarks``, ``params_global``,
                          ``params_local``, ``scatter``
``certainty.…``           ``view``; ``warp`` (h, w); ``input`` (h, w) and ``outputN`` of the
                          network's layers; ``value``; ``free``: of reruns from moved boxes
``detector.NETWORK.…``    ``boxes`` (k, 4), ``scores`` (k,), ``corrections`` (k, 4) of ``proposal``,
                          ``refinement`` and ``output``
``detector.…``            ``boxes`` (k, 4), ``confidences`` (k,)
``moves``, ``size``       of a sequence, see :mod:`openface_bridge.faces.frames`; ``lights`` (k,)
                          if they change
``frameK.…``              ``landmarks``, ``params_global``, ``params_local``, ``success``,
                          ``certainty``; ``moved`` (6,): where the template was found; ``floor``
``landmarks`` …           of the whole search: ``success``, ``certainty``, ``floor``
``….floor``               (n,) px: how far one ulp in the inputs moves each landmark
``….scatter``             how far it moves the parameters, global, then local
========================  =====================================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import PROVENANCE, TraceError, read_arrays

__all__ = ["NETWORKS", "RECORD_VERSION", "FaceRecord", "read_record"]

Array = npt.NDArray[Any]

RECORD_VERSION = 1
NETWORKS = ("proposal", "refinement", "output")
"""Of a face detector."""

_PART = re.compile(r"parts\.(.+)\.landmarks")
_FRAME = re.compile(r"frame(\d{1,5})\.landmarks")
_LAYER = re.compile(r"certainty\.output(\d{1,3})")


@dataclass(frozen=True, eq=False)
class FaceRecord:
    """What the reference made of a face or a sequence.

    Parameters
    ----------
    entries : mapping of str to ndarray
    source : str
        Where it comes from, for messages.

    Raises
    ------
    TraceError
        If an array has another shape than its name says, or is not finite.
    """

    entries: Mapping[str, Array]
    source: str

    def __post_init__(self) -> None:
        for name, array in self.entries.items():
            if name != PROVENANCE and not np.isfinite(array).all():
                raise TraceError(f"{self.source}: {name!r} is not finite")
        for name, shape in _SHAPES.items():
            if name in self.entries and not _fits(self.entries[name].shape, shape):
                found = self.entries[name].shape
                raise TraceError(f"{self.source}: {name!r} has shape {found}, expected {shape}")
        for network in (*(f"detector.{each}" for each in NETWORKS), "detector"):
            _check_as_many(self, f"{network}.boxes", f"{network}.scores", f"{network}.confidences")

    def __getitem__(self, name: str) -> Array:
        """Return an entry; a TraceError names it if there is none."""
        if name not in self.entries:
            raise TraceError(f"{self.source}: lacks {name!r}")
        return self.entries[name]

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def get(self, name: str) -> Array | None:
        """Return an entry; None if there is none."""
        return self.entries.get(name)

    def px(self, name: str) -> float:
        """Return the noise floor of the worst landmark; 0 where it is unknown."""
        return float(self.entries[name].max(initial=0.0)) if name in self.entries else 0.0

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts that were recorded, in the model's order."""
        return tuple(found[1] for found in map(_PART.fullmatch, self.entries) if found)

    @cached_property
    def frames(self) -> int:
        """How many frames a sequence has; 0 for a picture."""
        found = (match for match in map(_FRAME.fullmatch, self.entries) if match)
        return 1 + max((int(match[1]) for match in found), default=-1)

    @cached_property
    def layers(self) -> int:
        """How many layers of the validator's network were asked."""
        return sum(_LAYER.fullmatch(name) is not None for name in self.entries)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """What a record tells of itself; empty if nothing."""
        if PROVENANCE not in self.entries:
            return {}
        try:
            told = json.loads(str(self.entries[PROVENANCE]))
        except ValueError as error:
            raise TraceError(f"{self.source}: {PROVENANCE!r} is no JSON: {error}") from error
        return told if isinstance(told, dict) else {}


def read_record(path: Path) -> FaceRecord:
    """Read a record; a TraceError says what is wrong with it."""
    record = FaceRecord(read_arrays(path), path.name)
    version = record.provenance.get("record_version", RECORD_VERSION)
    if version != RECORD_VERSION:
        raise TraceError(f"{path}: is of version {version!r}, this reads {RECORD_VERSION}")
    return record


_SHAPES: Mapping[str, tuple[int | None, ...]] = {
    "bbox": (4,),
    "hypotheses.rotations": (None, 3),
    "hypotheses.starts": (None, 6),
    "hypotheses.likelihoods": (None,),
    "hypotheses.chosen": (),
    "whole.landmarks": (None, 2),
    "whole.params_global": (6,),
    "face.landmarks": (None, 2),
    "face.params_global": (6,),
    "certainty.value": (),
    "detector.boxes": (None, 4),
    "moves": (None, 2),
    "size": (2,),
    "lights": (None,),
}


def _fits(found: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Tell whether a shape is as wanted; None stands for any length."""
    return len(found) == len(wanted) and all(
        b is None or a == b for a, b in zip(found, wanted, strict=True)
    )


def _check_as_many(record: FaceRecord, *names: str) -> None:
    """Raise a TraceError unless the entries that there are have as many rows."""
    lengths = {name: len(record[name]) for name in names if name in record}
    if len(set(lengths.values())) > 1:
        raise TraceError(f"{record.source}: {', '.join(lengths)} are not equally many")
