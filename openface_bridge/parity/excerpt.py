"""Parts of traces, and which entries of a trace a stage reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openface_bridge.parity.stages.stage import Array
from openface_bridge.trace import Trace

__all__ = ["Excerpt", "Noting"]


class Noting(dict[str, Array]):
    """Entries that note which of them were read."""

    def __init__(self, entries: Mapping[str, Array]) -> None:
        super().__init__(entries)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Array:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return an entry if there is one, and note that it was read."""
        self.read.update({name} & self.keys())
        return super().get(name, default)


class Excerpt(Trace):
    """A part of a trace, which need not be complete."""

    def _check(self) -> None:
        """Take what there is: an excerpt need not be complete."""
